"""How many tokens a clip takes, by the arithmetic of model families, without loading any.

Sources: paper, Appendix H, for pairs of frames in patches; the families' processors for resizing
(``smart_resize`` of the Qwen models: sides are rounded to multiples of a patch, and the frame is
made smaller or larger where it leaves its range of pixels).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["ClipSize", "paired_patches"]

# What the families take unless told otherwise (`s3eval.hf.options.Options`).
_MIN_PIXELS, _MAX_PIXELS, _MAX_TOKENS = 640 * 480, 1280 * 720, 24_576


@dataclass(frozen=True)
class ClipSize:
    """How much a clip is.

    Attributes:
        frames: that are shown; 0 for a model that only hears.
        width, height: of each, in pixels.
        seconds: of sound that are heard; 0 for a model that only sees.
    """

    frames: int
    width: int
    height: int
    seconds: float = 0.0


def paired_patches(clip: ClipSize, patch: int, options: Mapping[str, Any]) -> int:
    """Tokens of a clip whose frames go in pairs, a token for each patch of a pair.

    Args:
        patch: side of a token in pixels, 28 (Qwen2.5) or 32 (Qwen3).
        options: ``min_pixels``, ``max_pixels``, ``max_media_tokens``; others do not count.

    >>> paired_patches(ClipSize(60, 1280, 720), 28, {})
    23940
    >>> paired_patches(ClipSize(60, 640, 480), 28, {})
    12420
    """
    if not clip.frames:
        return 0
    pairs = -(-clip.frames // 2)
    least = int(options.get("min_pixels", _MIN_PIXELS))
    budget = int(options.get("max_media_tokens", _MAX_TOKENS))
    most = min(int(options.get("max_pixels", _MAX_PIXELS)), budget // pairs * patch * patch)
    wide, high = (max(1, round(side / patch)) for side in (clip.width, clip.height))
    pixels, area = clip.width * clip.height, wide * high * patch * patch
    if area > most:
        scale = math.sqrt(pixels / most)
        wide, high = (max(1, math.floor(s / scale / patch)) for s in (clip.width, clip.height))
    elif area < least:
        scale = math.sqrt(least / pixels)
        wide, high = (math.ceil(s * scale / patch) for s in (clip.width, clip.height))
    return pairs * wide * high
