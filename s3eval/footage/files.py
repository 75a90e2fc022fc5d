"""Reading a media file's bytes, and never waiting for what is none."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from s3eval.facts.files import media_file, unreadable
from s3eval.facts.footage import FootageError

__all__ = ["content_hash", "opened"]


@contextmanager
def opened(path: str | Path, name: str = "") -> Iterator[IO[bytes]]:
    """Open a regular file for reading bytes, and never wait for one that is none.

    Raises:
        FootageError: as :func:`media_file`, or it may not be read.
    """
    absolute = media_file(path, name)
    try:
        # Not to wait should a pipe have taken the file's place since.
        number = os.open(absolute, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        raise unreadable(error, name) from None
    with os.fdopen(number, "rb") as handle:
        if not stat.S_ISREG(os.fstat(number).st_mode):
            raise FootageError("The video is not a regular file", "not-a-file", where=name)
        yield handle


def content_hash(path: str | Path, name: str = "") -> str:
    """SHA-256 of a file's bytes, in hexadecimal; part of the key of everything said about it.

    A video is one file that refers to no other (:data:`s3eval.footage.limits.FORMATS`), so the
    hash covers all that is shown of it.

    Raises:
        FootageError: no regular file, or it cannot be read.
    """
    digest = hashlib.sha256()
    with opened(path, name) as handle:
        try:
            while block := handle.read(1 << 20):
                digest.update(block)
        except OSError as error:
            raise unreadable(error, name) from None
    return digest.hexdigest()
