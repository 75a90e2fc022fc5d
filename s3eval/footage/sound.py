"""The sound of a video: 16 kHz mono, every sample at its presentation time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s3eval.facts.footage import SOUND_RATE
from s3eval.footage.media import open_media, packets, picture_stream, zero_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from s3eval.facts.clips import Clip

__all__ = ["Sound", "sound_of"]

# Time stamps are rounded (Matroska: 1 ms); a step larger than this is a hole or an overlap.
_STEP = 0.02
# A clip with more lost sound than this is a failure, not a silence the model would judge.
MAX_LOST = 0.1


@dataclass(frozen=True)
class Sound:
    """Decoded sound from the video's start on.

    Attributes:
        samples: float32 in [-1, 1], shape (n,), 16 kHz mono; holes are silence.
        duration: seconds of the whole recording, as stated by the file.
        lost: (start, end) stretches in seconds whose packets did not decode.
    """

    samples: NDArray[np.float32]
    duration: float = 0.0
    lost: tuple[tuple[float, float], ...] = ()

    def of(self, clip: Clip) -> NDArray[np.float32]:
        """The clip's sound, shape (round(seconds * 16000),), padded with silence at its end."""
        import numpy as np

        first = round(clip.start * SOUND_RATE)
        found = np.zeros(round(clip.seconds * SOUND_RATE), np.float32)
        there = self.samples[first : first + len(found)]
        found[: len(there)] = there
        return found

    def lost_in(self, clip: Clip) -> float:
        """Seconds of the clip whose sound did not decode."""
        return sum(max(0.0, min(b, clip.end) - max(a, clip.start)) for a, b in self.lost)


def sound_of(path: Path, until: float, name: str = "") -> Sound | None:
    """Decode a file's first audio stream up to ``until`` seconds; None when it has none."""
    with open_media(path, name) as container:
        if not container.streams.audio:
            return None
        stream = container.streams.audio[0]
        zero = zero_of(container, _first_time(container, stream))
        lost: list[tuple[float, float]] = []
        runs = _runs(_frames(container, stream, zero, until, lost), zero)
        stated = (container.duration or 0) / 1e6
        return Sound(_placed(runs, until), stated, tuple(lost))


def _first_time(container: Any, sound: Any) -> float:
    """When the first picture (without pictures the first sound) starts, container time."""
    try:
        stream = picture_stream(container, "")
    except Exception:
        stream = sound
    if stream.start_time is None:
        return 0.0
    return float(stream.start_time * stream.time_base)


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


def _runs(frames: Iterable[Any], zero: float) -> Iterator[tuple[float, NDArray[np.float32]]]:
    """Gapless stretches: (start in seconds, 16 kHz mono samples)."""
    import av

    start, count, rate, resampler = 0.0, 0, 0, None
    parts: list[Any] = []
    for frame in frames:
        time = None if frame.pts is None else float(frame.pts * frame.time_base) - zero
        expected = start + (count / rate if rate else 0.0)
        follows = time is None or abs(time - expected) <= _STEP
        if resampler is None or not follows or frame.sample_rate != rate:
            if resampler is not None:
                yield start, _joined(parts, resampler)
            start, count, rate = (expected if time is None else time), 0, frame.sample_rate
            resampler, parts = av.AudioResampler("flt", "mono", SOUND_RATE), []
        count += frame.samples
        frame.pts = None  # the resampler would otherwise bridge small steps by itself
        parts += resampler.resample(frame)
    if resampler is not None:
        yield start, _joined(parts, resampler)


def _joined(parts: list[Any], resampler: Any) -> NDArray[np.float32]:
    import numpy as np

    arrays = [f.to_ndarray().reshape(-1) for f in [*parts, *resampler.resample(None)]]
    return np.concatenate(arrays) if arrays else np.zeros(0, np.float32)


def _placed(runs: Iterable[tuple[float, NDArray[np.float32]]], until: float) -> NDArray[np.float32]:
    import numpy as np

    placed = np.zeros(max(0, round(until * SOUND_RATE)), np.float32)
    for start, samples in runs:
        first = round(start * SOUND_RATE)
        kept = samples[max(0, -first) :]
        room = placed[max(0, first) :][: len(kept)]
        room[:] = kept[: len(room)]
    return placed.clip(-1.0, 1.0, out=placed)
