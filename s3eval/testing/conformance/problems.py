"""Problems that a check finds, and how checks are run: each once, in order, none hiding another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

__all__ = ["Check", "Problem", "as_lines", "run_checks"]

S = TypeVar("S")


@dataclass(frozen=True)
class Problem:
    """What is wrong with a plugin.

    Attributes:
        check: the name of the check, e.g. "determinism".
        what: what was found.
        fix: what the author should change.

    >>> print(Problem("spec", "'mine' has no summary", "give it one line"))
    spec: 'mine' has no summary. Change: give it one line.
    """

    check: str
    what: str
    fix: str = ""

    def __str__(self) -> str:
        change = f" Change: {self.fix}." if self.fix else ""
        return f"{self.check}: {self.what}.{change}"


@dataclass(frozen=True)
class Check(Generic[S]):
    """One thing that is checked.

    Attributes:
        name: as in `Problem.check`.
        find: gives (what is wrong, what to change) for everything that is wrong.
        after: checks that must have passed; where one failed, this one would only repeat it.
    """

    name: str
    find: Callable[[S], Iterable[tuple[str, str]]]
    after: tuple[str, ...] = ()


def run_checks(checks: Sequence[Check[S]], subject: S) -> list[Problem]:
    """Every problem of a subject, in the order of the checks.

    A check during which the plugin raises has failed: a contract's calls raise only what the
    contract says.
    """
    problems: list[Problem] = []
    failed: set[str] = set()
    for check in checks:
        if failed.intersection(check.after):
            failed.add(check.name)
            continue
        try:
            of_check = [Problem(check.name, *pair) for pair in check.find(subject)]
        except (KeyboardInterrupt, MemoryError):
            raise
        except BaseException as error:  # a plugin may raise anything, SystemExit included
            what = f"it raised {type(error).__name__}: {error}"
            of_check = [Problem(check.name, what, "let no exception leave this call")]
        if of_check:
            failed.add(check.name)
        problems += of_check
    return problems


def as_lines(problems: Iterable[Problem]) -> str:
    """Problems as lines of text, for the message of a failing test."""
    return "\n".join(f"- {problem}" for problem in problems)
