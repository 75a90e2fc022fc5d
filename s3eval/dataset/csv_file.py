"""The one reader of CSV: what spreadsheets and people write, in bounded time and memory.

Read: UTF-8 with or without a byte order mark; line ends of any system; commas, or semicolons or
tabulators where the header has them; cells of up to 16 million characters; empty columns behind
the last one. Everything else is told with the row, and what it means (an error, a row left out)
is the caller's to say. docs/datasets.md has the table of both.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from s3eval.dataset.problems import Problem

__all__ = ["CsvFile", "Record", "read_csv_file"]

#: A table of a million rows has about 100 MB.
MAX_BYTES = 500_000_000
MAX_ROWS = 1_000_000
MAX_CELL = 16_000_000
#: Open quotation marks after which the rest of a file is not read again line by line.
MAX_OPEN_QUOTES = 100
#: Bytes that are not UTF-8 are kept apart from every character (PEP 383), and so is NUL.
_NUL = "\udc00"
_BAD = re.compile("[\udc00-\udcff]")
_FIX_QUOTE = 'write " inside a text as ""'
_FIX_UTF8 = "save it as UTF-8"


@dataclass(frozen=True)
class Record:
    """One row of a file.

    Attributes:
        number: its line in the file, the last one where a cell has several; the header is 1.
        cells: trimmed text by column; cells that are missing at the end are not in it.
            Of a row with a fault it has what can be told, which may stand in wrong columns.
        fault, fix: why the row as a whole cannot be used, and what to do; "" when it can.
        broken: columns whose cells hold bytes that are not text, with what they hold.
    """

    number: int
    cells: dict[str, str]
    fault: str = ""
    fix: str = ""
    broken: tuple[tuple[str, str], ...] = ()


class CsvFile:
    """The header and the rows of CSV text; reading goes on as the rows are asked for.

    Args:
        content: the bytes of the file.
        shown: its name in problems.
        known: columns by which the delimiter is recognised.
        resume: read the lines behind an open quotation mark as rows again, as far as they have
            all columns, so that everything that is wrong is told in one go.
        comments: pass over lines that begin with "#".

    Attributes:
        columns: names in the header, trimmed, empty ones at its end left out.
        problems: what is wrong with the file as a whole; complete once the rows were read.

    >>> read = CsvFile(b"\\xef\\xbb\\xbfvideo;report;;\\r\\nv1;stiff, then limp;;\\r\\n", "a.csv")
    >>> read.columns, [(row.number, row.cells) for row in read], read.problems
    (('video', 'report'), [(2, {'video': 'v1', 'report': 'stiff, then limp'})], [])
    """

    def __init__(
        self,
        content: bytes,
        shown: str,
        known: Collection[str] = (),
        *,
        resume: bool = False,
        comments: bool = False,
    ) -> None:
        self.shown = shown
        self.problems: list[Problem] = []
        self.columns: tuple[str, ...] = ()
        self._resume = resume
        self._open_quotes = 0
        self._nameless: dict[int, int] = {}
        # The limit is the process's; nothing else here reads CSV.
        csv.field_size_limit(MAX_CELL)
        text, self._has_bad = self._decoded(content)
        self._lines = _Lines(text, comments)
        self._delimiter = ","
        header = self._header(frozenset(known))
        if not any(header):
            if not self.problems:
                what, fix = "the file is empty", "it needs a header and rows"
                self.problems.append(Problem("error", shown, 0, what, fix))
            self._lines = _Lines("", False)
            return
        self.columns = tuple(header)

    def __iter__(self) -> Iterator[Record]:
        """The rows that are not empty, each once."""
        rows = 0
        for number, first, cells, fault in self._records():
            if fault:
                yield Record(number, {}, fault, _FIX_QUOTE if "quotation" in fault else "")
                continue
            if not any(cell and not cell.isspace() for cell in cells):
                continue
            rows += 1
            if rows > MAX_ROWS:
                what = f"more than {MAX_ROWS:,} rows; those from here on are not read"
                self.problems.append(Problem("error", self.shown, first, what, "split the file"))
                break
            yield self._record(number, cells)
        for place, row in self._nameless.items():
            what = f"column {place + 1} has no name in the header and is not read"
            fix = f"its first cell stands in row {row}"
            self.problems.append(Problem("warning", self.shown, 1, what, fix))
        self._nameless = {}

    def _decoded(self, content: bytes) -> tuple[str, bool]:
        if content[:2] in (b"\xff\xfe", b"\xfe\xff") or content[:200].count(0) > 20:
            what = "the file is not UTF-8 but UTF-16 (Unicode text of a spreadsheet)"
            fix = "save it as CSV UTF-8"
            self.problems.append(Problem("error", self.shown, 0, what, fix))
            return "", False
        if content[:4] == b"PK\x03\x04" or content[:4] == b"\xd0\xcf\x11\xe0":
            what = "the file is a workbook of a spreadsheet, not CSV"
            fix = "save it as CSV UTF-8"
            self.problems.append(Problem("error", self.shown, 0, what, fix))
            return "", False
        bad = False
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text, bad = content.decode("utf-8-sig", errors="surrogateescape"), True
        if "\0" in text:
            text, bad = text.replace("\0", _NUL), True
        return text, bad

    def _header(self, known: frozenset[str]) -> list[str]:
        first = self._lines.peek()
        if first.strip().strip('"').lower() in ("sep=,", "sep=;", "sep=\t"):
            # A spreadsheet's own way of naming the delimiter.
            self._delimiter = first.strip("\r\n").strip('"')[-1]
            next(self._lines)
        else:
            self._delimiter = _delimiter(first, known)
        for number, _, cells, fault in self._records():
            if fault:
                self.problems.append(Problem("error", self.shown, number, fault, _FIX_QUOTE))
                return []
            names = [cell.replace("\ufeff", "").strip() for cell in cells]
            while names and not names[-1]:
                names.pop()
            if not names:
                continue
            if self._has_bad and any(_bad(name) for name in names):
                what = _bad("".join(names))
                self.problems.append(Problem("error", self.shown, number, what, _FIX_UTF8))
                return []
            return names
        return []

    def _records(self) -> Iterator[tuple[int, int, list[str], str]]:
        """(last line, first line, cells, fault) of every record."""
        lines = self._lines
        while True:
            lines.read = []
            first = lines.number + 1
            try:
                cells = next(csv.reader(lines, delimiter=self._delimiter))
            except StopIteration:
                return
            except csv.Error as error:
                number = lines.number
                fault = self._unreadable(error, first, number)
                yield first, first, [], fault
                self._again(number - first)
                continue
            number = lines.number
            if (len(lines.read) > 1 or lines.ended) and not self._closed(lines.read):
                fault = "a quotation mark is not closed"
                if number > first:
                    fault += f": rows {first} to {number} are read as one"
                yield first, first, [], fault
                self._again(number - first)
                continue
            yield number, first, cells, ""

    def _unreadable(self, error: csv.Error, first: int, last: int) -> str:
        if "field limit" not in str(error):
            return f"not CSV: {error}"
        if last > first:
            return f"a quotation mark is not closed: rows {first} to {last} are read as one"
        return f"a cell has more than {MAX_CELL:,} characters"

    def _closed(self, record: list[str]) -> bool:
        """Whether the quotation marks of a record pair up."""
        if len(record) == 1:
            # The last line: other marks than an open one are let pass, as in the lines before.
            if '"' not in record[0]:
                return True
            try:
                next(csv.reader(record, delimiter=self._delimiter, strict=True), None)
            except csv.Error as error:
                return "unexpected end" not in str(error)
            return True
        try:
            for _ in csv.reader(record, delimiter=self._delimiter, strict=True):
                pass
        except csv.Error:
            return False
        return True

    def _again(self, swallowed: int) -> None:
        """Read the lines that an open quotation mark swallowed once more, where they are rows."""
        self._open_quotes += 1
        if not (self._resume and swallowed and self._open_quotes < MAX_OPEN_QUOTES):
            return
        lines = self._lines.read[1:]
        # Text that goes on in the next line has other numbers of commas than a row, mostly.
        if len(_cells(lines[0], self._delimiter)) == len(self.columns):
            self._lines.push_back(lines)

    def _record(self, number: int, cells: list[str]) -> Record:
        size = len(self.columns)
        extra = len(cells)
        while extra > size and not cells[extra - 1].strip():
            extra -= 1
        values = {name: cell.strip() for name, cell in zip(self.columns, cells, strict=False)}
        if extra > size:
            what = f"{extra} cells for {size} columns"
            return Record(number, values, what, "quote commas in text")
        if "" in values:
            del values[""]
            for place, name in enumerate(self.columns):
                if not name and place < len(cells) and cells[place].strip():
                    self._nameless.setdefault(place, number)
        if not self._has_bad:
            return Record(number, values)
        broken = tuple((name, what) for name, cell in values.items() if (what := _bad(cell)))
        return Record(number, values, broken=broken)


class _Lines:
    """Lines of text one after the other, counted, with those that were read last."""

    def __init__(self, text: str, comments: bool) -> None:
        # Line ends as CSV has them: U+2028, U+0085 and form feeds inside a cell are text.
        self._text = io.StringIO(text, newline="")
        self._back: list[str] = []
        self._comments = comments
        self.number = 0
        self.read: list[str] = []
        self.ended = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        while True:
            line = self._back.pop() if self._back else self._text.readline()
            if not line:
                self.ended = True
                raise StopIteration
            self.number += 1
            if self._comments and not self.read and line.startswith("#"):
                continue
            self.read.append(line)
            # A last line without an end is the end: the reader does not ask for another.
            self.ended = not self._back and not line.endswith(("\n", "\r"))
            return line

    def peek(self) -> str:
        """The next line, not yet read."""
        line = self._text.readline()
        while line and (not line.strip() or (self._comments and line.startswith("#"))):
            self.number += 1
            line = self._text.readline()
        if line:
            self._back.append(line)
        return line

    def push_back(self, lines: list[str]) -> None:
        """Give lines back, to be read next."""
        self._back += reversed(lines)
        self.number -= len(lines)
        self.ended = False


def _delimiter(line: str, known: frozenset[str]) -> str:
    """What separates the columns of a header: most known names, then most names, then a comma.

    >>> _delimiter("video;report", frozenset({"video"})), _delimiter("video,a;b;c", frozenset())
    (';', ',')
    """
    best = (0, 0, ",")
    for place, delimiter in enumerate(",;\t"):
        names = [name.strip() for name in _cells(line, delimiter)]
        matching = sum(name.lstrip("\ufeff") in known for name in names)
        if place == 0 or matching > best[0] or (best[1] == 1 and not best[0] and len(names) > 1):
            best = (matching, len(names), delimiter)
    return best[2]


def _cells(line: str, delimiter: str) -> list[str]:
    """The cells of one line, none where they cannot be told."""
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []


def _bad(cell: str) -> str:
    """What in a cell is no text; "" when all is."""
    match = _BAD.search(cell)
    if not match:
        return ""
    code = ord(match[0]) - 0xDC00
    return f"byte 0x{code:02X} is not UTF-8" if code else "a NUL byte is no text"


def read_csv_file(
    path: Path,
    shown: str,
    known: Collection[str] = (),
    *,
    resume: bool = False,
    comments: bool = False,
) -> CsvFile:
    """A CSV file from disk; one that cannot be read has problems and no rows.

    Args: as for `CsvFile`.
    """
    what = fix = ""
    content = b""
    if not path.is_file():
        what = "it is no regular file" if path.exists() else "there is no such file"
    elif path.stat().st_size > MAX_BYTES:
        what, fix = f"it is larger than {MAX_BYTES:,} bytes", "split it"
    else:
        try:
            content = path.read_bytes()
        except OSError as error:
            what = error.strerror or str(error)
    if what:
        read = CsvFile(b"", shown)
        read.problems = [Problem("error", shown, 0, what, fix)]
        return read
    return CsvFile(content, shown, known, resume=resume, comments=comments)
