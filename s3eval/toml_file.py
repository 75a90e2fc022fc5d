"""Reading TOML files that people wrote: with or without a byte order mark, in bounded time."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from s3eval.errors import S3EvalError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["parse_toml", "read_toml"]

#: Bytes of a settings file; the largest one of the project itself (the lexicon) has 60 kB.
MAX_BYTES = 1_000_000
#: Parts of a dotted key; the parser's time and memory grow with their square.
MAX_PARTS = 32
_STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'')


def read_toml(path: Path, what: str = "This file is not TOML") -> dict[str, Any]:
    """The content of a TOML file.

    Args:
        path: the file.
        what: how an error begins.

    Raises:
        S3EvalError: there is no such file, it is not UTF-8, not TOML, larger than a megabyte or
            nested too deeply; says where.
    """
    if not path.is_file():
        raise S3EvalError("There is no such file", where=path)
    if path.stat().st_size > MAX_BYTES:
        raise S3EvalError(what, where=path, why=f"it is larger than {MAX_BYTES:,} bytes")
    try:
        return parse_toml(path.read_bytes())
    except ValueError as error:
        raise S3EvalError(what, where=path, why=str(error)) from error


def parse_toml(content: bytes) -> dict[str, Any]:
    """The tables of TOML text; a byte order mark before it is passed over.

    Raises:
        ValueError: it is not UTF-8, not TOML, or nested too deeply.

    >>> parse_toml(b'\\xef\\xbb\\xbfname = "ward"')
    {'name': 'ward'}
    >>> parse_toml(b"a" + b".a" * 50_000 + b" = 1")
    Traceback (most recent call last):
    ...
    ValueError: line 1 has a dotted key of more than 32 parts
    >>> parse_toml(b"name = mine")
    Traceback (most recent call last):
    ...
    ValueError: Invalid value (at line 1, column 8): text needs quotes, name = "..."
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = content[: error.start].count(b"\n") + 1
        why = f"line {row}: byte 0x{content[error.start]:02X} is not UTF-8; save it as UTF-8"
        raise ValueError(why) from None
    for number, line in enumerate(text.split("\n"), start=1):
        if line.count(".") >= MAX_PARTS and _parts(line) > MAX_PARTS:
            raise ValueError(f"line {number} has a dotted key of more than {MAX_PARTS} parts")
    try:
        tables: dict[str, Any] = tomllib.loads(text)
    except RecursionError:
        raise ValueError("its values are nested too deeply") from None
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{error}{_quotes_hint(str(error), text)}") from None
    return tables


def _quotes_hint(message: str, text: str) -> str:
    """What to write where the parser stopped at a value that is text without quotes."""
    row = re.search(r"\(at line (\d+), column \d+\)", message)
    lines = text.split("\n")
    if row is None or int(row[1]) > len(lines):
        return ""
    key, sign, value = lines[int(row[1]) - 1].partition("=")
    bare = sign and value.strip() and value.strip()[0] not in "\"'[{#"
    return f': text needs quotes, {key.strip()[:60]} = "..."' if bare else ""


def _parts(line: str) -> int:
    """Parts of the longest dotted key that a line could hold; dots of sentences are none."""
    longest = run = 0
    for piece in _STRING.sub("s", line).split("."):
        run = run + 1 if len(piece.split()) == 1 else 0
        longest = max(longest, run)
    return longest
