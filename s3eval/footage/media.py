"""Reading a file's structure with PyAV: its packets, presentation times and facts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s3eval.errors import S3EvalError
from s3eval.facts.files import media_file
from s3eval.facts.footage import FootageError
from s3eval.footage.limits import FORMATS, MAX_PACKETS, MAX_PIXELS
from s3eval.footage.sizes import UPRIGHT, Orientation

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = [
    "Group",
    "VideoIndex",
    "has_pictures",
    "index_of",
    "open_media",
    "orientation_of",
    "packets",
    "picture_stream",
    "reason_of",
    "sound_stream",
    "told",
    "zero_of",
]

# A picture that starts this little after the sound (encoder delay) starts at 0.
_TOGETHER = 0.1
_MAX_ERRORS = 100


@dataclass(frozen=True)
class Group:
    """A group of pictures: packets [first, last) in file order, starting with a keyframe.

    ``leading`` are packets shown before their keyframe: they also need the group before.
    """

    first: int
    last: int
    leading: frozenset[int]


@dataclass(frozen=True)
class VideoIndex:
    """What one reading of all packets tells, before anything is decoded.

    Attributes:
        times: float64, shape (frames,), ascending presentation times; 0 is the video's start.
        end: when the last frame stops being shown.
        packet_of: by shown number, its packet's place in the file; None when the packets do not
            say when they are shown, and frames must be counted as they come out.
        pts: by shown number, its time stamp in the stream's unit (empty when counted).
        groups: in file order.
        damaged: places of packets the container itself calls damaged.
        packets: how many there are.
    """

    times: NDArray[np.float64]
    end: float
    packet_of: tuple[int, ...] | None
    pts: tuple[int, ...]
    groups: tuple[Group, ...]
    damaged: frozenset[int]
    packets: int


@dataclass(frozen=True, slots=True)
class _Packet:
    pts: int | None
    key: bool
    hidden: bool
    corrupt: bool
    duration: int


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
    options = {
        "protocol_whitelist": "file",
        "format_whitelist": FORMATS,
        "max_pixels": str(MAX_PIXELS),
    }
    try:
        # Tags are text of any age and encoding; one odd byte in them spoils no picture.
        return av.open(f"file:{file}", "r", options=options, metadata_errors="replace")
    except av.error.ArgumentError:
        why = "it is no video, or of a kind that refers to other files (a playlist)"
    except MemoryError:
        why = "its header asks for more memory than there is"
    except (av.error.FFmpegError, ValueError) as error:
        why = f"{reason_of(error)}; it is no video, or was cut off before its index"
    raise FootageError("The video file cannot be opened", "not-media", where=name, why=why)


@contextmanager
def told(name: str) -> Iterator[None]:
    """Whatever FFmpeg or a damaged file's numbers raise, as one typed error.

    A machine without memory is no fault of the file and passes.
    """
    try:
        yield
    except (S3EvalError, MemoryError):
        raise
    except Exception as error:
        what = "The video cannot be decoded"
        raise FootageError(what, "damaged", where=name, why=reason_of(error)) from None


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
        except av.error.FFmpegError:
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


def index_of(path: Path, name: str = "") -> VideoIndex:
    """Read all packets of a file's picture stream; decodes nothing (as good as always).

    Raises:
        FootageError: no picture stream, not a single packet in it, or too many.
    """
    with told(name), open_media(path, name) as container:
        stream = picture_stream(container, name)
        read = [_packet(p) for p in islice(packets(container, stream), MAX_PACKETS + 1)]
        if len(read) > MAX_PACKETS:
            what = f"The video holds more than {MAX_PACKETS:,} pictures"
            raise FootageError(what, "too-long", where=name, fix="cut it into several files")
        if not any(p.key for p in read):  # some containers mark none: then one group is all
            read = [
                _Packet(p.pts, i == 0, p.hidden, p.corrupt, p.duration) for i, p in enumerate(read)
            ]
        groups = _groups(read)
        hidden = _undecodable(read, groups)
        shown = [i for i, p in enumerate(read) if not p.hidden and i not in hidden]
        if not shown:
            raise FootageError("The video holds no pictures", "nothing-to-show", where=name)
        damaged = frozenset(i for i, p in enumerate(read) if p.corrupt)
        stamped = container.format.name != "avi" and all(read[i].pts is not None for i in shown)
        times, order, length = (
            _timed(stream, read, shown) if stamped else _counted(stream, read, shown)
        )
        zero = zero_of(container, float(times[0])) if stamped else float(times[0])
        return VideoIndex(
            times=times - zero,
            end=float(times[-1]) - zero + length,
            packet_of=tuple(order) if stamped else None,
            pts=tuple(read[i].pts or 0 for i in order) if stamped else (),
            groups=groups,
            damaged=damaged,
            packets=len(read),
        )


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

    found = [*streams]
    marked = (s for s in found if Disposition.default in s.disposition)
    return next(marked, found[0] if found else None)


def _is_cover(stream: Any) -> bool:
    from av.stream import Disposition

    return Disposition.attached_pic in stream.disposition


def _packet(packet: Any) -> _Packet:
    return _Packet(
        packet.pts,
        bool(packet.is_keyframe),
        bool(packet.is_discard),
        bool(packet.is_corrupt),
        int(packet.duration or 0),
    )


def _groups(read: list[_Packet]) -> tuple[Group, ...]:
    starts = [i for i, p in enumerate(read) if p.key]
    ends = [*starts[1:], len(read)]
    found = []
    for first, last in zip(starts, ends, strict=True):
        key = read[first].pts
        early = (i for i in range(first + 1, last) if _before(read[i].pts, key))
        found.append(Group(first, last, frozenset(early)))
    return tuple(found)


def _before(pts: int | None, key: int | None) -> bool:
    return pts is not None and key is not None and pts < key


def _undecodable(read: list[_Packet], groups: tuple[Group, ...]) -> frozenset[int]:
    """Packets before the first keyframe and its leading ones: what they refer to is missing."""
    return frozenset(range(groups[0].first)) | groups[0].leading


def _timed(
    stream: Any, read: list[_Packet], shown: list[int]
) -> tuple[NDArray[np.float64], list[int], float]:
    import numpy as np

    order = sorted(shown, key=lambda i: (read[i].pts or 0, i))
    unit = float(stream.time_base)
    times = np.array([read[i].pts for i in order], np.float64) * unit
    length = read[order[-1]].duration * unit
    if length <= 0:
        length = float(np.median(np.diff(times))) if len(times) > 1 else _rate_step(stream)
    return times, order, length


def _counted(
    stream: Any, read: list[_Packet], shown: list[int]
) -> tuple[NDArray[np.float64], list[int], float]:
    import numpy as np

    unit = float(stream.time_base)
    stamps = sorted(p for p in (read[i].pts for i in shown) if p is not None)
    lengths = [read[i].duration * unit for i in shown]
    step = float(np.median(lengths)) if min(lengths) > 0 else _rate_step(stream)
    complete = len(stamps) == len(shown)
    marks = np.array(stamps if complete else range(len(shown)), np.float64)
    return marks * (unit if complete else step), shown, step


def _rate_step(stream: Any) -> float:
    rate = stream.guessed_rate or stream.average_rate or stream.base_rate
    return float(1 / rate) if rate else 0.04


def orientation_of(frame: Any) -> Orientation:
    """How a decoded frame is turned for display."""
    import numpy as np

    for side in frame.side_data:
        data = side if hasattr(side, "type") else frame.side_data[side]
        if str(data.type).endswith("DISPLAYMATRIX"):
            numbers = np.frombuffer(bytes(data), np.int32)
            return Orientation.of_matrix(tuple(int(n) for n in numbers))
    return UPRIGHT
