"""What a clip becomes for a checkpoint's processor: a video or images with times, and sound."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from s3eval.hf.media import Media, frame_rate

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from s3eval import Footage
    from s3eval.vocabulary import Sense

__all__ = ["ClipFormat", "resampled", "resized", "times_text"]

# Image processors that cut an image into tiles would do so with every frame; a frame is one tile,
# as the frames of a video are in these families. Only those that the processor knows are passed.
_ONE_TILE: dict[str, bool | int] = {
    "do_image_splitting": False,
    "crop_to_patches": False,
    "do_pan_and_scan": False,
    "slice_mode": False,
    "dynamic_hd": 1,
}


@dataclass(frozen=True)
class ClipFormat:
    """How a checkpoint takes clips.

    Attributes:
        frames: as one "video", as "images", or "" when the model does not see.
        sound: whether it hears.
        times_as_text: whether frame times are written into the prompt because the processor
            makes nothing of them: "" where it does, "each" before every image, "list" before
            them all.
    """

    frames: Literal["video", "images", ""] = ""
    sound: bool = False
    times_as_text: Literal["", "each", "list"] = ""

    def media(self, processor: Any, footage: Footage, frames: NDArray[np.uint8]) -> Media:
        """A clip for the processor.

        Args:
            processor: the checkpoint's.
            footage: the clip.
            frames: its frames in the size they are given in, shape (n, height, width, 3).
        """
        content, arguments = list[Mapping[str, Any]](), dict[str, Any]()
        senses: set[Sense] = set()
        times = [float(t) - footage.clip.start for t in footage.times]
        if self.frames and len(frames):
            senses.add("sight")
            content += self._content(times)
            arguments |= self._pictures(processor, footage, frames, times)
        if self.sound and footage.sound is not None and len(footage.sound):
            senses.add("hearing")
            content.append({"type": "audio"})
            rate = _rate(processor)
            arguments["audio"] = [resampled(footage.sound, footage.sound_rate, rate)]
            arguments["audio_kwargs"] = {"sampling_rate": rate}
        return Media(frozenset(senses), tuple(content), arguments)

    def _content(self, times: Sequence[float]) -> list[Mapping[str, Any]]:
        content: list[Mapping[str, Any]] = []
        if self.times_as_text == "list":
            content.append({"type": "text", "text": times_text(times)})
        if self.frames == "video":
            return [*content, {"type": "video"}]
        for time in times:
            if self.times_as_text == "each":
                content.append({"type": "text", "text": f"{time:.1f} s:"})
            content.append({"type": "image"})
        return content

    def _pictures(
        self,
        processor: Any,
        footage: Footage,
        frames: NDArray[np.uint8],
        times: Sequence[float],
    ) -> dict[str, Any]:
        import torch

        if self.frames == "images":
            from PIL import Image

            images = [Image.fromarray(frame) for frame in frames]
            own = processor.image_processor
            tiles = {key: value for key, value in _ONE_TILE.items() if hasattr(own, key)}
            return {"images": [images], **tiles}
        rate = frame_rate(footage)
        # Where a frame lies is its index divided by the rate: fractions give its true time, and
        # the rate is the one the frames really have.
        indices = [time * rate for time in times]
        indices = [round(i) if abs(i - round(i)) < 1e-3 else i for i in indices]
        metadata = {
            "fps": rate,
            "total_num_frames": len(frames),
            "frames_indices": indices,
            "duration": footage.clip.seconds,
            "height": frames.shape[1],
            "width": frames.shape[2],
        }
        arguments: dict[str, Any] = {
            "videos": [torch.from_numpy(frames).permute(0, 3, 1, 2)],
            "video_metadata": [metadata],
            "do_sample_frames": False,
            # Some processors take the rate from here alone.
            "fps": rate,
        }
        if hasattr(processor.video_processor, "cap_pixels_per_frame"):
            arguments["cap_pixels_per_frame"] = False
        return arguments


def times_text(times: Sequence[float]) -> str:
    """The times of the frames in a sentence.

    >>> times_text([0.0, 0.5])
    'The frames were taken at 0.0, 0.5 seconds. '
    """
    return f"The frames were taken at {', '.join(f'{t:.1f}' for t in times)} seconds. "


def resized(frames: NDArray[np.uint8], pixels: float) -> NDArray[np.uint8]:
    """The frames with at most so many pixels each, in the same proportions; never enlarged.

    >>> import numpy as np
    >>> resized(np.zeros((2, 40, 80, 3), np.uint8), 800).shape
    (2, 20, 40, 3)
    """
    import numpy as np
    from PIL import Image

    height, width = frames.shape[1:3]
    factor = (pixels / (height * width)) ** 0.5
    if not len(frames) or factor >= 1:
        return frames
    size = (max(1, int(width * factor)), max(1, int(height * factor)))
    smaller = [Image.fromarray(f).resize(size, Image.Resampling.BICUBIC) for f in frames]
    return np.stack([np.asarray(image) for image in smaller])


def _rate(processor: Any) -> int:
    """Samples a second that the checkpoint's sound processor expects."""
    part = getattr(processor, "feature_extractor", None) or getattr(
        processor, "audio_processor", None
    )
    return int(getattr(part, "sampling_rate", None) or 16_000)


def resampled(sound: NDArray[np.float32], rate: int, wanted: int) -> NDArray[np.float32]:
    """The sound at another rate.

    >>> import numpy as np
    >>> len(resampled(np.zeros(16_000, np.float32), 16_000, 24_000))
    24000
    """
    if rate == wanted:
        return sound
    from math import gcd

    import numpy as np
    from scipy.signal import resample_poly

    common = gcd(rate, wanted)
    return np.asarray(resample_poly(sound, wanted // common, rate // common), np.float32)
