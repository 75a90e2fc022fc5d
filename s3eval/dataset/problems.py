"""What is wrong with a dataset, a release or a table, and how many such things are told."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from s3eval.errors import S3EvalError

__all__ = ["Problem", "grouped", "listed", "refuse"]

#: Characters of a message; a cell can hold a million.
MESSAGE_LENGTH = 400


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a dataset: where it is, what it is, what to do.

    ``row`` is the line of the file (the header is row 1), 0 for the whole file.
    An "error" of a table's form or of a value keeps a dataset from opening; one of the paper's
    rules, of folds or of files, and a "warning" do not.
    """

    level: Literal["error", "warning"]
    file: str
    row: int
    what: str
    fix: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.row}" if self.row else self.file
        return f"{where}: {_cut(self.what)}" + (f" ({_cut(self.fix)})" if self.fix else "")


def _cut(text: str) -> str:
    if len(text) <= MESSAGE_LENGTH:
        return text
    left = (MESSAGE_LENGTH - 7) // 2
    return f"{text[:left]} [...] {text[-left:]}"


def grouped(problems: Iterable[Problem]) -> Iterator[list[Problem]]:
    """Problems of one kind together: same level and file, messages that differ by names, numbers.

    Kinds come in the order of their first problem.

    >>> rows = [Problem("error", "a.csv", n, f"'v{n}' is no video") for n in (2, 5)]
    >>> [len(kind) for kind in grouped([*rows, Problem("error", "a.csv", 3, "no reader")])]
    [2, 1]
    """
    groups: dict[tuple[str, str, str], list[Problem]] = {}
    for problem in problems:
        # Short pieces only: a pattern must not search through a cell of a million characters.
        pattern = re.sub(r"'[^']*'|\d+(?:[.:]\d+)*", "#", _cut(problem.what))
        groups.setdefault((problem.level, problem.file, pattern), []).append(problem)
    yield from groups.values()


def listed(problems: Iterable[Problem], shown: int = 5, levels: bool = True) -> Iterator[str]:
    """Problems as lines: the first of every kind, and how many more there are in which rows.

    Args:
        shown: problems of one kind that get a line of their own; a last one is not held back.
        levels: begin lines with "error" and "warning".

    >>> rows = [Problem("error", "a.csv", n, "no reader") for n in (2, 5, 7)]
    >>> [*listed(rows, shown=1, levels=False)]
    ['a.csv:2: no reader', '... and 2 more like these, rows 5 to 7']
    """
    for kind in grouped(problems):
        level = f"{kind[0].level:7}  " if levels else ""
        kept = kind if len(kind) <= shown + 1 else kind[:shown]
        for problem in kept:
            yield f"{level}{problem}"
        rest = kind[len(kept) :]
        if rest:
            rows = [p.row for p in rest if p.row]
            where = f", rows {min(rows)} to {max(rows)}" if rows else ""
            yield f"{level}... and {len(rest)} more like these{where}"


def refuse(what: str, problems: Iterable[Problem], fix: str = "", shown: int = 5) -> None:
    """Refuse a table for its errors, all told at once: the first of every kind, and its rows.

    Raises:
        S3EvalError: there is at least one error; warnings alone refuse nothing.

    >>> rows = [Problem("error", "a.csv", n, "no answer") for n in (2, 5, 7)]
    >>> refuse("Cannot be read", [*rows, Problem("error", "a.csv", 8, "no item")])
    Traceback (most recent call last):
    ...
    s3eval.errors.S3EvalError: Cannot be read (a.csv:2): no answer (rows 5, 7 too); row 8: no item.
    """
    kinds = [*grouped(p for p in problems if p.level == "error")]
    if not kinds:
        return
    messages = [_message(kind, shown) for kind in kinds[:shown]]
    if len(kinds) > shown:
        messages.append(f"and {len(kinds) - shown} more kinds of errors")
    first = kinds[0][0]
    where = f"{first.file}:{first.row}" if first.row else first.file
    why = "; ".join(messages).removeprefix(f"row {first.row}: ")
    raise S3EvalError(what, where=where, why=why, fix=fix)


def _message(kind: list[Problem], shown: int) -> str:
    """A kind of problems in words: the first one, and the rows of the others."""
    first, others = kind[0], [str(p.row) for p in kind[1:] if p.row]
    text = f"row {first.row}: " if first.row else ""
    text += _cut(first.what) + (f", {_cut(first.fix)}" if first.fix else "")
    if not others:
        return text
    more = f" and {len(others) - shown} more" if len(others) > shown else ""
    return f"{text} (row{'s' * (len(others) > 1)} {', '.join(others[:shown])}{more} too)"
