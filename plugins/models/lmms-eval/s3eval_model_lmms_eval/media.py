"""A clip as files that the models of lmms-eval open: one video, or pictures and a sound file."""

from __future__ import annotations

import wave
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s3eval import S3EvalError

if TYPE_CHECKING:
    from s3eval import Footage

__all__ = ["ClipFiles", "write_clip"]


@dataclass(frozen=True)
class ClipFiles:
    """The files of one clip, in a folder of their own.

    Attributes:
        visual: one path of a video, or those of the frames in order.
        sound: a WAV file, 16 kHz mono, or None.
    """

    visual: tuple[str, ...]
    sound: str | None

    def as_json(self) -> Mapping[str, Any]:
        """For the other interpreter."""
        return {"visual": [*self.visual], "sound": self.sound}


def write_clip(footage: Footage, folder: Path, media: str, sound: bool) -> ClipFiles:
    """Write a clip's frames and sound.

    The video holds the frames that were sampled, at the rate they were sampled with, and the
    sound as its sound track; frame and sound files alike begin with the clip.

    Args:
        folder: there, and empty.
        media: "video" or "images".

    Raises:
        S3EvalError: the clip has neither.
    """
    heard = sound and footage.sound is not None and len(footage.sound) > 0
    if not len(footage.frames) and not heard:
        raise S3EvalError("The clip has neither frames nor sound for this model")
    wav = _write_wav(footage, folder / "sound.wav") if heard else None
    if not len(footage.frames):
        return ClipFiles((), wav)
    if media == "images":
        return ClipFiles(tuple(_write_images(footage, folder)), wav)
    return ClipFiles((_write_video(footage, folder / "clip.mp4", bool(heard)),), wav)


def _write_images(footage: Footage, folder: Path) -> list[str]:
    from PIL import Image

    paths = []
    for number, frame in enumerate(footage.frames):
        path = folder / f"frame{number:04d}.png"
        Image.fromarray(frame).save(path, compress_level=1)
        paths.append(str(path))
    return paths


def _write_video(footage: Footage, path: Path, heard: bool) -> str:
    import av

    # Sides of H.264 are even; a row or column less is less harm than a rescaled frame.
    height, width = (side - side % 2 for side in footage.frames.shape[1:3])
    rate = Fraction(footage.fps or 1.0).limit_denominator(1000)
    with av.open(str(path), "w") as container:
        pictures = container.add_stream("libx264", rate=rate, options={"crf": "12", "threads": "1"})
        pictures.height, pictures.width, pictures.pix_fmt = height, width, "yuv420p"
        track = container.add_stream("aac", rate=footage.sound_rate) if heard else None
        if track is not None:
            track.layout = "mono"
        for frame in footage.frames:
            image = av.VideoFrame.from_ndarray(frame[:height, :width], format="rgb24")
            container.mux(pictures.encode(image))
        container.mux(pictures.encode(None))
        if track is not None:
            for sound in _sound_frames(footage):
                container.mux(track.encode(sound))
            container.mux(track.encode(None))
    return str(path)


def _sound_frames(footage: Footage) -> list[Any]:
    import av
    import numpy as np

    assert footage.sound is not None
    size, frames = 1024, []
    for start in range(0, len(footage.sound), size):
        piece = np.ascontiguousarray(footage.sound[None, start : start + size], np.float32)
        frame = av.AudioFrame.from_ndarray(piece, format="fltp", layout="mono")
        frame.sample_rate = footage.sound_rate
        frame.pts = start
        frame.time_base = Fraction(1, footage.sound_rate)
        frames.append(frame)
    return frames


def _write_wav(footage: Footage, path: Path) -> str:
    import numpy as np

    assert footage.sound is not None
    samples = (np.clip(footage.sound, -1.0, 1.0) * 32767.0).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(footage.sound_rate)
        file.writeframes(samples.tobytes())
    return str(path)
