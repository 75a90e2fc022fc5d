"""Reading and writing the CSV tables of a dataset folder, with every problem named by row."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from s3eval.errors import nearest

__all__ = [
    "Problem",
    "Records",
    "Row",
    "Table",
    "number",
    "read_table",
    "table_text",
]


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a dataset: where it is, what it is, what to do.

    ``row`` is the line a spreadsheet shows (the header is row 1), 0 for the whole file.
    An "error" keeps a dataset from opening, a "warning" does not.
    """

    level: Literal["error", "warning"]
    file: str
    row: int
    what: str
    fix: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.row}" if self.row else self.file
        return f"{where}: {self.what}" + (f" ({self.fix})" if self.fix else "")


@dataclass(frozen=True)
class Row:
    """One row of a table: its line number and its values by column, trimmed."""

    number: int
    values: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.values.get(column, "")


@dataclass(frozen=True)
class Table:
    """The rows of one file."""

    file: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def problem(self, row: Row, what: str, fix: str = "", level: str = "error") -> Problem:
        """A problem at a row of this table."""
        return Problem(
            "warning" if level == "warning" else "error", self.file, row.number, what, fix
        )


def read_table(
    folder: Path, file: str, required: Sequence[str], optional: Sequence[str]
) -> tuple[Table, list[Problem]]:
    """Read ``folder/file``; a missing optional file is the caller's business.

    Returns:
        the table (empty when unreadable) and the problems: bytes that are not UTF-8, missing
        and unknown columns (the nearest known one suggested), rows with too many cells or with
        a quotation mark left open.
    """
    empty = Table(file, (), ())
    raw = (folder / file).read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        bad = Problem("error", file, line, f"byte {error.start} is not UTF-8", "save it as UTF-8")
        return empty, [bad]
    records = Records(text)
    header = [c.strip() for c in next(records, [])]
    problems = _check_header(file, header, required, optional)
    if any(p.level == "error" for p in problems):
        return empty, problems
    rows = []
    for cells in records:
        if not any(c.strip() for c in cells):
            continue
        if not records.closed:
            problems.append(Problem("error", file, *records.swallowed()))
            continue
        if len(cells) > len(header):
            what = f"{len(cells)} cells for {len(header)} columns"
            problems.append(Problem("error", file, records.number, what, "quote commas in text"))
            continue
        values = dict(zip(header, (c.strip() for c in cells), strict=False))
        rows.append(Row(records.number, values))
    return Table(file, tuple(header), tuple(rows)), problems


class Records:
    """The records of CSV text one after the other, and which lines the last one came from.

    A quotation mark left open makes one record of all that follows, up to the next mark or the
    end of the text; `closed` tells.

    >>> records = Records('a,"one\\ntwo"\\nb,"three\\nc,four\\n')
    >>> [(cells[0], records.number, records.closed) for cells in records]
    [('a', 2, True), ('b', 4, False)]
    """

    def __init__(self, text: str) -> None:
        self._texts = io.StringIO(text, newline="").readlines()
        self._reader = csv.reader(self._texts)
        self._before = 0

    def __iter__(self) -> Iterator[list[str]]:
        return self

    def __next__(self) -> list[str]:
        self._before = self._reader.line_num
        return next(self._reader)

    @property
    def number(self) -> int:
        """The last line of the last record, counted from 1."""
        return self._reader.line_num

    @property
    def first(self) -> int:
        """The first line of the last record."""
        return self._before + 1

    @property
    def closed(self) -> bool:
        """Whether the last record's quotation marks pair up; True for one line."""
        record = self._texts[self._before : self.number]
        if len(record) < 2:
            return True
        try:
            for _ in csv.reader(record, strict=True):
                pass
        except csv.Error:
            return False
        return True

    def swallowed(self) -> tuple[int, str, str]:
        """Row, message and way out where the last record's quotation marks do not close."""
        what = f"a quotation mark is not closed: rows {self.first} to {self.number} are read as one"
        return self.first, what, 'write " inside a text as ""'


def _check_header(
    file: str, header: list[str], required: Sequence[str], optional: Sequence[str]
) -> list[Problem]:
    if not header:
        return [Problem("error", file, 0, "the file is empty", "it needs at least a header row")]
    known = [*required, *optional]
    problems = []
    for name in [c for c in header if c not in known]:
        close = nearest(name, known)
        fix = f"did you mean '{close}'?" if close else f"known: {', '.join(known)}"
        problems.append(Problem("warning", file, 1, f"unknown column '{name}'", fix))
    for name in [c for c in required if c not in header]:
        fix = f"found: {', '.join(header)}"
        problems.append(Problem("error", file, 1, f"column '{name}' is missing", fix))
    for name in sorted({c for c in header if header.count(c) > 1}):
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


def table_text(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """CSV text with Unix line ends; None is an empty cell, floats are written shortest."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow(["" if v is None else f"{v:g}" if isinstance(v, float) else v for v in row])
    return out.getvalue()
