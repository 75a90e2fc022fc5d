"""A clip as pieces of media: one video or images with their times, and sound."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from s3eval.footage.writing import frame_rate, mp4_of, wav_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from s3eval import Footage

__all__ = ["Piece", "images_of", "reduced", "sound_of", "video_of"]


@dataclass(frozen=True)
class Piece:
    """One piece of media.

    Attributes:
        kind: what it is. mime: e.g. "video/mp4".
        data: its bytes.
        label: a text before it, "" for none.
        fps: frames a second of a video.
    """

    kind: Literal["video", "image", "sound"]
    mime: str
    data: bytes
    label: str = ""
    fps: float = 0.0


def reduced(frames: NDArray[np.uint8], pixels: int) -> NDArray[np.uint8]:
    """The frames with at most so many pixels each, sides even; never enlarged.

    >>> import numpy as np
    >>> reduced(np.zeros((2, 41, 80, 3), np.uint8), 800).shape
    (2, 20, 38, 3)
    """
    import numpy as np
    from PIL import Image

    height, width = frames.shape[1:3]
    factor = min(1.0, (pixels / (height * width)) ** 0.5)
    size = [max(2, int(side * factor) // 2 * 2) for side in (width, height)]
    if [width, height] == size:
        return frames
    made = [Image.fromarray(f).resize(size, Image.Resampling.BICUBIC) for f in frames]
    return np.stack([np.asarray(image) for image in made])


def images_of(footage: Footage, pixels: int, quality: int) -> list[Piece]:
    """Each frame as a JPEG file after its time in the clip."""
    from PIL import Image

    pieces = []
    for time, frame in zip(footage.times, reduced(footage.frames, pixels), strict=True):
        buffer = io.BytesIO()
        Image.fromarray(frame).save(buffer, "JPEG", quality=quality)
        label = f"{float(time) - footage.clip.start:.1f} s:"
        pieces.append(Piece("image", "image/jpeg", buffer.getvalue(), label))
    return pieces


def video_of(footage: Footage, pixels: int) -> Piece:
    """The frames as one H.264 file at the rate they were sampled with; sound with it, if any."""
    rate = frame_rate(footage)
    data = mp4_of(reduced(footage.frames, pixels), rate, footage.sound, footage.sound_rate)
    return Piece("video", "video/mp4", data, _note(footage), float(rate))


def _note(footage: Footage) -> str:
    """What the file itself does not say: how long the clip is, and when its first frame was."""
    first = float(footage.times[0]) - footage.clip.start
    return (
        f"A video clip of {footage.clip.seconds:.1f} seconds, one frame every "
        f"{1 / footage.fps:.2f} seconds, the first one at {first:.1f} s:"
    )


def sound_of(footage: Footage) -> Piece:
    """The sound as a WAV file of 16 bits."""
    assert footage.sound is not None
    return Piece("sound", "audio/wav", wav_of(footage.sound, footage.sound_rate))
