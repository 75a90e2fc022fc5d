"""What a clip becomes for a processor, and how many pixels its frames may have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from s3eval.errors import S3EvalError
from s3eval.vocabulary import Sense

if TYPE_CHECKING:
    from s3eval.footage import Footage
    from s3eval.hf.options import Options

__all__ = ["Media", "check_frames", "frame_rate", "frame_tensor", "pixels_per_frame"]


@dataclass(frozen=True)
class Media:
    """A clip as a family hands it to its processor.

    Attributes:
        senses: the senses the clip has something for; empty when the model gets nothing.
        content: the parts of the user's message that stand for the clip, e.g.
            ``({"type": "video"},)``.
        processor: arguments of the processor's call beside the text.
        forward: further arguments of the model's forward pass.
    """

    senses: frozenset[Sense]
    content: tuple[Mapping[str, Any], ...] = ()
    processor: Mapping[str, Any] = field(default_factory=dict)
    forward: Mapping[str, Any] = field(default_factory=dict)


def frame_rate(footage: Footage) -> float:
    """Frames a second of what is shown, from the distance of its frames.

    A last window cut short by the video's end keeps the grid's rate; a single frame has the
    rate 1 / clip length.
    """
    times = footage.times
    if len(times) < 2 or not times[-1] > times[0]:
        return 1.0 / footage.clip.seconds
    return float((len(times) - 1) / (times[-1] - times[0]))


def frame_tensor(footage: Footage, *, pairs: bool = False) -> Any:
    """The frames as a uint8 tensor, shape (n, 3, height, width).

    With ``pairs`` the last frame is shown twice where their number is odd: encoders that fold
    pairs of frames do so anyway, but some of their sizes are computed from the odd number.
    """
    import torch

    frames = torch.from_numpy(footage.frames).permute(0, 3, 1, 2)
    if pairs and frames.shape[0] % 2:
        frames = torch.cat([frames, frames[-1:]])
    return frames


def check_frames(frames: int, options: Options, where: str) -> None:
    """Refuse a clip of more frames than ``max_frames``.

    Args:
        where: names the clip in messages.

    Raises:
        S3EvalError: says how many there are.
    """
    if options.max_frames is not None and frames > options.max_frames:
        raise S3EvalError(
            f"The clip has {frames} frames, over the budget of {options.max_frames}",
            where=where,
            fix=f"fewer frames a second, or --model-option max_frames={frames}",
        )


def pixels_per_frame(frames: int, factor: int, options: Options, where: str) -> tuple[int, int]:
    """The least and most pixels a frame may have for a clip to fit the token budget.

    A pair of frames takes one token for every ``factor`` x ``factor`` pixels (paper,
    Appendix H: tokens = ceil(frames / 2) x ceil(width / 28) x ceil(height / 28), at most
    24,576), so the budget is shared evenly among the pairs.

    Args:
        frames: number of frames. factor: side of a token, 28 or 32 pixels.
        options: ``min_pixels``, ``max_pixels``, ``max_media_tokens``, ``max_frames``.
        where: names the clip in messages.

    Raises:
        S3EvalError: more frames than allowed, or over the budget even at ``min_pixels``.

    >>> from s3eval.hf.options import Options
    >>> pixels_per_frame(60, 28, Options(), "clip")
    (307200, 642096)
    """
    check_frames(frames, options, where)
    pairs = -(-frames // 2)
    affordable = options.max_media_tokens // pairs * factor * factor
    if affordable < max(options.min_pixels, factor * factor):
        least = -(-options.min_pixels // (factor * factor)) * pairs
        raise S3EvalError(
            f"The clip's {frames} frames need {least:,} tokens at the least resolution, over the "
            f"budget of {options.max_media_tokens:,}",
            where=where,
            fix=f"fewer frames, --model-option min_pixels=0, or max_media_tokens={least}",
        )
    return options.min_pixels, min(options.max_pixels, affordable)
