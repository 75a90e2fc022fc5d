"""A span as pictures, and its sound as a file, for engines that take no video."""

from __future__ import annotations

import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from s3eval.facts.clips import Clip, Sampling
from s3eval.facts.footage import SOUND_RATE, FootageError, FootageFailure
from s3eval.footage.decoding import decode
from s3eval_finetune.appendix import FRAME_PIXELS
from s3eval_finetune.media.cutting import Cut, Source
from s3eval_finetune.samples.sample import Span

__all__ = ["write_pictures", "write_sound"]


def write_pictures(source: Source, span: Span, files: Sequence[Path]) -> Cut:
    """Write as many frames of a span as there are files, evenly from its start on.

    They have at most the paper's 784 x 448 pixels.

    Raises:
        FootageError: the span is not in the video, or a frame is damaged.
    """
    from PIL import Image

    count = len(files)
    sampling = Sampling(count / span.seconds, count, max_pixels=FRAME_PIXELS)
    clip = Clip(span.video, span.start, span.end, sampling)
    (footage,) = decode(source.path, [clip], sound=False)
    if isinstance(footage, FootageFailure):
        raise FootageError(
            "A span is not in the video", "damaged", where=span.video, why=footage.reason
        )
    for frame, file in zip(footage.frames, files, strict=True):
        Image.fromarray(frame).save(file, quality=92)
    first, last = float(footage.times[0]), float(footage.times[-1])
    return Cut("encoded", count, first, last, False)


def write_sound(source: Source, span: Span, file: Path) -> None:
    """Write a span's sound as 16-bit PCM, 16 kHz mono; silence where the video has none."""
    from s3eval_finetune.media.encoding import sound_within

    samples = np.round(sound_within(source, span) * 32767).astype("<i2")
    with wave.open(str(file), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(SOUND_RATE)
        out.writeframes(samples.tobytes())
