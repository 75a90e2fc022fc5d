"""A clip as pieces of media: one video or images with their times, and sound."""

from __future__ import annotations

import io
import wave
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

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
    import av

    frames = reduced(footage.frames, pixels)
    rate = Fraction(footage.fps or 1.0).limit_denominator(1000)
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as box:
        video = box.add_stream("libx264", rate=rate, options={"crf": "18", "threads": "1"})
        video.height, video.width = frames.shape[1:3]
        video.pix_fmt = "yuv420p"
        sound = footage.sound
        audio: Any = None
        if sound is not None and len(sound):
            audio = box.add_stream("aac", rate=footage.sound_rate, layout="mono")
        for frame in frames:
            box.mux(video.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        box.mux(video.encode(None))
        if audio is not None and sound is not None:
            _add_sound(box, audio, sound, footage.sound_rate)
    return Piece("video", "video/mp4", buffer.getvalue(), _note(footage), float(rate))


def _note(footage: Footage) -> str:
    """What the file itself does not say: how long the clip is, and when its first frame was."""
    first = float(footage.times[0]) - footage.clip.start
    return (
        f"A video clip of {footage.clip.seconds:.1f} seconds, one frame every "
        f"{1 / footage.fps:.2f} seconds, the first one at {first:.1f} s:"
    )


def _add_sound(box: Any, audio: Any, sound: NDArray[np.float32], rate: int) -> None:
    import av
    import numpy as np

    for start in range(0, len(sound), 1024):
        piece = np.ascontiguousarray(sound[None, start : start + 1024])
        frame = av.AudioFrame.from_ndarray(piece, "fltp", "mono")
        frame.sample_rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
        box.mux(audio.encode(frame))
    box.mux(audio.encode(None))


def sound_of(footage: Footage) -> Piece:
    """The sound as a WAV file of 16 bits."""
    import numpy as np

    assert footage.sound is not None
    samples = (np.clip(footage.sound, -1.0, 1.0) * 32767.0).astype("<i2")
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(footage.sound_rate)
        file.writeframes(samples.tobytes())
    return Piece("sound", "audio/wav", buffer.getvalue())
