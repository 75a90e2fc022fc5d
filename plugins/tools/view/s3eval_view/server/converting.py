"""One file to another that browsers play: H.264 and AAC in MP4, upright, at the same times."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

from s3eval.facts.clips import Sampling
from s3eval.facts.footage import FootageError
from s3eval.footage.media import (
    footage_errors,
    open_media,
    orientation_of,
    packets,
    picture_stream,
    sound_stream,
    zero_of,
)
from s3eval.footage.sizes import Scaler, target_size
from s3eval.footage.stated import facts_of

__all__ = ["convert"]

#: A picture has at most so many pixels, so that two cores convert faster than the video plays.
SIZE = Sampling(max_pixels=1280 * 720)
#: Of presentation times: milliseconds.
_BASE = Fraction(1, 1000)
_SOUND_RATE = 48_000


def convert(path: Path, target: Path, name: str, report_progress: Callable[[float], None]) -> str:
    """Convert a recording; its presentation times stay, so that annotated times stay right.

    Args:
        target: a new file that ends in .mp4.
        name: what errors call the video.
        report_progress: called with the share that is done, in [0, 1].

    Returns:
        what was made, in words.

    Raises:
        FootageError: it cannot be decoded, or holds no pictures.
    """
    import av

    with footage_errors(name):
        facts = facts_of(path, name)
        if not facts.has_pictures:
            raise FootageError("There are no pictures to convert", "nothing-to-show", where=name)
        width, height = (x - x % 2 for x in target_size(facts.width, facts.height, SIZE))
        with (
            open_media(path, name) as source,
            av.open(str(target), "w", options={"movflags": "+faststart"}) as out,
        ):
            work = _Work(source, out, (width, height), name)
            for seconds in work.run():
                report_progress(seconds / facts.duration if facts.duration else 0.0)
    sound = " with sound" if facts.has_sound else ""
    return f"{facts.codec}, converted to H.264 of {width} × {height} pixels{sound}"


class _Work:
    """The streams of one conversion."""

    def __init__(self, source: Any, out: Any, size: tuple[int, int], name: str) -> None:
        from av.audio.resampler import AudioResampler

        self.source, self.out, self.size = source, out, size
        self.pictures = picture_stream(source, name)
        self.pictures.thread_type = "AUTO"
        self.sound = sound_stream(source)
        self.video = out.add_stream("libx264", rate=25)
        self.video.width, self.video.height = size
        self.video.pix_fmt = "yuv420p"
        self.video.time_base = self.video.codec_context.time_base = _BASE
        # A keyframe at least every second: seeking stays quick.
        self.video.codec_context.gop_size = 25
        self.video.options = {"preset": "ultrafast", "crf": "23"}
        self.audio: Any = None
        if self.sound is not None:
            self.audio = out.add_stream("aac", rate=_SOUND_RATE, layout="stereo")
            self.resampler = AudioResampler("fltp", "stereo", _SOUND_RATE)
        self.scaler: Scaler | None = None
        self.zero = _zero(source, self.pictures)
        self.last = -1

    def run(self) -> Iterator[float]:
        """Convert; yields the second that is reached, about twice a second of video."""
        streams = [s for s in (self.pictures, self.sound) if s is not None]
        reached = 0.0
        for packet in packets(self.source, *streams):
            for frame in _decoded(packet):
                if frame.pts is None:
                    continue
                if packet.stream is self.sound:
                    self._heard(frame)
                else:
                    self._seen(frame)
                    if self.last / 1000 > reached + 0.5:
                        reached = self.last / 1000
                        yield reached
        for frame in _flushed(self.pictures):
            if frame.pts is not None:
                self._seen(frame)
        self._finish()

    def _at(self, frame: Any, stream: Any) -> float:
        # Not the frame's own time base, which FFmpeg leaves open.
        time = float(frame.pts * stream.time_base)
        return time - self.zero

    def _seen(self, frame: Any) -> None:
        import av

        place = round(self._at(frame, self.pictures) * 1000)
        if place <= self.last:
            return
        if self.scaler is None:
            # Asked of the first frame only, see s3eval.footage.backends.pyav.
            self.scaler = Scaler(self.size, orientation_of(frame))
        made = av.VideoFrame.from_ndarray(self.scaler(frame), format="rgb24")
        made.pts, made.time_base = place, _BASE
        self.last = place
        self.out.mux(self.video.encode(made))

    def _heard(self, frame: Any) -> None:
        at = self._at(frame, self.sound)
        if at < 0:
            return
        frame.pts, frame.time_base = round(at * _SOUND_RATE), Fraction(1, _SOUND_RATE)
        for some in self.resampler.resample(frame):
            self.out.mux(self.audio.encode(some))

    def _finish(self) -> None:
        self.out.mux(self.video.encode(None))
        if self.audio is not None:
            for some in self.resampler.resample(None):
                self.out.mux(self.audio.encode(some))
            self.out.mux(self.audio.encode(None))


def _zero(source: Any, pictures: Any) -> float:
    """The container's time of the video's start, as frames for models count it."""
    start = pictures.start_time
    first = float("nan") if start is None else float(start * pictures.time_base)
    zero = zero_of(source, first)
    return 0.0 if math.isnan(zero) else zero


def _decoded(packet: Any) -> list[Any]:
    import av

    try:
        return list(packet.decode())
    except av.error.FFmpegError:  # a damaged stretch: what follows is shown all the same
        return []


def _flushed(stream: Any) -> list[Any]:
    import av

    try:
        return list(stream.decode(None))
    except (av.error.FFmpegError, EOFError):
        return []
