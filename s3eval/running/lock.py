"""One run at a time in a folder."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from s3eval.errors import S3EvalError
from s3eval.running.file_systems import refuse_without_locks

__all__ = ["LOCK", "locked"]

#: The lock's file; it stays, empty, since removing it would let two runs hold two locks.
LOCK = ".lock"
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)


@contextmanager
def locked(
    folder: Path, wait: bool = True, notify: Callable[[str], None] = lambda line: None
) -> Iterator[None]:
    """Hold a run folder; the operating system frees it when the process ends, however it ends.

    Args:
        wait: whether to wait for another run that is at work there.
        notify: told that another is at work, before waiting for it.

    Raises:
        S3EvalError: another run is at work and is not to be waited for, or the file system has
            no locks that other machines see.
    """
    folder.mkdir(parents=True, exist_ok=True)
    refuse_without_locks(folder)
    lock = FileLock(folder / LOCK)
    try:
        _acquire(lock, folder)
    except Timeout:
        if not wait:
            raise S3EvalError(
                "Another run is at work in this folder",
                where=folder.name,
                fix="wait for it, or another --out",
            ) from None
        notify(f"{folder.name}: another run is at work in this folder; waiting for it")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _acquire(lock: FileLock, folder: Path) -> None:
    try:
        lock.acquire(timeout=0)
    except (NotImplementedError, OSError) as error:
        if isinstance(error, OSError) and error.errno not in _NO_LOCKS:
            raise
        raise S3EvalError(
            "This file system has no locks, so that two runs could overwrite each other's answers",
            where=folder.name,
            fix="--out on another disk, then copy the folder",
        ) from error
