"""What a reader or rater did, line by line, on the disk before the page says that it is saved."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from s3eval.errors import S3EvalError

__all__ = ["Journal", "check_pseudonym", "seconds_of"]

#: The longest time an answer is said to have taken: a day.
MOST_SECONDS = 86_400.0


class Journal:
    """An append-only file of JSON lines; what came last about something counts.

    Args:
        path: made when the first line is written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, **facts: Any) -> None:
        """Write a line, with the time (seconds since 1970), through to the disk."""
        line = json.dumps({"at": round(time.time(), 3), **facts}, ensure_ascii=True, sort_keys=True)
        with self.path.open("ab") as file:
            if file.tell() and not self._ends_with_a_line():
                file.write(b"\n")  # what a power cut left of the last line stays by itself
            file.write(line.encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def _ends_with_a_line(self) -> bool:
        with self.path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read(1) == b"\n"

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        """The lines, in order; one that was cut off is left out."""
        if not self.path.is_file():
            return
        for line in self.path.read_bytes().splitlines():
            try:
                facts = json.loads(line)
            except ValueError:
                continue
            if isinstance(facts, dict):
                yield facts


def check_pseudonym(name: str, who: str) -> None:
    """Refuse what is no pseudonym: up to 32 letters, digits, "-" and "_".

    Raises:
        S3EvalError: spaces or other characters, as in a full name or an address.

    >>> check_pseudonym("reader-1", "reader")
    """
    plain = name.replace("-", "").replace("_", "")
    if not (plain.isascii() and plain.isalnum() and len(name) <= 32):
        raise S3EvalError(
            f"Expected the {who} to be a pseudonym: letters, digits, '-' and '_', at most 32",
            why="it names the folder, and is shown beside the scores",
            fix=f"--{'rate' if who == 'rater' else 'reader'} R1",
        )


def seconds_of(given: object) -> float | None:
    """The seconds a page says that something took; None for what cannot be.

    >>> seconds_of(12.345), seconds_of(-1), seconds_of("long"), seconds_of(float("nan"))
    (12.345, None, None, None)
    """
    if isinstance(given, bool) or not isinstance(given, (int, float)):
        return None
    return round(float(given), 3) if 0 <= given <= MOST_SECONDS else None
