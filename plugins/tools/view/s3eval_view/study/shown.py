"""What a reader looks at: the frames and sound of a clip, as a model is handed them.

Times are those within the clip, rounded to hundredths: where a clip lies in its video may say what
was annotated. Frames are sent as JPEG of quality 95 without colour subsampling, since a browser
takes half a minute of lossless ones too slowly.
"""

from __future__ import annotations

import io
import threading
import wave
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from s3eval.errors import S3EvalError
from s3eval.facts.footage import SOUND_RATE, Footage, FootageFailure

if TYPE_CHECKING:
    from s3eval.facts.clips import Clip
    from s3eval.facts.videos import Dataset
    from s3eval.vocabulary import Sense

__all__ = ["ClipShown", "Shown"]

#: Clips kept encoded: the one looked at, the next, and one gone back to.
KEPT = 3
QUALITY = 95


@dataclass(frozen=True)
class ClipShown:
    """A clip, ready to be sent.

    Attributes:
        frames: JPEG files, in order of time.
        times: of each frame in seconds of the clip.
        sound: a WAV file, None where there is none or the reader hears none.
        seconds: length of the clip.
        failure: why it cannot be shown, "" where it can; names no file.
    """

    frames: tuple[bytes, ...] = ()
    times: tuple[float, ...] = ()
    sound: bytes | None = None
    seconds: float = 0.0
    failure: str = ""


class Shown:
    """Clips of a dataset, decoded when they are first asked for; the last few are kept.

    Args:
        dataset: whose files are decoded.
        senses: what the reader perceives.
    """

    def __init__(self, dataset: Dataset, senses: Collection[Sense]) -> None:
        self.dataset, self.senses = dataset, frozenset(senses)
        self._kept: OrderedDict[Clip, ClipShown] = OrderedDict()
        # Two decoders at once would only be slower, and need the memory of both.
        self._lock = threading.Lock()

    def clip(self, clip: Clip) -> ClipShown:
        """The clip, decoded now or kept from before."""
        with self._lock:
            if clip not in self._kept:
                self._kept[clip] = self._made(clip)
                while len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(clip)
            return self._kept[clip]

    def prepare(self, clip: Clip) -> None:
        """Decode a clip in the background: it will be looked at next."""
        threading.Thread(target=self.clip, args=(clip,), daemon=True).start()

    def _made(self, clip: Clip) -> ClipShown:
        from s3eval.footage.decoding import decode

        try:
            path = self.dataset.path(self.dataset.video(clip.video))
            sight, hearing = "sight" in self.senses, "hearing" in self.senses
            footage = next(iter(decode(path, [clip], sight=sight, sound=hearing)))
        except (S3EvalError, OSError):
            return ClipShown(failure="The recording cannot be read.", seconds=clip.seconds)
        if isinstance(footage, FootageFailure):
            return ClipShown(failure="This part of the recording is damaged or missing.",
                             seconds=clip.seconds)  # fmt: skip
        return _encoded(footage)


def _encoded(footage: Footage) -> ClipShown:
    from PIL import Image

    frames = []
    for pixels in footage.frames:
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "JPEG", quality=QUALITY, subsampling=0)
        frames.append(file.getvalue())
    clip = footage.clip
    times = tuple(round(max(0.0, float(t) - clip.start), 2) for t in footage.times)
    sound = None if footage.sound is None else _wav(footage)
    return ClipShown(tuple(frames), times, sound, round(clip.seconds, 2))


def _wav(footage: Footage) -> bytes:
    import numpy as np

    assert footage.sound is not None
    samples = np.clip(footage.sound, -1.0, 1.0) * 32767
    file = io.BytesIO()
    with wave.open(file, "wb") as opened:
        opened.setnchannels(1)
        opened.setsampwidth(2)
        opened.setframerate(SOUND_RATE)
        opened.writeframes(samples.astype("<i2").tobytes())
    return file.getvalue()
