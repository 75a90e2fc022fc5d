"""Reading a media file's bytes, and never waiting for what is none."""

from __future__ import annotations

import errno
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

# Copies leave small holes where a file has zeros; none this large is a recording.
_MAX_HOLE = 2**30


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
        FootageError: no regular file, it cannot be read, or gigabytes of it were never written.
    """
    digest = hashlib.sha256()
    with opened(path, name) as handle:
        _check_written(handle.fileno(), name)
        try:
            while block := handle.read(1 << 20):
                digest.update(block)
        except OSError as error:
            raise unreadable(error, name) from None
    return digest.hexdigest()


def _check_written(number: int, name: str) -> None:
    """Refuse a file with a great hole in it: an unfinished copy, and hours of reading zeros."""
    if not hasattr(os, "SEEK_HOLE"):
        return
    end, at = os.fstat(number).st_size, 0
    try:
        while at < end:
            hole = os.lseek(number, at, os.SEEK_HOLE)
            if hole >= end:
                break
            at = _data_after(number, hole, end)
            if at - hole > _MAX_HOLE:
                what = "The video file was never written in full"
                why = f"{(at - hole) / 2**30:.1f} GiB of it are a hole"
                raise FootageError(what, "damaged", where=name, why=why, fix="copy it again")
    except OSError:  # a file system that does not tell
        return
    finally:
        os.lseek(number, 0, os.SEEK_SET)


def _data_after(number: int, hole: int, end: int) -> int:
    try:
        return os.lseek(number, hole, os.SEEK_DATA)
    except OSError as error:
        if error.errno == errno.ENXIO:  # nothing but the hole up to the end
            return end
        raise
