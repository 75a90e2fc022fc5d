"""Why something failed, in one line that names no media file and no path.

Such lines are kept in the run folder, which is passed on, and shown on the terminal, which may
end up in a log. Files are often named after patients; the names that tables give are not said in
counts either, since a run's findings say which videos they are.
"""

from __future__ import annotations

import re
from pathlib import PurePath

from s3eval.errors import S3EvalError
from s3eval.plugin_calls import described
from s3eval.terminal import without_paths

__all__ = ["reason_of", "without_file", "without_name"]

_LONGEST = 500


def reason_of(error: BaseException, file: str = "") -> str:
    """An error as a reason to keep: without the place, and without the media file's name.

    Args:
        error: what was raised; of an `OSError` only the system's words, which name no file.
        file: the media file's path as the table gives it; empty where there is none.

    >>> reason_of(S3EvalError("The video file is empty", where="Maria_1957.mp4"))
    'The video file is empty.'
    >>> reason_of(OSError(2, "No such file or directory", "/data/Maria_1957.mp4"))
    'FileNotFoundError: No such file or directory'
    >>> reason_of(ValueError("cannot read /data/Maria_1957.mp4"), "videos/Maria_1957.mp4")
    'ValueError: cannot read the video file'
    """
    if isinstance(error, S3EvalError):
        text = str(S3EvalError(error.what, why=error.why, fix=error.fix))
    elif isinstance(error, OSError) and error.strerror:
        text = f"{type(error).__name__}: {error.strerror}"
    else:
        text = described(error)
    text = without_paths(without_file(text, file))
    return " ".join(text.split())[:_LONGEST]


def without_file(text: str, file: str) -> str:
    """``text`` without the file's name, with whatever path stands before it.

    >>> without_file("cannot read /data/Maria_1957.mp4", "videos/Maria_1957.mp4")
    'cannot read the video file'
    """
    if not file:
        return text
    whole = PurePath(file.replace("\\", "/"))
    if not whole.name:
        return text
    path, name = re.escape(str(whole)), re.escape(whole.name)
    before = r"[^\s'\"(<]*"
    pattern = rf"(?:{before}{path}|{before}[/\\]{name}|(?<![\w.-]){name})(?![\w-])"
    return re.sub(pattern, "the video file", text)


def without_name(reason: str, video: str) -> str:
    """A reason to count: the same for every video it befell.

    A name is replaced where it stands by itself. One that could as well be an ordinary word
    ("v", "file") is replaced only within quotation marks or brackets, or sentences would be
    destroyed.

    >>> without_name("The video 'v' is over; every view was seen (v)", "v")
    "The video 'VIDEO' is over; every view was seen (VIDEO)"
    >>> without_name("patient_07: no frames in patient_07b", "patient_07")
    'VIDEO: no frames in patient_07b'
    """
    name = re.escape(video)
    if video.isalpha() and len(video) < 20:
        return re.sub(rf"(?<=['\"‘“(\[<]){name}(?=['\"’”)\]>])", "VIDEO", reason)
    return re.sub(rf"(?<![\w-]){name}(?![\w-])", "VIDEO", reason)
