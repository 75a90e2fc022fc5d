"""CSV files of others, read as far as they can be read, every fault named by file and row.

Where `s3eval.dataset.tables` refuses a table with an error (it is the toolkit's own format, and
its author can put it right), a release is read-only: what is readable is used, the rest is named.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from s3eval.dataset.tables import Problem, Records
from s3eval.errors import nearest

__all__ = ["Line", "Problems", "Sheet", "read_sheet"]

#: What a byte that is not UTF-8 becomes; a cell holding it is not read.
UNDECODABLE = "\ufffd"
CELL_LIMIT = 2**31 - 1


@dataclass
class Problems:
    """Collects problems while a release is read; ``left_out`` counts rows by file.

    >>> found = Problems()
    >>> found.warn("a.csv", 3, "label 'Fail' is no answer")
    >>> print(found.all[0])
    a.csv:3: label 'Fail' is no answer
    """

    all: list[Problem] = field(default_factory=list)
    left_out: dict[str, int] = field(default_factory=dict)

    def error(self, file: str, row: int, what: str, fix: str = "") -> None:
        """Something that could not be used."""
        self.all.append(Problem("error", file, row, what, fix))

    def warn(self, file: str, row: int, what: str, fix: str = "") -> None:
        """Something a reader should know; used all the same, or expected."""
        self.all.append(Problem("warning", file, row, what, fix))

    def drop(self, file: str, row: int, what: str, fix: str = "") -> None:
        """A row that is left out, counted."""
        self.error(file, row, what, fix)
        self.left_out[file] = self.left_out.get(file, 0) + 1


@dataclass(frozen=True)
class Line:
    """One row: its key (a video's name), the row a spreadsheet shows, trimmed cells by column.

    ``broken`` are the columns whose bytes are not UTF-8; their cells read as "".
    """

    key: str
    number: int
    cells: Mapping[str, str]
    broken: frozenset[str] = frozenset()

    def __getitem__(self, column: str) -> str:
        return "" if column in self.broken else self.cells.get(column, "")


@dataclass(frozen=True)
class Sheet:
    """The usable rows of a file, one a key, in file order; empty when it cannot be read."""

    file: str
    columns: tuple[str, ...] = ()
    lines: tuple[Line, ...] = ()

    def __iter__(self) -> Iterator[Line]:
        return iter(self.lines)

    def by_key(self) -> dict[str, Line]:
        """The rows by their key."""
        return {line.key: line for line in self.lines}


def read_sheet(
    path: Path,
    shown: str,
    problems: Problems,
    keys: Collection[str] = ("file_name", "video_name"),
    required: Collection[str] = (),
    known: Collection[str] = (),
    alone: str = "",
) -> Sheet:
    """Read a CSV file whose rows are named by a key column.

    Args:
        path: the file.
        shown: its name in messages (relative to the release).
        problems: what is wrong is added here; nothing is raised for content.
        keys: names the key column may have, the first found wins.
        required: columns without which the file is useless.
        known: further columns that are expected; others are named and not read.
        alone: the one column wanted; where it is missing and there is one column beside the key,
            that one is read in its place, and the problem says so.

    Returns:
        rows in file order. Left out, and counted: rows without a key, with too many cells, with a
        quotation mark left open, or whose key came before (the first one stands).
    """
    text = _text(path, shown, problems)
    # A model that repeats itself without end fills cells beyond the reader's default limit.
    csv.field_size_limit(CELL_LIMIT)
    # strict=False lets stray quotes pass; what they break shows as too many cells.
    records = Records(text)
    header = [name.strip() for name in next(records, [])]
    if not any(header):
        problems.error(shown, 0, "the file is empty", "it needs a header and rows")
        return Sheet(shown)
    key = next((name for name in keys if name in header), None)
    others = [name for name in header if name != key]
    if key and alone and alone not in header and len(others) == 1:
        problems.warn(shown, 1, f"column '{others[0]}' is read as '{alone}'")
        header[header.index(others[0])] = alone
    lacking = [name for name in required if name not in header]
    if key is None or lacking:
        wanted = lacking if key else [" or ".join(keys), *lacking]
        problems.error(
            shown, 1, f"column {', '.join(wanted)} is missing", f"found: {', '.join(header)}"
        )
        return Sheet(shown, tuple(header))
    _name_unknown(shown, header, {key, *required, *known}, problems)
    lines: dict[str, Line] = {}
    try:
        for cells in records:
            if not records.closed:
                problems.drop(shown, *records.swallowed())
            elif any(cell.strip() for cell in cells):
                _add(lines, shown, header, key, cells, records.number, problems)
    except csv.Error as error:
        problems.error(shown, records.number, f"not CSV from here on: {error}")
    if not lines:
        problems.error(shown, 0, "the file has no rows")
    return Sheet(shown, tuple(header), tuple(lines.values()))


def _text(path: Path, shown: str, problems: Problems) -> str:
    raw = path.read_bytes()
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("utf-8-sig", errors="replace")


def _name_unknown(
    shown: str, header: list[str], expected: Collection[str], problems: Problems
) -> None:
    for name in dict.fromkeys(header):
        if name not in expected:
            close = nearest(name, expected)
            fix = f"did you mean '{close}'?" if close else ""
            problems.warn(shown, 1, f"unknown column '{name}', not read", fix)
        if header.count(name) > 1:
            problems.error(shown, 1, f"column '{name}' appears twice; the last one is read")


def _add(
    lines: dict[str, Line],
    shown: str,
    header: list[str],
    key: str,
    cells: list[str],
    number: int,
    problems: Problems,
) -> None:
    if len(cells) > len(header):
        what = f"{len(cells)} cells for {len(header)} columns; the row is left out"
        problems.drop(shown, number, what, "quote commas in text")
        return
    values = {name: cell.strip() for name, cell in zip(header, cells, strict=False)}
    broken = frozenset(name for name, cell in values.items() if UNDECODABLE in cell)
    name = values[key]
    if not name or key in broken:
        why = "bytes that are not UTF-8 in" if broken else "nothing in"
        problems.drop(shown, number, f"{why} column '{key}'; the row is left out")
        return
    for column in sorted(broken):
        problems.error(shown, number, f"bytes that are not UTF-8 in '{column}'; it is not read")
    if name in lines:
        first = lines[name].number
        what = f"'{name}' stands in row {first} already; the first one is kept"
        problems.drop(shown, number, what)
        return
    lines[name] = Line(name, number, values, broken)
