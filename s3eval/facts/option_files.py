"""A file that an option of a plugin names: it is there, and has one spelling."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from s3eval.errors import S3EvalError

__all__ = ["option_file"]


def option_file(value: Any, option: str, of: str) -> str:
    """The path of a file that an option names, in one spelling; the file is not opened.

    For ``checked_options``: a file that is missing is noticed before anything is asked, and
    however its path is written, it is one option and one run folder.

    Args:
        value: what the user gave.
        option: its name.
        of: what takes it, e.g. "model 'replay'".

    Returns:
        the path from the folder that the command runs in where the file lies in it, else the
        absolute one. Links are not followed.

    Raises:
        S3EvalError: it is no text, or there is no such file.

    >>> option_file("nowhere.csv", "file", "model 'replay'")
    Traceback (most recent call last):
    s3eval.errors.S3EvalError: Option 'file' of model 'replay' names no file that is there (nowhere.csv).
    """  # noqa: E501
    if isinstance(value, bool) or not isinstance(value, (str, int, float)) or value == "":
        raise S3EvalError(f"Expected option '{option}' of {of} to be a path, but got {value!r}")
    written = str(value)
    try:
        is_there = Path(written).is_file()
    except (OSError, ValueError):  # too long, a NUL in it, no permission
        is_there = False
    if not is_there:
        is_folder = os.path.isdir(written.replace("\0", ""))
        raise S3EvalError(
            f"Option '{option}' of {of} names no file that is there",
            where=written,
            why="it is a folder" if is_folder else "",
        )
    absolute = os.path.abspath(written)
    below = os.path.join(os.getcwd(), "")
    return absolute[len(below) :] if absolute.startswith(below) else absolute
