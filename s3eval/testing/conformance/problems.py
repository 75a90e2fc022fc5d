"""Problems that a check finds, and how checks are run: each once, in order, none hiding another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from s3eval.errors import S3EvalError, place_of
from s3eval.plugin_calls import described
from s3eval.specs import Spec

__all__ = ["Check", "Problem", "as_lines", "package_of", "run_checks", "shown_error"]

S = TypeVar("S")
#: How many problems of one check with one way out are told; the others are counted.
_MOST_ALIKE = 3


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
        change = f" Change: {self.fix.rstrip('.')}." if self.fix else ""
        return f"{self.check}: {self.what.rstrip('.')}.{change}"


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
    """Every problem of a subject, in the order of the checks; what is found again stands once.

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
            of_check = [Problem(check.name, *_raised(error, subject))]
        if of_check:
            failed.add(check.name)
        problems += of_check
    return _each_kind(problems)


def _each_kind(problems: Iterable[Problem]) -> list[Problem]:
    """Each problem once; of many that are mended alike the first, and how many more there are."""
    kinds: dict[tuple[str, str], list[Problem]] = {}
    for problem in dict.fromkeys(problems):
        kinds.setdefault((problem.check, problem.fix), []).append(problem)
    shown: list[Problem] = []
    for alike in kinds.values():
        told, further = alike[:_MOST_ALIKE], len(alike) - _MOST_ALIKE
        if further > 0:
            last = told[-1]
            told[-1] = replace(last, what=f"{last.what.rstrip('.')} (and {further} more like it)")
        shown += told
    return shown


def shown_error(error: BaseException, package: str) -> str:
    """An exception with the place where the plugin raised it: "KeyError: 'a' (model.py:12)"."""
    place = place_of(error, package)
    return f"{described(error)} ({place})" if place else described(error)


def package_of(spec: Spec) -> str:
    """The module that a spec's adapter stands in."""
    return spec.adapter.partition(":")[0]


def _raised(error: BaseException, subject: object) -> tuple[str, str]:
    """What is wrong and what to change where a check ended with an exception."""
    spec = getattr(subject, "spec", None)
    package = package_of(spec) if isinstance(spec, Spec) else ""
    if isinstance(error, S3EvalError):
        text = str(S3EvalError(error.what, where=error.where, why=error.why)).rstrip(".")
        place = place_of(error, package)
        what = f"it was refused: {text}" + (f" ({place})" if place else "")
        return what, error.fix or "let no exception leave this call"
    return f"it raised {shown_error(error, package)}", "let no exception leave this call"


def as_lines(problems: Iterable[Problem]) -> str:
    """Problems as lines of text, for the message of a failing test."""
    return "\n".join(f"- {problem}" for problem in problems)
