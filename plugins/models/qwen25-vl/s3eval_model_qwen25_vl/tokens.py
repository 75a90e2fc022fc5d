"""What a clip takes of Qwen2.5-VL, reckoned without loading it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from s3eval.facts.tokens import ClipSize, paired_patches

__all__ = ["media_tokens"]


def media_tokens(clip: ClipSize, options: Mapping[str, Any]) -> int:
    """Tokens of a clip as the model takes it in.

    >>> media_tokens(ClipSize(60, 640, 480), {})
    12420
    """
    return paired_patches(clip, 28, options)
