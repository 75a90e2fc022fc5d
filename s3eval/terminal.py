"""What reaches a terminal: text of which every control character is visible, in any encoding.

Text that comes from data, from plugins or from a server may hold anything. A terminal obeys some
of it: escape sequences set its title or clear it, overrides of the writing direction show a text
as another one. Everything printed for people passes `visible`, in one place.
"""

from __future__ import annotations

import codecs
import errno
import io
import json
import math
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

from s3eval.secrets_in_text import without_keys

__all__ = [
    "cut",
    "echo",
    "encodable",
    "json_text",
    "on_terminal",
    "separate_output",
    "standard_streams",
    "visible",
    "width",
    "without_media",
    "without_paths",
]

# C0 and C1 controls begin escape sequences; U+2028 and U+2029 end a line for some terminals;
# marks, embeddings, overrides and isolates of the writing direction reorder what is shown;
# characters without width hide in a name (the joiners U+200C and U+200D are part of several
# scripts, and stay); halves of surrogate pairs cannot be encoded.
_HIDDEN = (
    *range(0x20),
    *range(0x7F, 0xA0),
    0x061C,
    0x180E,
    0x200B,
    0x200E,
    0x200F,
    *range(0x2028, 0x202F),
    *range(0x2060, 0x2070),
    *range(0xD800, 0xE000),
    0xFEFF,
    *range(0xFFF9, 0xFFFC),
    *range(0xE0000, 0xE0080),
)
#: What stands for typographic characters where the encoding of the output has none of them.
_PLAIN = {
    "–": "-",
    "—": "-",
    "−": "-",
    "·": "*",
    "…": "...",
    "→": "->",
    "×": "x",
    "≤": "<=",
    "≥": ">=",
    "±": "+-",
    "“": '"',
    "”": '"',
    "‘": "'",
    "’": "'",
    "█": "#",
    "░": ".",
    "━": "-",
    "─": "-",
    "\u00a0": " ",
}
_HANDLER = "s3eval.plain"


def _escape(code: int) -> str:
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


_ESCAPES = {code: _escape(code) for code in _HIDDEN}
_ESCAPES_IN_LINES = {c: e for c, e in _ESCAPES.items() if c not in (0x09, 0x0A)}
_ESCAPES_IN_JSON = {c: json.dumps(chr(c))[1:-1] for c in _HIDDEN if c >= 0x7F}


def cut(text: str, length: int) -> str:
    """A text of at most so many characters, and a mark where more was there.

    >>> cut("abc", 3), cut("abcd", 3)
    ('abc', 'abc [...]')
    """
    return text if len(text) <= length else f"{text[:length]} [...]"


def visible(text: str, *, lines: bool = False) -> str:
    r"""The text with control characters, direction overrides and the like as escapes.

    Args:
        lines: leave line ends and tabs as they are (text that was composed here).

    >>> visible("x\x1b]0;owned\x07\x9b2J"), visible("a\u202eb\nc"), visible("größer ≤ 小明")
    ('x\\x1b]0;owned\\x07\\x9b2J', 'a\\u202eb\\x0ac', 'größer ≤ 小明')
    """
    return text.translate(_ESCAPES_IN_LINES if lines else _ESCAPES)


# Paths as systems write them: from the root, from home, of a Windows drive or share, as an address.
_DRIVE = r"(?<![A-Za-z])[A-Za-z]:[\\/]"  # not the end of "https:/"
_ROOT = rf"(?:file:/{{1,3}}|{_DRIVE}|\\\\[\w.$-]|~[\w.-]*[\\/]|(?<![\w:/.<])/(?=[\w.~@%+-]))"
_MEDIA = (
    r"\.(?:3gp|asf|avi|flv|m2ts|m4v|mkv|mov|mp4|mpe?g|mts|mxf|ogv|ts|vob|webm|wmv|aac|flac|m4a|mp3"
    r"|ogg|opus|wav|wma|edf|dcm)\b"
)
_PATHS = (
    # Within quotation marks whatever stands there, blanks too.
    (re.compile(rf"(?P<mark>['\"‘“`])(?:b['\"])?{_ROOT}[^'\"’”`\n]{{0,4000}}"), r"\g<mark>a path"),
    # Up to the ending of a media file, which may be called after a patient, blanks and all.
    (re.compile(rf"{_ROOT}[^\n'\"<>|*?:;]{{0,400}}?{_MEDIA}", re.IGNORECASE), "a media file"),
    (
        re.compile(
            rf"(?:\.{{1,2}}[\\/])?(?:[\w@%+~.-]{{1,200}}[\\/]){{1,30}}"
            rf"[\w@%+~. -]{{1,200}}?{_MEDIA}",
            re.IGNORECASE,
        ),
        "a media file",
    ),
    (
        re.compile(rf"(?<![\w@%+~.-])[\w@%+~-][\w@%+~.-]{{0,200}}?{_MEDIA}", re.IGNORECASE),
        "a media file",
    ),
    # From the root on with a folder at least: not "n/a", "and/or", nor a place of a server.
    (re.compile(rf"(?:{_DRIVE}|\\\\[\w.$-]+[\\/])[^\s'\"<>|*?]{{1,400}}"), "a path"),
    (
        re.compile(
            r"(?:file:/{1,3}|~[\w.-]*/|(?<![\w:/.<])/(?!v\d))(?:[\w.@%+~-]{1,200}/){1,30}"
            r"[\w.@%+~-]{0,200}"
        ),
        "a path",
    ),
)


#: Characters; no reason is longer that anybody reads.
_LONGEST_SEARCHED = 20_000


def without_paths(text: str) -> str:
    r"""The text without paths, names of media files (both may be called after patients) and keys.

    For what is kept in a run's folder, which is passed on, and said of it on a terminal. Of a
    longer text the first 20,000 characters are left.

    >>> without_paths("No such file: '/data/Maria G 1957.mp4'")
    "No such file: 'a path'"
    >>> without_paths(r"cannot open C:\ward\Maria G.mp4 or \\nas\ward\x.edf")
    'cannot open a media file or a media file'
    >>> without_paths("POST /v1/chat/completions: 2 and/or 3 of n/a (model.py:41)")
    'POST /v1/chat/completions: 2 and/or 3 of n/a (model.py:41)'
    """
    text = without_keys(text[:_LONGEST_SEARCHED])
    if "/" not in text and "\\" not in text and "." not in text:
        return text
    for pattern, instead in _PATHS:
        text = pattern.sub(instead, text)
    return text


def without_media(path: str) -> str:
    """A path as it is, unless it is that of a media file, which may be called after a patient.

    >>> without_media("/runs/a"), without_media("/data/Maria G 1957.mp4")
    ('/runs/a', 'a media file')
    """
    return "a media file" if re.search(rf"{_MEDIA}$", path, re.IGNORECASE) else path


def _plain(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(_PLAIN.get(c) or _escape(ord(c)) for c in lacking), error.end


codecs.register_error(_HANDLER, _plain)


def encodable(text: str, encoding: str | None) -> str:
    """The text with what the encoding lacks written in other characters.

    >>> encodable("n ≤ 3 – größer", "ascii"), encodable("n ≤ 3 – größer", "utf-8")
    ('n <= 3 - gr\\\\xf6\\\\xdfer', 'n ≤ 3 – größer')
    """
    name = encoding or "utf-8"
    return text.encode(name, errors=_HANDLER).decode(name)


def echo(text: str = "", *, err: bool = False, end: str = "\n") -> None:
    """Print lines for people on standard output, or on standard error.

    Control characters are made visible, line ends and tabs excepted. All that the command line
    prints goes through here, tables included.
    """
    stream = sys.stderr if err else sys.stdout
    if stream is None:
        return
    stream.write(encodable(visible(text, lines=True), getattr(stream, "encoding", None)) + end)
    stream.flush()


def json_text(value: Any, encoding: str | None = "utf-8") -> str:
    r"""JSON that any reader takes and no terminal obeys, without the last line end.

    >>> print(json_text(["\x9b2J", "\ud800", "größer"]))
    [
     "\u009b2J",
     "\ud800",
     "größer"
    ]
    """
    try:
        text = json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False)
    except ValueError:
        # NaN is no JSON, and other readers refuse the whole document for it.
        return json_text(_finite(value), encoding)
    text = text.translate(_ESCAPES_IN_JSON)
    try:
        text.encode(encoding or "utf-8")
    except UnicodeEncodeError:
        return json.dumps(value, indent=1, sort_keys=True)
    return text


def _finite(value: Any) -> Any:
    """The value with null for numbers that JSON does not know."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    return [_finite(item) for item in value] if isinstance(value, (list, tuple)) else value


def on_terminal(stream: TextIO | None) -> bool:
    """Whether a stream is there and is a terminal."""
    return stream is not None and stream.isatty()


def width(default: int = 80) -> int:
    """Columns of the terminal: COLUMNS, else what the terminal says; the default where that is 0.

    At least 20, so that something can be shown.
    """
    return max(20, shutil.get_terminal_size((default, 24)).columns)


@contextmanager
def standard_streams() -> Iterator[None]:
    """Standard output and error that take every character and outlive their readers.

    A closed stream is replaced by the null device, so that no file that is opened later gets its
    number. When a reader goes away (``| head``), what it would have read is dropped, and the
    command goes on to its own end and exit code. Characters that the encoding lacks are written
    in others instead of ending the command.
    """
    outer = sys.stdout, sys.stderr
    made: list[io.TextIOWrapper[Any]] = []
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        elif (raw := _raw(stream)) is not None:
            stream.flush()
            wrapped: io.TextIOWrapper[Any] = _Text(
                _Buffer(_Output(raw)),
                encoding=stream.encoding,
                errors=_HANDLER,
                line_buffering=stream.line_buffering or stream.write_through,
            )
            made.append(wrapped)
            setattr(sys, name, wrapped)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = outer
        for wrapped in made:
            # Who wanted to know that the disk is full has flushed, and was told.
            with suppress(OSError):
                wrapped.detach()


def _raw(stream: Any) -> io.RawIOBase | None:
    """The raw stream of a real file; None where a test or a notebook put something else."""
    if not isinstance(stream, io.TextIOWrapper):
        return None
    # Without buffering (PYTHONUNBUFFERED) the buffer is the raw stream itself.
    raw = getattr(stream.buffer, "raw", stream.buffer)
    return raw if isinstance(raw, io.RawIOBase) else None


class _Output(io.RawIOBase):
    """A raw stream that takes what it is given and drops it once nobody can read it."""

    def __init__(self, raw: io.RawIOBase) -> None:
        self._raw = raw
        self._lost = False

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._raw.fileno()

    def isatty(self) -> bool:
        return self._raw.isatty()

    def write(self, data: Any) -> int:
        if self._lost:
            return len(data)
        try:
            return self._raw.write(data) or 0
        except OSError as error:
            # What is still in the buffer must not be tried again, nor fail a second time.
            self._lost = True
            # Windows says EINVAL where the other end of a pipe is closed; a plugin may have closed
            # the descriptor itself.
            if (
                isinstance(error, BrokenPipeError)
                or error.errno == errno.EBADF
                or (os.name == "nt" and error.errno == errno.EINVAL)
            ):
                return len(data)
            raise


class _Buffer(io.BufferedWriter):
    """Stays open: a plugin that closes a stream must not silence what is still to be said."""

    def close(self) -> None:
        with suppress(OSError, ValueError):
            self.flush()


class _Text(io.TextIOWrapper):
    """Stays open, too."""

    def close(self) -> None:
        with suppress(OSError, ValueError):
            self.flush()


@contextmanager
def separate_output() -> Iterator[Callable[[str], None]]:
    """Standard output for one document alone: what others print meanwhile goes to standard error.

    So does what native libraries and child processes write to the file descriptor itself. Hands
    out ``write(text)``, which reaches standard output unchanged.
    """
    document, sys.stdout = sys.stdout, sys.stderr
    kept = _descriptor_kept(document)

    def write(text: str) -> None:
        if document is not None:
            if kept is not None:
                os.dup2(kept, 1)
            try:
                document.write(text)
                document.flush()
            finally:
                if kept is not None:
                    os.dup2(2, 1)

    if kept is not None:
        os.dup2(2, 1)
    try:
        yield write
    finally:
        if kept is not None:
            os.dup2(kept, 1)
            os.close(kept)
        sys.stdout = document


def _descriptor_kept(document: TextIO | None) -> int | None:
    """A second descriptor of standard output, None where it, or standard error, is no real one."""
    try:
        if document is None or document.fileno() != 1 or sys.stderr.fileno() != 2:
            return None
        document.flush()
        return os.dup(1)
    except (OSError, ValueError, AttributeError):
        return None
