"""Decoded footage: what a model is shown of a clip."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from s3eval.errors import S3EvalError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from s3eval.facts.clips import Clip

__all__ = ["SOUND_RATE", "Footage", "FootageError", "FootageFailure", "MediaFacts"]

SOUND_RATE = 16_000


class FootageError(S3EvalError):
    """A video or sound file that cannot be shown at all: the fault is the file's.

    Everything that is wrong with a file as a whole is this one type, so that whoever goes
    through many files can count it as failed and go on. Says the video's name, never a path.

    Args:
        what, where, why, fix: as :class:`s3eval.errors.S3EvalError`.
        kind: "missing", "outside" (of its dataset folder), "not-a-file" (pipe, device, folder),
            "unreadable", "empty", "not-media", "nothing-to-show", "too-large", "too-long" or
            "damaged".

    >>> error = FootageError("The video file is empty", "empty", where="v1")
    >>> print(error, error.kind)
    The video file is empty (v1). empty
    """

    def __init__(
        self, what: str, kind: str, *, where: object = "", why: str = "", fix: str = ""
    ) -> None:
        super().__init__(what, where=where, why=why, fix=fix)
        self.kind = kind


@dataclass(frozen=True, eq=False)
class Footage:
    """The frames and sound of one clip.

    Attributes:
        clip: what was asked for.
        frames: uint8 RGB, shape (n, height, width, 3), upright and with square pixels; n may be
            0 for a model that only hears.
        times: float64, shape (n,), the presentation time in seconds *in the video* of each
            frame shown; subtract ``clip.start`` for time within the clip.
        sound: float32 in [-1, 1], shape (samples,), 16 kHz mono, in step with the clip: sample 0
            is ``clip.start``; padded with silence where the recording has none; None when the
            video has no sound at all or the model does not hear.
        duration: seconds of the whole video.
    """

    clip: Clip
    frames: NDArray[np.uint8]
    times: NDArray[np.float64]
    sound: NDArray[np.float32] | None
    duration: float

    @classmethod
    def unseen(cls, clip: Clip, duration: float = 0.0) -> Footage:
        """A clip without frames and sound: what a model that never looks is handed.

        >>> from s3eval import Clip, Sampling
        >>> Footage.unseen(Clip("v1", 0.0, 30.0, Sampling())).frames.shape
        (0, 0, 0, 3)
        """
        import numpy as np

        frames = np.zeros((0, 0, 0, 3), np.uint8)
        return cls(clip, frames, np.zeros(0), None, duration)

    @property
    def sound_rate(self) -> int:
        """Samples a second of ``sound`` (always 16,000)."""
        return SOUND_RATE

    @property
    def nbytes(self) -> int:
        """Bytes that frames, their times and sound take in memory.

        >>> from s3eval import Clip, Sampling
        >>> Footage.unseen(Clip("v1", 0.0, 30.0, Sampling())).nbytes
        0
        """
        sound = 0 if self.sound is None else self.sound.nbytes
        return int(self.frames.nbytes + self.times.nbytes + sound)

    @property
    def fps(self) -> float:
        """Frames a second over the clip as sampled, 0.0 without frames."""
        length = self.clip.end - self.clip.start
        return len(self.times) / length if length > 0 else 0.0


@dataclass(frozen=True)
class FootageFailure:
    """A clip that could not be decoded, and why (one line, no path); the others still are.

    Attributes:
        kind: "media" where the file is at fault, "decoder" where the process that decodes
            crashed, hung or used up its memory.
    """

    clip: Clip
    reason: str
    kind: Literal["media", "decoder"] = "media"


@dataclass(frozen=True)
class MediaFacts:
    """What a video file says about itself.

    Attributes:
        duration: seconds from the first presentation time to the end of the last frame or
            sound, as the container states it.
        width, height: pixels as displayed: upright, with square pixels; 0 without pictures.
        fps: average frames a second, 0.0 when unknown.
        frames: number of frames stated by the container, 0 when it states none.
        has_sound: whether there is an audio stream.
        rotation: degrees clockwise that the stored picture is turned for display.
        codec: of the picture, e.g. "h264"; without pictures of the sound.
        sound_end: seconds from the video's start to the end of the sound that is heard, as
            stated; 0.0 when there is none or nothing is stated.
    """

    duration: float
    width: int
    height: int
    fps: float
    frames: int
    has_sound: bool
    rotation: int
    codec: str
    sound_end: float = 0.0

    @property
    def has_pictures(self) -> bool:
        """Whether there is anything to see; a sound file has only what is heard."""
        return self.width > 0
