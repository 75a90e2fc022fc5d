"""One sequential pass with PyAV.

Packets that no wanted frame needs are not decoded: whole groups of pictures are passed over, and
within a group FFmpeg skips frames nothing refers to (bit-identical, a fifth cheaper). Damage is
looked for in every frame decoded, wanted or not, because it spreads through its group of
pictures: a group with any damage is spoiled whole. Damaged streams decode differently from run
to run with several threads, so at the first sign the pass starts over where it is, on one thread.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from s3eval.footage.backends import Event, Final, Picture, Spoiled
from s3eval.footage.index import VideoIndex
from s3eval.footage.limits import THREADED_PIXELS
from s3eval.footage.media import (
    open_media,
    orientation_of,
    packets,
    picture_stream,
    reason_of,
)
from s3eval.footage.sizes import Orientation

__all__ = ["Care", "read"]

# Damage shows at once or soon after; in a group longer than this many seconds, a frame counts
# as sound once so much was decoded behind it.
_PATIENCE = 10.0


class _DoubtError(Exception):
    """Something is wrong, and threads or skipping were in play: start over without."""


@dataclass(frozen=True)
class Care:
    """How to decode: several threads, skipping what nothing refers to. Results do not differ."""

    threads: bool = True
    skip: bool = True


CAREFUL = Care(threads=False, skip=False)


@dataclass
class _Progress:
    """The wanted frames and how far the pass is; survives starting over."""

    wanted: tuple[int, ...]
    done: int = 0
    bad: dict[int, str] = field(default_factory=dict)

    @property
    def rest(self) -> tuple[int, ...]:
        return self.wanted[self.done :]


def read(
    path: Path, index: VideoIndex, wanted: Sequence[int], care: Care | None = None
) -> Iterator[Event]:
    """The events of one pass over a file (see :class:`s3eval.footage.backends.Reader`)."""
    progress = _Progress(tuple(wanted))
    if index.packet_of is None:
        yield from _read_counted(path, index, progress)
        return
    care = care or Care()
    try:
        healthy = replace(care, threads=care.threads and not index.damaged)
        yield from _Pass(path, index, healthy, progress).events()
    except _DoubtError:
        yield from _Pass(path, index, CAREFUL, progress).events()


class _Pictures:
    """Makes pictures of frames; the first one's orientation holds for all.

    Asking a PyAV frame for its side data ties it into a reference cycle, which keeps its pixels
    until the garbage collector comes by: asked of every frame, gigabytes.
    """

    def __init__(self) -> None:
        self.orientation: Orientation | None = None

    def of(self, number: int, frame: Any) -> Picture:
        if self.orientation is None:
            self.orientation = orientation_of(frame)
        return Picture(number, frame, self.orientation)


class _Pass:
    """A pass over a file whose packets say when they are shown."""

    def __init__(self, path: Path, index: VideoIndex, care: Care, progress: _Progress) -> None:
        self.path, self.index, self.care, self.progress = path, index, care, progress
        self.packet_of = index.packet_of or array("q")
        self.groups, self.number_of = index.groups, index.number_of
        self.missing = set(progress.rest)
        self.latest = -1
        self.pictures = _Pictures()
        places = [self.packet_of[n] for n in progress.rest]
        own = {self.groups.of(p) for p in places}
        leads = {self.groups.of(p) - 1 for p in places if self.groups.leads(p)}
        # The group before each is decoded too: it serves pictures shown before their keyframe,
        # and streams that refresh gradually instead of by whole keyframes.
        self.needed = own | {g - 1 for g in own if g > 0}
        self.matters = own | leads

    def events(self) -> Iterator[Event]:
        """Pictures as they come; Final when nothing can spoil them any more."""
        if not self.progress.rest:
            return
        with open_media(self.path) as container:
            stream = picture_stream(container, "")
            context = stream.codec_context
            # Each thread of the decoder holds pictures of its own.
            threads = self.care.threads and context.width * context.height <= THREADED_PIXELS
            context.thread_type = "AUTO" if threads else "NONE"
            context.thread_count = 0 if threads else 1
            previous, last = -1, max(self.needed)
            for place, packet in enumerate(packets(container, stream)):
                group = self.groups.of(place)
                if group > last:
                    break
                if group != previous and previous in self.needed and group not in self.needed:
                    yield from self._drain(context, previous)
                previous = group
                if group in self.needed and not self._refers_back(group, place):
                    yield from self._decode(context, packet, place)
            yield from self._drain(context, last)

    def _refers_back(self, group: int, place: int) -> bool:
        """Whether a packet refers to a group that was passed over; nothing wanted needs it."""
        return group > 0 and group - 1 not in self.needed and self.groups.leads(place)

    def _decode(self, context: Any, packet: Any, place: int) -> Iterator[Event]:
        import av

        number = self.number_of(packet.pts)
        if self.care.skip:
            context.skip_frame = "DEFAULT" if number in self.missing else "NONREF"
        if place in self.index.damaged:
            self._damage(place, "a packet in it is damaged")
        try:
            frames = context.decode(packet)
        except av.error.FFmpegError as error:
            self._damage(place, f"it does not decode: {reason_of(error)}")
            return
        for frame in frames:
            yield from self._frame(frame)

    def _drain(self, context: Any, group: int) -> Iterator[Event]:
        """Get out what the decoder holds back; everything up to this group is then decoded."""
        import av

        try:
            for frame in context.decode(None):
                yield from self._frame(frame)
        except av.error.EOFError:
            pass
        except av.error.FFmpegError as error:
            self._damage(self.groups.last(group), f"it does not decode: {reason_of(error)}")
        context.flush_buffers()
        yield from self._close(lambda n: self.groups.of(self.packet_of[n]) <= group)

    def _frame(self, frame: Any) -> Iterator[Event]:
        number = self.number_of(frame.pts)
        if number is None:
            return
        place = self.packet_of[number]
        group = self.groups.of(place)
        if frame.is_corrupt:
            self._damage(place, "pictures in it are damaged")
        if number < self.latest:
            self._damage(place, "its time stamps contradict the order of its pictures")
        self.latest = max(number, self.latest)
        if number in self.missing:
            self.missing.discard(number)
            yield self.pictures.of(number, frame)
        if place == self.groups.first(group):
            # A keyframe comes out only when every packet before it has been worked on.
            yield from self._close(lambda n: self.groups.of(self.packet_of[n]) < group)
        else:
            limit = self.index.times[number] - _PATIENCE
            yield from self._close(lambda n: bool(self.index.times[n] < limit))

    def _damage(self, place: int, why: str) -> None:
        if self.care != CAREFUL:
            raise _DoubtError
        if self.groups.of(place) in self.matters:
            self.progress.bad.setdefault(self.groups.of(place), why)

    def _close(self, settled: Any) -> Iterator[Event]:
        """Report the next wanted frames for which ``settled(number)`` holds as final."""
        rest = self.progress.rest
        count = next((i for i, n in enumerate(rest) if not settled(n)), len(rest))
        if not count:
            return
        done = rest[:count]
        if self.care != CAREFUL and not self.missing.isdisjoint(done):
            raise _DoubtError
        spoiled: dict[str, set[int]] = {}
        for number in done:
            why = self._why(number)
            if why:
                spoiled.setdefault(why, set()).add(number)
        for why, numbers in spoiled.items():
            yield Spoiled(frozenset(numbers), why)
        self.progress.done += count
        yield Final(done[-1])

    def _why(self, number: int) -> str:
        place = self.packet_of[number]
        group, bad = self.groups.of(place), self.progress.bad
        if group in bad:
            return bad[group]
        if self.groups.leads(place) and group - 1 in bad:
            return bad[group - 1]
        return "no picture came out of the decoder" if number in self.missing else ""


def _read_counted(path: Path, index: VideoIndex, progress: _Progress) -> Iterator[Event]:
    """A pass over a file whose packets do not say when they are shown: pictures are counted.

    Everything is decoded, on one thread. After damage the count is no longer certain, so all
    wanted frames from the last good keyframe on are spoiled.
    """
    import av

    wanted, why, count = set(progress.wanted), "", 0
    pending: list[int] = []
    pictures = _Pictures()
    with open_media(path) as container:
        stream = picture_stream(container, "")
        context = stream.codec_context
        context.thread_type, context.thread_count = "NONE", 1
        for packet in [None] if not wanted else _then_none(packets(container, stream)):
            try:
                frames = context.decode(packet)
            except av.error.EOFError:
                frames = []
            except av.error.FFmpegError as error:
                why = f"it does not decode: {reason_of(error)}"
                break
            for frame in frames:
                if frame.is_corrupt:
                    why = "pictures in it are damaged"
                if frame.key_frame and pending and not why:
                    yield Final(pending[-1])
                    pending = []
                if count in wanted:
                    pending.append(count)
                    yield pictures.of(count, frame)
                count += 1
            if why or (count > max(wanted, default=-1) and not pending):
                break
    lost = {n for n in wanted if n >= count}
    if why:
        lost |= {n for n in wanted if n >= min(pending, default=count)}
    if lost:
        yield Spoiled(frozenset(lost), why or "no picture came out of the decoder")
    if wanted:
        yield Final(max(wanted))


def _then_none(source: Iterator[Any]) -> Iterator[Any]:
    yield from source
    yield None
