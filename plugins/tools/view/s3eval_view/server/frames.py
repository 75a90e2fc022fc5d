"""Frames and sound of a clip, exactly those a model is handed, made when they are looked at.

They are kept in memory, up to a bound, and nowhere else.
"""

from __future__ import annotations

import io
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from s3eval.facts.footage import Footage, FootageError, FootageFailure
from s3eval.footage.decoding import decode
from s3eval.footage.writing import wav_of

if TYPE_CHECKING:
    from s3eval.facts.clips import Clip
    from s3eval_view.server.media import Recording

__all__ = ["ClipFrames", "Frames", "jpeg_of", "png_of"]

#: Bytes of reduced pictures and sound that are kept.
_BOUND = 256 * 2**20
#: Pixels across of a reduced picture.
WIDTH = 360


@dataclass(frozen=True)
class ClipFrames:
    """The frames of a clip as small pictures, and its sound.

    Attributes:
        times: seconds of the video, one for each frame.
        pictures: JPEG files, reduced to `WIDTH`.
        width, height: pixels of a frame as the model gets it.
        sound: a WAV file, 16 kHz, one channel; None where the clip has no sound or none is heard.
    """

    times: tuple[float, ...]
    pictures: tuple[bytes, ...]
    width: int
    height: int
    sound: bytes | None

    @property
    def size(self) -> int:
        """Bytes held."""
        return sum(map(len, self.pictures)) + len(self.sound or b"")


def jpeg_of(frame: Any, width: int = WIDTH, quality: int = 80) -> bytes:
    """A frame (uint8, height × width × 3) as JPEG, reduced to a width."""
    from PIL import Image

    picture = Image.fromarray(frame)
    if picture.width > width:
        height = max(1, round(picture.height * width / picture.width))
        picture = picture.resize((width, height), Image.Resampling.LANCZOS)
    return _saved(picture, "JPEG", quality=quality)


def png_of(frame: Any) -> bytes:
    """A frame as PNG: every pixel as it is."""
    from PIL import Image

    return _saved(Image.fromarray(frame), "PNG", compress_level=1)


def _saved(picture: Any, form: str, **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, form, **options)
    return file.getvalue()


class Frames:
    """Frames of clips; each clip is decoded once while it is kept.

    Args:
        bound: bytes of small pictures and sound that are kept.
        picture: makes the small picture of a frame.
    """

    def __init__(self, bound: int = _BOUND, picture: Callable[[Any], bytes] | None = None) -> None:
        self.bound, self.picture = bound, picture or jpeg_of
        # One clip is decoded at a time: it takes all cores and much memory.
        self._decoding = threading.Lock()
        self._kept: OrderedDict[Any, ClipFrames] = OrderedDict()
        self._last: tuple[Any, Footage] | None = None

    def of(self, recording: Recording, clip: Clip, sight: bool, sound: bool) -> ClipFrames:
        """The frames and sound of a clip.

        Raises:
            FootageError: the file is not there, or the clip cannot be decoded.
        """
        key = (recording.dataset.digest, clip, sight, sound)
        with self._decoding:
            frames = self._kept.pop(key, None)
            if frames is None:
                footage = self._decoded(recording, clip, sight, sound)
                frames = _reduced(footage, self.picture)
            self._kept[key] = frames
            while len(self._kept) > 1 and sum(c.size for c in self._kept.values()) > self.bound:
                self._kept.popitem(last=False)
            return frames

    def exact(self, recording: Recording, clip: Clip, number: int, sound: bool) -> bytes:
        """One frame at full size, every pixel as the model gets it, as PNG.

        Raises:
            FootageError: as `of`, or there is no such frame.
        """
        with self._decoding:
            footage = self._decoded(recording, clip, True, sound)
            if not 0 <= number < len(footage.frames):
                raise FootageError("No such frame", "missing", where=clip.video)
            return png_of(footage.frames[number])

    def _decoded(self, recording: Recording, clip: Clip, sight: bool, sound: bool) -> Footage:
        key = (recording.dataset.digest, clip, sight, sound)
        if self._last is not None and self._last[0] == key:
            return self._last[1]
        self._last = None
        path = recording.path()
        footage = next(iter(decode(path, [clip], sight=sight, sound=sound)))
        if isinstance(footage, FootageFailure):
            raise FootageError(
                "This clip cannot be shown", "damaged", where=clip.video, why=footage.reason
            )
        self._last = key, footage
        return footage


def _reduced(footage: Footage, picture: Callable[[Any], bytes]) -> ClipFrames:
    shape = footage.frames.shape
    return ClipFrames(
        tuple(float(t) for t in footage.times),
        tuple(picture(frame) for frame in footage.frames),
        int(shape[2]),
        int(shape[1]),
        None if footage.sound is None or not len(footage.sound) else wav_of(footage.sound),
    )
