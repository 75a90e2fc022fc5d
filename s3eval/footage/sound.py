"""The sound of a video: 16 kHz mono, every sample at its presentation time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s3eval.facts.footage import SOUND_RATE, FootageError
from s3eval.footage.limits import MAX_HEARD, SOUND_RATES
from s3eval.footage.media import open_media, packets, sound_stream, zero_of
from s3eval.footage.stated import first_time

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from s3eval.facts.clips import Clip

__all__ = ["MAX_LOST", "Sound", "sound_of"]

# Time stamps are rounded (Matroska: 1 ms); a step larger than this is a hole or an overlap.
_STEP = 0.02
# Decoders and the resampler hand out a little late: a second more is decoded than is wanted.
_AHEAD = 1.0
_BLOCK = 2 * SOUND_RATE
# A clip with more lost sound than this is a failure, not a silence the model would judge.
MAX_LOST = 0.1


class Sound:
    """The sound of a file, decoded as far as the next clip needs it.

    Held are the samples from the earliest start of a clip still to come on, so that memory
    goes with what is asked and what is there, never with what the file states.

    Args:
        container: the open file.
        stream: the track to hear.
        clips: those that will be asked for, in that order: by their ends.
        name: what errors call the file.
    """

    def __init__(self, container: Any, stream: Any, clips: Sequence[Clip], name: str = "") -> None:
        zero = zero_of(container, first_time(container, stream))
        self._lost: list[tuple[float, float]] = []
        until = max((c.end for c in clips if c.seconds <= MAX_HEARD), default=0.0)
        frames = _frames(container, stream, zero, until, self._lost)
        self._coming = _pieces(frames, zero, name)
        self._pieces: list[tuple[int, NDArray[np.float32]]] = []
        self._reached = 0.0
        # What clips after each one start with, the earliest last.
        self._needed = _earliest_after(clips)

    def of(self, clip: Clip) -> NDArray[np.float32]:
        """The clip's sound, shape (round(seconds * 16000),), padded with silence at its end."""
        import numpy as np

        self._advance(clip.end + _AHEAD)
        first = round(clip.start * SOUND_RATE)
        padded = np.zeros(round(clip.seconds * SOUND_RATE), np.float32)
        for start, samples in self._pieces:
            kept = samples[max(0, first - start) :]
            room = padded[max(0, start - first) :][: len(kept)]
            room[:] = kept[: len(room)]
        return padded.clip(-1.0, 1.0, out=padded)

    def lost_in(self, clip: Clip) -> float:
        """Seconds of the clip whose sound did not decode."""
        self._advance(clip.end + _AHEAD)
        return sum(max(0.0, min(b, clip.end) - max(a, clip.start)) for a, b in self._lost)

    def passed(self) -> None:
        """A clip is done with, whatever became of it: forget what no later one needs."""
        before = self._needed.pop()
        first = round(before * SOUND_RATE) if before < math.inf else math.inf
        self._pieces = [p for p in self._pieces if p[0] + len(p[1]) > first]
        self._lost[:] = [part for part in self._lost if part[1] > before]

    def _advance(self, until: float) -> None:
        while self._reached < until:
            piece = next(self._coming, None)
            if piece is None:
                self._reached = math.inf
                return
            self._pieces.append(piece)
            self._reached = (piece[0] + len(piece[1])) / SOUND_RATE


def _earliest_after(clips: Sequence[Clip]) -> list[float]:
    """For each clip from the last to the first, the earliest start of those behind it."""
    starts, earliest = [], math.inf
    for clip in reversed(clips):
        starts.append(earliest)
        if clip.seconds <= MAX_HEARD:
            earliest = min(earliest, clip.start)
    return starts


@contextmanager
def sound_of(path: Path, clips: Sequence[Clip], name: str = "") -> Iterator[Sound | None]:
    """The sound of a file for these clips, ordered by their ends; None when it has none.

    Raises:
        FootageError: the file cannot be opened.
    """
    with open_media(path, name) as container:
        stream = sound_stream(container)
        yield None if stream is None else Sound(container, stream, clips, name)


def _frames(
    container: Any, stream: Any, zero: float, until: float, lost: list[tuple[float, float]]
) -> Iterator[Any]:
    """Decoded audio frames; what fails to decode is noted as lost."""
    import av

    for packet in packets(container, stream):
        start = None if packet.pts is None else float(packet.pts * packet.time_base) - zero
        if start is not None and start > until + 1:
            return
        try:
            if packet.is_corrupt:
                raise av.error.InvalidDataError(0, "corrupt")
            yield from packet.decode()
        except av.error.FFmpegError:
            if start is not None:
                lost.append((start, start + float((packet.duration or 0) * packet.time_base)))
    try:
        yield from stream.codec_context.decode(None)
    except av.error.FFmpegError:
        return


def _pieces(
    frames: Iterable[Any], zero: float, name: str
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Samples as they come: (place of the first, counted at 16 kHz from zero; mono).

    Gapless stretches go through one resampler each and are placed by their own start alone.
    """
    import av

    start, count, rate, resampler, block = 0.0, 0, 0, None, _Block(0)
    for frame in frames:
        time = None if frame.pts is None else float(frame.pts * frame.time_base) - zero
        expected = start + (count / rate if rate else 0.0)
        follows = time is None or abs(time - expected) <= _STEP
        if resampler is None or not follows or frame.sample_rate != rate:
            if resampler is not None:
                block.add(resampler.resample(None))
                yield from block.taken()
            start, count, rate = (expected if time is None else time), 0, frame.sample_rate
            _check_rate(rate, name)
            resampler = av.AudioResampler("flt", "mono", SOUND_RATE)
            block = _Block(round(start * SOUND_RATE))
        count += frame.samples
        frame.pts = None  # the resampler would otherwise bridge small steps by itself
        block.add(resampler.resample(frame))
        if block.samples >= _BLOCK:
            yield from block.taken()
    if resampler is not None:
        block.add(resampler.resample(None))
        yield from block.taken()


class _Block:
    """Resampled frames that follow each other, to be joined: one array is sooner looked up."""

    def __init__(self, place: int) -> None:
        self.place, self.samples = place, 0
        self._parts: list[NDArray[np.float32]] = []

    def add(self, frames: Iterable[Any]) -> None:
        for frame in frames:
            self._parts.append(frame.to_ndarray().reshape(-1))
            self.samples += len(self._parts[-1])

    def taken(self) -> Iterator[tuple[int, NDArray[np.float32]]]:
        import numpy as np

        if self._parts:
            yield self.place, np.concatenate(self._parts)
        self.place, self.samples, self._parts = self.place + self.samples, 0, []


def _check_rate(rate: int, name: str) -> None:
    low, high = SOUND_RATES
    if not low <= rate <= high:
        what = f"The sound is stated to have {rate} samples a second"
        raise FootageError(
            what, "damaged", where=name, why=f"between {low:,} and {high:,} are read"
        )
