"""Reading a file's structure with PyAV: its packets, presentation times and facts."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s3eval.errors import S3EvalError
from s3eval.facts.footage import MediaFacts
from s3eval.footage.sizes import UPRIGHT, Orientation

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = [
    "Group",
    "VideoIndex",
    "facts_of",
    "index_of",
    "open_media",
    "packets",
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


@dataclass(frozen=True)
class _Packet:
    pts: int | None
    key: bool
    hidden: bool
    corrupt: bool
    duration: int


def open_media(path: Path, name: str = "") -> Any:
    """Open a file for reading (an ``av`` input container).

    Raises:
        S3EvalError: no such file, or not a media file; named by ``name``, never by its path.
    """
    import av

    name = name or path.name
    if not path.is_file():
        raise S3EvalError("No such video file", where=name, fix="s3eval data check DATASET")
    if path.stat().st_size == 0:
        raise S3EvalError("The video file is empty", where=name)
    try:
        return av.open(str(path), "r")
    except (av.error.FFmpegError, ValueError) as error:
        raise S3EvalError(
            "The video file cannot be opened",
            where=name,
            why=f"{reason_of(error)}; it is no video, or was cut off before its index",
        ) from None


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
        S3EvalError: no picture stream, or not a single packet in it.
    """
    with open_media(path, name) as container:
        stream = picture_stream(container, name or path.name)
        read = [_packet(p) for p in packets(container, stream)]
        if not any(p.key for p in read):  # some containers mark none: then one group is all
            read = [
                _Packet(p.pts, i == 0, p.hidden, p.corrupt, p.duration) for i, p in enumerate(read)
            ]
        groups = _groups(read)
        hidden = _undecodable(read, groups)
        shown = [i for i, p in enumerate(read) if not p.hidden and i not in hidden]
        if not shown:
            raise S3EvalError("The video holds no pictures", where=name or path.name)
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
    """The first stream that is a video and no cover picture.

    Raises:
        S3EvalError: there is none.
    """
    for stream in container.streams.video:
        if not _is_cover(stream):
            return stream
    raise S3EvalError("The file has neither pictures nor sound", where=name)


def _pictures(container: Any) -> bool:
    """Whether there is a video stream that is no cover picture."""
    return any(not _is_cover(s) for s in container.streams.video)


def _is_cover(stream: Any) -> bool:
    return "attached_pic" in str(getattr(stream, "disposition", "")).lower()


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


def facts_of(path: Path, name: str = "") -> MediaFacts:
    """What a file says about itself; decodes one frame, for its orientation.

    Of a file with sound and no pictures the packets are read: formats without an index only
    guess how long they are.

    Raises:
        S3EvalError: neither pictures nor sound, or how long it is cannot be found out.
    """
    with open_media(path, name) as container:
        if container.streams.audio and not _pictures(container):
            return _sound_facts(container, name or path.name)
        stream = picture_stream(container, name or path.name)
        context = stream.codec_context
        orientation = _first_orientation(container, stream)
        wide, high = displayed_size(stream, orientation)
        duration = _stated_duration(container, stream)
        facts = MediaFacts(
            duration=duration if duration is not None else index_of(path, name).end,
            width=wide,
            height=high,
            fps=float(stream.average_rate or stream.guessed_rate or 0),
            frames=int(stream.frames or 0),
            has_sound=bool(container.streams.audio),
            rotation=orientation.clockwise,
            codec=str(context.name),
        )
    if not facts.width or not facts.height:
        raise S3EvalError("The video has no picture size", where=name or path.name)
    return facts


def _sound_facts(container: Any, name: str) -> MediaFacts:
    stream = container.streams.audio[0]
    first, end = None, 0.0
    for packet in packets(container, stream):
        if packet.pts is not None:
            start = float(packet.pts * packet.time_base)
            first = start if first is None else first
            end = max(end, start + float((packet.duration or 0) * packet.time_base))
    duration = end - zero_of(container, first or 0.0)
    if first is None or duration <= 0:
        raise S3EvalError("The file holds no sound", where=name)
    return MediaFacts(duration, 0, 0, 0.0, 0, True, 0, str(stream.codec_context.name))


def displayed_size(stream: Any, orientation: Orientation) -> tuple[int, int]:
    """(width, height) upright with square pixels: the stored width is stretched."""
    context = stream.codec_context
    aspect = stream.sample_aspect_ratio or context.sample_aspect_ratio or 1
    wide, high = max(1, round(context.width * float(aspect))), int(context.height)
    return (high, wide) if orientation.swap else (wide, high)


def orientation_of(frame: Any) -> Orientation:
    """How a decoded frame is turned for display."""
    import numpy as np

    for side in frame.side_data:
        data = side if hasattr(side, "type") else frame.side_data[side]
        if str(data.type).endswith("DISPLAYMATRIX"):
            numbers = np.frombuffer(bytes(data), np.int32)
            return Orientation.of_matrix(tuple(int(n) for n in numbers))
    return UPRIGHT


def _first_orientation(container: Any, stream: Any) -> Orientation:
    import av

    for packet in packets(container, stream):
        try:
            for frame in packet.decode():
                return orientation_of(frame)
        except av.error.FFmpegError:
            continue
    return UPRIGHT


def _stated_duration(container: Any, stream: Any) -> float | None:
    """Seconds from the video's start to the picture's end, as stated; None when nothing is."""
    unit = float(stream.time_base)
    if stream.start_time is None:
        return None
    first = stream.start_time * unit
    lead = first - zero_of(container, first)
    if stream.duration:
        return float(lead + stream.duration * unit)
    tag = _clock(stream.metadata.get("DURATION", ""))
    if tag is not None:  # Matroska: the end of the last frame, from the container's zero
        return tag - zero_of(container, first)
    return None


def _clock(text: str) -> float | None:
    try:
        hours, minutes, seconds = text.split(":")
        return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    except ValueError:
        return None
