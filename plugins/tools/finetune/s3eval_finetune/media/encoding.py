"""Encoding a span anew: H.264 with every frame at its own time, 16 kHz mono AAC."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from s3eval.facts.clips import Clip, Sampling
from s3eval.facts.footage import SOUND_RATE, FootageError
from s3eval.footage.backends import Picture, Spoiled, reader
from s3eval.footage.sizes import UPRIGHT, Scaler
from s3eval.footage.sound import MAX_LOST, sound_of
from s3eval.footage.writing import add_sound_block

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from s3eval_finetune.media.cutting import Source
    from s3eval_finetune.samples.sample import Span

__all__ = ["encode", "pictures_of", "sound_within"]

# Frames do not refer to later ones (bf=0): every reader then finds them in order, from 0 on.
_X264 = {"preset": "veryfast", "crf": "18", "threads": "1", "bf": "0", "x264-params": "keyint=50"}
_UNIT = Fraction(1, 90_000)


def encode(source: Source, span: Span, numbers: Sequence[int], part: Path) -> None:
    """Write these frames of a video and the span's sound.

    A video without sound gets a silent track, so that an engine told to take the sound out of
    every video finds one.

    Raises:
        FootageError: a frame or the sound of the span does not decode.
    """
    import av

    heard = sound_within(source, span)
    with av.open(str(part), "w", format="mp4", options={"movflags": "+faststart"}) as box:
        facts = source.facts
        average = max(1, round(len(numbers) / span.seconds))
        video = box.add_stream("libx264", rate=average, options=_X264)
        size = facts.width // 2 * 2, facts.height // 2 * 2
        video.width, video.height, video.pix_fmt = *size, "yuv420p"
        video.codec_context.time_base = _UNIT
        audio = box.add_stream("aac", rate=SOUND_RATE, layout="mono")
        audio.bit_rate = 64_000
        lasts, sent = _lengths(source, span, numbers), 0
        for picture in pictures_of(source, numbers):
            made = _upright(picture, size)
            made.pts, made.time_base = _pts(source, span, picture.number), _UNIT
            _mux(box, video, made, lasts)
            while sent < len(heard) and sent / SOUND_RATE <= made.pts * float(_UNIT):
                sent = add_sound_block(box, audio, heard, sent)
        _mux(box, video, None, lasts)
        while sent < len(heard):
            sent = add_sound_block(box, audio, heard, sent)
        box.mux(audio.encode(None))


def pictures_of(source: Source, numbers: Sequence[int]) -> Iterator[Picture]:
    """The frames of these shown numbers (ascending), once they are known to be undamaged.

    Held meanwhile are those of a group of pictures.

    Raises:
        FootageError: one of them is damaged or missing.
    """
    waiting: dict[int, Picture] = {}
    for event in reader("pyav")(source.path, source.index, numbers):
        if isinstance(event, Picture):
            waiting[event.number] = event
        elif isinstance(event, Spoiled):
            at = source.index.times[min(event.numbers)]
            raise FootageError(
                f"{len(event.numbers)} frames are damaged",
                "damaged",
                where=source.name,
                why=f"from {at:.2f} s on: {event.reason}",
            )
        else:
            for number in sorted(n for n in waiting if n <= event.number):
                yield waiting.pop(number)


def _pts(source: Source, span: Span, number: int) -> int:
    """When a frame shows, from the span's start on; one rounded to just before it, at 0."""
    return max(0, round((float(source.index.times[number]) - span.start) / _UNIT))


def _lengths(source: Source, span: Span, numbers: Sequence[int]) -> dict[int, int]:
    """How long each frame shows, by its time: up to the next one, or to the span's end."""
    shown = [_pts(source, span, n) for n in numbers]
    ends = [*shown[1:], max(shown[-1] + 1, round(span.seconds / _UNIT))]
    return {a: b - a for a, b in zip(shown, ends, strict=True)}


def _mux(box: Any, stream: Any, frame: Any, lasts: dict[int, int]) -> None:
    for packet in stream.encode(frame):
        if packet.pts is not None and packet.time_base == _UNIT:
            packet.duration = lasts.get(packet.pts, packet.duration)
        box.mux(packet)


def _upright(picture: Picture, size: tuple[int, int]) -> Any:
    import av

    frame, orientation = picture.frame, picture.orientation
    if orientation == UPRIGHT and (frame.width, frame.height) == size:
        return frame.reformat(format="yuv420p")
    turned = np.ascontiguousarray(Scaler(size, orientation)(frame))
    made = av.VideoFrame.from_ndarray(turned, format="rgb24")
    return made.reformat(format="yuv420p")


def sound_within(source: Source, span: Span) -> NDArray[np.float32]:
    """The span's sound, shape (seconds * 16000,); silence where the video has none."""
    clip = Clip(span.video, span.start, span.end, Sampling())
    with sound_of(source.path, [clip], source.name) as sound:
        if sound is None:
            return np.zeros(round(clip.seconds * SOUND_RATE), np.float32)
        heard = sound.of(clip)
        if sound.lost_in(clip) > MAX_LOST:
            raise FootageError("The sound of a span is damaged", "damaged", where=span.video)
        return heard
