"""What one reading of a file's packets tells: which frame is shown when, and what it needs."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s3eval.facts.footage import FootageError
from s3eval.footage.limits import MAX_PACKETS
from s3eval.footage.media import footage_errors, open_media, packets, picture_stream, zero_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Groups", "VideoIndex", "index_of"]

# No time stamp, as FFmpeg writes it (AV_NOPTS_VALUE).
_NONE = -(2**63)


@dataclass(frozen=True)
class Groups:
    """The groups of pictures of a stream, in file order: each starts with a keyframe.

    Attributes:
        starts: by group, the place of its keyframe among the packets.
        packets: how many packets there are.
        leading: by group that has any, its packets shown before its keyframe: they also need
            the group before.
    """

    starts: array[int]
    packets: int
    leading: Mapping[int, frozenset[int]] = field(default_factory=dict)

    def of(self, place: int) -> int:
        """The group of a packet, -1 before the first keyframe."""
        return bisect_right(self.starts, place) - 1

    def first(self, group: int) -> int:
        """The place of a group's keyframe."""
        return self.starts[group]

    def last(self, group: int) -> int:
        """The place of a group's last packet."""
        return (self.starts[group + 1] if group + 1 < len(self.starts) else self.packets) - 1

    def leads(self, place: int) -> bool:
        """Whether a packet is shown before its keyframe."""
        return bool(self.leading) and place in self.leading.get(self.of(place), ())


@dataclass(frozen=True)
class VideoIndex:
    """What one reading of all packets tells, before anything is decoded.

    Attributes:
        times: float64, shape (frames,), ascending presentation times; 0 is the video's start.
        end: when the last frame stops being shown.
        packet_of: by shown number, its packet's place in the file; None when the packets do not
            say when they are shown, and frames must be counted as they come out.
        pts: by shown number, its time stamp in the stream's unit (empty when counted).
        groups: the groups of pictures.
        damaged: places of packets the container itself calls damaged.
        packets: how many there are.
    """

    times: NDArray[np.float64]
    end: float
    packet_of: array[int] | None
    pts: array[int]
    groups: Groups
    damaged: frozenset[int]
    packets: int

    def number_of(self, pts: int | None) -> int | None:
        """The shown number of a time stamp (the first, where several frames share it)."""
        if pts is None:
            return None
        number = bisect_left(self.pts, pts)
        return number if number < len(self.pts) and self.pts[number] == pts else None


@dataclass(frozen=True)
class _Read:
    """The packets of a stream in file order, a column each; hours of video are millions."""

    pts: NDArray[np.int64]
    durations: NDArray[np.int64]
    key: NDArray[np.bool_]
    hidden: NDArray[np.bool_]
    corrupt: NDArray[np.bool_]

    @property
    def count(self) -> int:
        return len(self.pts)


def index_of(path: Path, name: str = "") -> VideoIndex:
    """Read all packets of a file's picture stream; decodes nothing (as good as always).

    Raises:
        FootageError: no picture stream, not a single packet in it, or too many.
    """
    import numpy as np

    with footage_errors(name), open_media(path, name) as container:
        stream = picture_stream(container, name)
        read = _read(container, stream, name)
        groups = _groups(read)
        seen = ~read.hidden
        # What the packets before the first keyframe, and its leading ones, refer to is missing.
        seen[: groups.first(0) if read.count else 0] = False
        seen[[*groups.leading.get(0, ())]] = False
        shown = np.flatnonzero(seen)
        if not len(shown):
            raise FootageError("The video holds no pictures", "nothing-to-show", where=name)
        stamped = container.format.name != "avi" and bool((read.pts[shown] != _NONE).all())
        times, order, length = (
            _timed(stream, read, shown) if stamped else _counted(stream, read, shown)
        )
        zero = zero_of(container, float(times[0])) if stamped else float(times[0])
        return VideoIndex(
            times=times - zero,
            end=float(times[-1]) - zero + length,
            packet_of=_column(order) if stamped else None,
            pts=_column(read.pts[order]) if stamped else array("q"),
            groups=groups,
            damaged=frozenset(np.flatnonzero(read.corrupt).tolist()),
            packets=read.count,
        )


def _read(container: Any, stream: Any, name: str) -> _Read:
    import numpy as np

    pts, durations, flags = array("q"), array("q"), bytearray()
    for packet in islice(packets(container, stream), MAX_PACKETS + 1):
        pts.append(_NONE if packet.pts is None else packet.pts)
        durations.append(packet.duration or 0)
        flags.append(packet.is_keyframe | packet.is_discard << 1 | packet.is_corrupt << 2)
    if len(pts) > MAX_PACKETS:
        what = f"The video holds more than {MAX_PACKETS:,} pictures"
        raise FootageError(what, "too-long", where=name, fix="cut it into several files")
    marks = np.frombuffer(flags, np.uint8)
    key = (marks & 1) > 0
    if not key.any():  # some containers mark none: then one group is all
        key[:1] = True
    return _Read(
        np.frombuffer(pts, np.int64),
        np.frombuffer(durations, np.int64),
        key,
        (marks & 2) > 0,
        (marks & 4) > 0,
    )


def _groups(read: _Read) -> Groups:
    import numpy as np

    starts = np.flatnonzero(read.key)
    if not len(starts):
        return Groups(array("q"), 0)
    first = int(starts[0])
    lengths = np.diff(np.append(starts, read.count))
    keys, own = np.repeat(read.pts[starts], lengths), read.pts[first:]
    early = first + np.flatnonzero((own != _NONE) & (keys != _NONE) & (own < keys))
    leading: dict[int, set[int]] = {}
    for place, group in zip(early, np.searchsorted(starts, early, "right") - 1, strict=True):
        leading.setdefault(int(group), set()).add(int(place))
    return Groups(_column(starts), read.count, {g: frozenset(p) for g, p in leading.items()})


def _column(values: NDArray[np.int64]) -> array[int]:
    return array("q", values.astype("int64").tobytes())


def _timed(
    stream: Any, read: _Read, shown: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64], float]:
    import numpy as np

    order = shown[np.argsort(read.pts[shown], kind="stable")]
    unit = float(stream.time_base)
    times = read.pts[order].astype(np.float64) * unit
    length = float(read.durations[order[-1]]) * unit
    if length <= 0:
        length = float(np.median(np.diff(times))) if len(times) > 1 else _rate_step(stream)
    return times, order, length


def _counted(
    stream: Any, read: _Read, shown: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64], float]:
    import numpy as np

    unit = float(stream.time_base)
    stamps = np.sort(read.pts[shown][read.pts[shown] != _NONE])
    lengths = read.durations[shown] * unit
    step = float(np.median(lengths)) if lengths.min() > 0 else _rate_step(stream)
    if len(stamps) == len(shown):
        return stamps.astype(np.float64) * unit, shown, step
    return np.arange(len(shown), dtype=np.float64) * step, shown, step


def _rate_step(stream: Any) -> float:
    rate = stream.guessed_rate or stream.average_rate or stream.base_rate
    return float(1 / rate) if rate else 0.04
