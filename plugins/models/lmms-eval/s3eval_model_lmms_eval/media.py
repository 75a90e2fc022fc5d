"""A clip as files that the models of lmms-eval open: one video, or pictures and a sound file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s3eval import S3EvalError
from s3eval.footage.writing import frame_rate, mp4_of, wav_of

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
    heard = footage.sound if sound and footage.sound is not None and len(footage.sound) else None
    if not len(footage.frames) and heard is None:
        raise S3EvalError("The clip has neither frames nor sound for this model")
    wav = None
    if heard is not None:
        wav = _written(folder / "sound.wav", wav_of(heard, footage.sound_rate))
    if not len(footage.frames):
        return ClipFiles((), wav)
    if media == "images":
        return ClipFiles(tuple(_write_images(footage, folder)), wav)
    video = mp4_of(footage.frames, frame_rate(footage), heard, footage.sound_rate, crf=12)
    return ClipFiles((_written(folder / "clip.mp4", video),), wav)


def _written(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    return str(path)


def _write_images(footage: Footage, folder: Path) -> list[str]:
    from PIL import Image

    paths = []
    for number, frame in enumerate(footage.frames):
        path = folder / f"frame{number:04d}.png"
        Image.fromarray(frame).save(path, compress_level=1)
        paths.append(str(path))
    return paths
