"""The one door to a media file: regular files only, by absolute path, inside their folder.

Nothing here opens what a name only points at: a pipe would wait for ever, a device has no end,
and a path with an address in it is an address to whoever believes it.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from s3eval.facts.footage import FootageError

__all__ = ["is_outside", "media_file", "unreadable"]

_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
_CHECK = "s3eval data check DATASET"


def media_file(path: str | Path, name: str = "", *, within: Path | None = None) -> Path:
    """The absolute path of a regular file.

    Args:
        path: as named.
        name: the video's name; errors say it, and never the path.
        within: the folder it must lie in, links followed; None where any folder will do.

    Raises:
        FootageError: it is missing, outside ``within``, a pipe, device, socket or folder, or
            has a name that no file can have; ``kind`` says which.
    """
    try:
        absolute = Path(os.path.abspath(path))
        if within is not None and is_outside(absolute, within):
            raise FootageError(
                "The video lies outside its dataset folder",
                kind="outside",
                where=name,
                why="its path or a link leads there",
                fix="copy it into the folder, or name --allow-outside",
            )
        mode = os.stat(absolute).st_mode
    except FileNotFoundError:
        raise FootageError("The video file is missing", "missing", where=name, fix=_CHECK) from None
    except (OSError, ValueError) as error:  # too long, a NUL in it, a loop of links, no permission
        raise unreadable(error, name) from None
    if not stat.S_ISREG(mode):
        kind = next((words for test, words in _KINDS if test(mode)), "something else")
        raise FootageError(
            "The video is not a regular file", "not-a-file", where=name, why=f"it is {kind}"
        )
    return absolute


def is_outside(path: str | Path, folder: Path) -> bool:
    """Whether a path leads out of a folder when all links are followed.

    >>> is_outside("data/videos/../../other/v.mp4", Path("data"))
    True
    >>> is_outside("data/videos/v.mp4", Path("data"))
    False

    Raises:
        OSError, ValueError: no path of this kind can exist.
    """
    return not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def unreadable(error: OSError | ValueError, name: str) -> FootageError:
    """The operating system's refusal as an error without the path that its text holds."""
    why = error.strerror if isinstance(error, OSError) else "no file can be called so"
    return FootageError("The video file cannot be read", "unreadable", where=name, why=why or "")
