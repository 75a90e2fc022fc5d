"""One run at a time in a folder."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from s3eval.errors import S3EvalError
from s3eval.running.file_systems import refuse_without_locks

__all__ = ["LOCK", "locked"]

#: The lock's file; beside a run it stays, empty, since removing it would let two hold two locks.
LOCK = ".lock"
_FOREVER = -1.0
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)


@contextmanager
def locked(
    folder: Path, wait: bool = True, notify: Callable[[str], None] = lambda line: None
) -> Iterator[None]:
    """Hold a run folder; the operating system frees it when the process ends, however it ends.

    Args:
        wait: whether to wait for another run that is at work there.
        notify: told that another is at work, before waiting for it.

    Where the folder is refused, or what is done meanwhile raises before anything is written, the
    folders that were made for it are removed again.

    Raises:
        S3EvalError: another run is at work and is not to be waited for, or the file system has
            no locks that other machines see.
    """
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        refuse_without_locks(folder)
        lock = _held(folder, wait, notify)
    except BaseException:
        # Another may be at work there, whose lock's file keeps the folder.
        _remove(made)
        raise
    try:
        yield
    except BaseException:
        # While it is still held, so that nobody has written there meanwhile.
        _remove_if_empty(made)
        raise
    finally:
        lock.release()


def _held(folder: Path, wait: bool, notify: Callable[[str], None]) -> FileLock:
    """The lock of a folder, acquired."""
    lock = FileLock(folder / LOCK)
    timeout = 0.0
    while True:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            _acquire(lock, folder, timeout)
        except FileNotFoundError:
            continue  # a run that was refused took its empty folder away
        except Timeout:
            if not wait:
                raise S3EvalError(
                    "Another run is at work in this folder",
                    where=folder.name,
                    fix="wait for it, or another --out",
                ) from None
            notify(f"{folder.name}: another run is at work in this folder; waiting for it")
            timeout = _FOREVER
            continue
        # A run that was refused may have removed the file before it released the lock.
        if (folder / LOCK).exists():
            return lock
        lock.release()


def _remove_if_empty(made: Sequence[Path]) -> None:
    """Remove folders that were made for a run which then was refused, where nothing is in them."""
    if not made or not made[0].is_dir() or any(p.name != LOCK for p in made[0].iterdir()):
        return
    with suppress(OSError):
        (made[0] / LOCK).unlink(missing_ok=True)
        _remove(made)


def _remove(made: Sequence[Path]) -> None:
    """Remove folders, the deepest first, as far as nothing is in them."""
    with suppress(OSError):
        for folder in made:
            folder.rmdir()


def _acquire(lock: FileLock, folder: Path, timeout: float) -> None:
    is_new = not (folder / LOCK).exists()
    try:
        lock.acquire(timeout=timeout)
    except (NotImplementedError, OSError) as error:
        if isinstance(error, OSError) and error.errno not in _NO_LOCKS:
            raise
        if is_new:  # nobody holds it: there are no locks
            with suppress(OSError):
                (folder / LOCK).unlink(missing_ok=True)
        raise S3EvalError(
            "This file system has no locks, so that two runs could overwrite each other's answers",
            where=folder.name,
            fix="--out on another disk, then copy the folder",
        ) from error
