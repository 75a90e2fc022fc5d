"""Reading and writing the CSV tables of a dataset folder, with every problem named by row."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from s3eval.dataset.csv_file import CsvFile, read_csv_file
from s3eval.dataset.problems import Problem
from s3eval.errors import nearest

__all__ = [
    "Problem",
    "Row",
    "Table",
    "number",
    "read_table",
    "table_text",
    "time_fix",
]


@dataclass(frozen=True)
class Row:
    """One row of a table: its line number and its values by column, trimmed."""

    number: int
    values: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.values.get(column, "")


class Table:
    """The rows of one file, read while they are asked for.

    Attributes:
        file: its name.
        columns: those of its header; none when it cannot be read.
        problems: what is wrong with the file and, once the rows were read, with any of them.
        when_refused: called with what can be told of a row that cannot be used.
    """

    def __init__(
        self, read: CsvFile, required: Sequence[str], optional: Sequence[str] = ()
    ) -> None:
        self.file = read.shown
        self.problems: list[Problem] = [*read.problems]
        if read.columns:
            self.problems += _check_header(self.file, read.columns, required, optional)
        unusable = any(p.level == "error" for p in self.problems)
        self.columns = () if unusable else read.columns
        self._read = read
        self._known = len(read.problems)
        self.when_refused: Callable[[Row], None] = lambda row: None

    def __iter__(self) -> Iterator[Row]:
        """The rows that can be used; the others become problems."""
        if not self.columns:
            return
        for record in self._read:
            faults = [(record.fault, record.fix)] if record.fault else []
            for column, what in record.broken:
                faults.append((f"{what}, in column '{column}'", "save the file as UTF-8"))
            for what, fix in faults:
                self.problems.append(Problem("error", self.file, record.number, what, fix))
            if not faults:
                yield Row(record.number, record.cells)
                continue
            broken = {column for column, _ in record.broken}
            cells = {name: cell for name, cell in record.cells.items() if name not in broken}
            self.when_refused(Row(record.number, cells))
        self.problems += self._read.problems[self._known :]
        self._known = len(self._read.problems)

    def problem(self, row: Row, what: str, fix: str = "", level: str = "error") -> Problem:
        """A problem at a row of this table."""
        return Problem(
            "warning" if level == "warning" else "error", self.file, row.number, what, fix
        )


def read_table(folder: Path, file: str, required: Sequence[str], optional: Sequence[str]) -> Table:
    """Read ``folder/file``; a missing optional file is the caller's business.

    Returns:
        the table (without columns when unreadable) and its problems: bytes that are not UTF-8,
        missing and unknown columns (the nearest known one suggested), rows with too many cells
        or with a quotation mark left open.
    """
    return Table(
        read_csv_file(folder / file, file, (*required, *optional), resume=True), required, optional
    )


def _check_header(
    file: str, header: Sequence[str], required: Sequence[str], optional: Sequence[str]
) -> list[Problem]:
    known = [*required, *optional]
    names = [c for c in header if c]
    problems = []
    for name in [c for c in dict.fromkeys(names) if c not in known]:
        close = nearest(name, known)
        fix = f"did you mean '{close}'?" if close else f"known: {', '.join(known)}"
        problems.append(Problem("warning", file, 1, f"unknown column '{name}'", fix))
    lacking = [f"'{c}'" for c in required if c not in names]
    if lacking:
        several = len(lacking) > 1
        what = f"column{'s' * several} {', '.join(lacking)} {'are' if several else 'is'} missing"
        problems.append(Problem("error", file, 1, what, f"found: {', '.join(names)}"))
    for name in sorted(c for c, times in Counter(names).items() if times > 1):
        problems.append(Problem("error", file, 1, f"column '{name}' appears twice"))
    return problems


#: 12.5, 1:05, 1:05.5 and 0:01:05.
_SECONDS = re.compile(r"(?:\d{1,4}:(?:\d{1,2}:)?\d{1,2}|\d{1,12})(?:\.\d{1,12})?", re.ASCII)


def number(text: str) -> float | None:
    """Seconds written as 12.5, 1:05 or 0:01:05; None when empty.

    Minutes after hours and seconds after minutes are below 60; signs, exponents, other digits
    than 0-9 and marks between digits are typing errors and not read as other times.

    Raises:
        ValueError: it is none of these.

    >>> number("1:05.5"), number("0:01:05"), number("90")
    (65.5, 65.0, 90.0)
    >>> number("1:99")
    Traceback (most recent call last):
    ValueError: 1:99
    """
    if not text:
        return None
    if not _SECONDS.fullmatch(text):
        raise ValueError(text)
    seconds, *rest = (float(part) for part in text.split(":"))
    if any(part >= 60 for part in rest):
        raise ValueError(text)
    for part in rest:
        seconds = seconds * 60 + part
    return seconds


def time_fix(text: str) -> str:
    """What to write in place of a text that `number` does not read.

    >>> time_fix("7,8"), time_fix("soon")
    ('write a decimal point: 7.8', 'seconds, or MM:SS')
    """
    with_point = text.replace(",", ".")
    if text.count(",") == 1 and _SECONDS.fullmatch(with_point):
        return f"write a decimal point: {with_point}"
    return "seconds, or MM:SS"


def table_text(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """CSV text with Unix line ends; None is an empty cell, floats are written shortest."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow(["" if v is None else f"{v:g}" if isinstance(v, float) else v for v in row])
    return out.getvalue()
