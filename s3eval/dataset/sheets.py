"""CSV files of others, read as far as they can be read, every fault named by file and row.

Where `s3eval.dataset.tables` refuses a table with an error (it is the toolkit's own format, and
its author can put it right), a release is read-only: what is readable is used, the rest is named.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from s3eval.dataset.csv_file import Record, read_csv_file
from s3eval.dataset.problems import Problem
from s3eval.errors import nearest

__all__ = ["Line", "Problems", "Sheet", "read_sheet"]


@dataclass
class Problems:
    """Collects problems while a release is read; ``left_out`` counts rows by file.

    >>> problems = Problems()
    >>> problems.warn("a.csv", 3, "label 'Fail' is no answer")
    >>> print(problems.all[0])
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
    read = read_csv_file(path, shown, (*keys, *required, *known))
    already = len(read.problems)
    problems.all += read.problems
    header = [*read.columns]
    if not header:
        return Sheet(shown)
    key = next((name for name in keys if name in header), None)
    others = [name for name in header if name and name != key]
    renamed: dict[str, str] = {}
    if key and alone and alone not in header and len(others) == 1:
        problems.warn(shown, 1, f"column '{others[0]}' is read as '{alone}'")
        header[header.index(others[0])] = alone
        renamed[others[0]] = alone
    lacking = [name for name in required if name not in header]
    if key is None or lacking:
        wanted = lacking if key else [" or ".join(keys), *lacking]
        problems.error(
            shown, 1, f"column {', '.join(wanted)} is missing", f"found: {', '.join(header)}"
        )
        return Sheet(shown, tuple(header))
    _name_unknown(shown, header, {key, *required, *known}, problems)
    lines: dict[str, Line] = {}
    for record in read:
        if record.fault:
            problems.drop(shown, record.number, f"{record.fault}; the row is left out", record.fix)
        else:
            _add(lines, shown, key, renamed, record, problems)
    problems.all += read.problems[already:]
    if not lines:
        problems.error(shown, 0, "the file has no rows")
    return Sheet(shown, tuple(header), tuple(lines.values()))


def _name_unknown(
    shown: str, header: list[str], expected: Collection[str], problems: Problems
) -> None:
    for name, times in Counter(name for name in header if name).items():
        if name not in expected:
            close = nearest(name, expected)
            fix = f"did you mean '{close}'?" if close else ""
            problems.warn(shown, 1, f"unknown column '{name}', not read", fix)
        if times > 1:
            problems.error(shown, 1, f"column '{name}' appears twice; the last one is read")


def _add(
    lines: dict[str, Line],
    shown: str,
    key: str,
    renamed: Mapping[str, str],
    record: Record,
    problems: Problems,
) -> None:
    values = {renamed.get(name, name): cell for name, cell in record.cells.items()}
    broken = {renamed.get(name, name) for name, _ in record.broken}
    name = values.get(key, "")
    if not name or key in broken:
        why = "bytes that are not UTF-8 in" if key in broken else "nothing in"
        problems.drop(shown, record.number, f"{why} column '{key}'; the row is left out")
        return
    for column in sorted(broken):
        what = f"bytes that are not UTF-8 in '{column}'; it is not read"
        problems.error(shown, record.number, what)
    if name in lines:
        first = lines[name].number
        what = f"'{name}' stands in row {first} already; the first one is kept"
        problems.drop(shown, record.number, what)
        return
    lines[name] = Line(name, record.number, values, frozenset(broken))
