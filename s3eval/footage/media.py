"""Opening media files, their streams and packets, and how a frame is turned."""

from __future__ import annotations

import errno
import math
import sys
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from s3eval.errors import S3EvalError
from s3eval.facts.files import media_file
from s3eval.facts.footage import FootageError
from s3eval.footage.limits import FORMATS, MAX_PIXELS
from s3eval.footage.sizes import UPRIGHT, Orientation

__all__ = [
    "footage_errors",
    "has_pictures",
    "open_media",
    "orientation_of",
    "packets",
    "picture_stream",
    "reason_of",
    "sound_stream",
    "zero_of",
]

# A picture that starts this little after the sound (encoder delay) starts at 0.
_TOGETHER = 0.1
_MAX_ERRORS = 100
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
# What libraries raise about the data that they are handed; a TypeError is about the call.
_OF_DATA = (ValueError, ArithmeticError, LookupError, EOFError, NotImplementedError)
_LIBRARIES = ("av", "numpy", "decord", *sys.stdlib_module_names)
_READING = "s3eval.footage."


def open_media(path: Path, name: str = "") -> Any:
    """Open a file for reading (an ``av`` input container).

    By its absolute path, the file protocol and a list of formats: FFmpeg would otherwise take
    ``http:/...`` for an address, a list of file names for a video, and follow both.

    Args:
        path: the file.
        name: what errors call it, the video's name; never its path.

    Raises:
        FootageError: no regular file, empty, or not a media file.
    """
    import av

    file = media_file(path, name)
    if file.stat().st_size == 0:
        raise FootageError("The video file is empty", "empty", where=name)
    # Tags are text of any age and encoding; one odd byte in them spoils no picture. From version
    # 19 on PyAV keeps such bytes by itself, and takes no argument for it.
    older = int(av.__version__.partition(".")[0]) < 19
    tags: dict[str, Any] = {"metadata_errors": "replace"} if older else {}
    options = {
        "protocol_whitelist": "file",
        "format_whitelist": FORMATS,
        "max_pixels": str(MAX_PIXELS),
    }
    try:
        return av.open(f"file:{file}", "r", options=options, **tags)
    except av.error.ArgumentError:
        why = "it is no video, or of a kind that refers to other files (a playlist)"
    except MemoryError:
        why = "its header asks for more memory than there is"
    except (av.error.FFmpegError, ValueError) as error:
        why = f"{reason_of(error)}; it is no video, or was cut off before its index"
    raise FootageError("The video file cannot be opened", "not-media", where=name, why=why)


@contextmanager
def footage_errors(name: str) -> Iterator[None]:
    """Whatever FFmpeg or a damaged file's numbers raise, as one typed error.

    What the code within raises by itself (a plugin's mistake, a full disk) keeps its kind, and so
    does a machine without memory: neither is a fault of the file.
    """
    try:
        yield
    except (S3EvalError, MemoryError):
        raise
    except BlockingIOError as error:
        # FFmpeg could not start the threads that it decodes with.
        raise MemoryError("no memory for the threads that decode") from error
    except Exception as error:
        if not _is_of_the_file(error):
            raise
        what = "The video cannot be decoded"
        raise FootageError(what, "damaged", where=name, why=reason_of(error)) from None


def _is_of_the_file(error: Exception) -> bool:
    """Whether the media library raised an error, or the code that reads files by its numbers."""
    import av

    if isinstance(error, av.error.FFmpegError):
        # Of the file that is written, not of the one that is read.
        return error.errno not in _NO_ROOM
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    # PyAV is compiled: its lines know their file and no module.
    modules = [str(frame.f_globals.get("__name__") or "") for frame in frames]
    code = [m for m in modules if m.partition(".")[0] not in ("", *_LIBRARIES)]
    if code and code[-1].startswith(_READING):
        return True
    in_library = frames[-1].f_code.co_filename.startswith("av/") or modules[-1].startswith("av.")
    return in_library and isinstance(error, _OF_DATA)


def reason_of(error: BaseException) -> str:
    """An FFmpeg error's words without the file's path."""
    return str(getattr(error, "strerror", "") or type(error).__name__)


def packets(container: Any, *streams: Any) -> Iterator[Any]:
    """All packets of some streams in file order, going on after errors between them."""
    import av

    errors = 0
    while True:
        try:
            for packet in container.demux(*streams):
                if packet.size:
                    errors = 0
                    yield packet
            return
        except av.error.EOFError:
            return
        except (av.error.FFmpegError, IndexError):
            # IndexError: PyAV has no place for a stream that appears behind the file's start
            # (sound that begins late in a program stream); asked again, it passes over it.
            errors += 1
            if errors > _MAX_ERRORS:
                return


def zero_of(container: Any, first: float) -> float:
    """The container's time, in seconds, that counts as the video's start.

    The earliest stream starts the video. Where picture and sound start within 0.1 s of each
    other (an encoder's delay), the first picture does.
    """
    start = container.start_time
    begins = first if start is None else start / 1e6
    return first if math.isnan(begins) or abs(first - begins) < _TOGETHER else begins


def picture_stream(container: Any, name: str) -> Any:
    """The stream of pictures that players show: the default one, else the first; no cover.

    Raises:
        FootageError: there is none, or FFmpeg knows no decoder for it.
    """
    stream = _preferred(s for s in container.streams.video if not _is_cover(s))
    if stream is None:
        what = "The file has neither pictures nor sound"
        raise FootageError(what, "nothing-to-show", where=name)
    if stream.codec_context is None:
        what = "The video's pictures are of a kind that cannot be decoded"
        raise FootageError(what, "not-media", where=name)
    # Before anything is decoded: a picture's own header may differ from the container's.
    stream.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
    return stream


def sound_stream(container: Any) -> Any:
    """The track that players play: the default one, else the first; None without sound."""
    return _preferred(s for s in container.streams.audio if s.codec_context is not None)


def has_pictures(container: Any) -> bool:
    """Whether there is a video stream that is no cover picture."""
    return any(not _is_cover(s) for s in container.streams.video)


def _preferred(streams: Iterable[Any]) -> Any:
    from av.stream import Disposition

    candidates = [*streams]
    marked = (s for s in candidates if Disposition.default in s.disposition)
    return next(marked, candidates[0] if candidates else None)


def _is_cover(stream: Any) -> bool:
    from av.stream import Disposition

    return Disposition.attached_pic in stream.disposition


def orientation_of(frame: Any) -> Orientation:
    """How a decoded frame is turned for display."""
    import numpy as np

    for side in frame.side_data:
        data = side if hasattr(side, "type") else frame.side_data[side]
        if str(data.type).endswith("DISPLAYMATRIX"):
            numbers = np.frombuffer(bytes(data), np.int32)
            return Orientation.of_matrix(tuple(int(n) for n in numbers))
    return UPRIGHT
