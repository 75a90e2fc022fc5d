"""What a clip takes of Qwen3-VL, reckoned without loading it; without the times it writes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from s3eval.facts.tokens import ClipSize, paired_patches

__all__ = ["media_tokens"]


def media_tokens(clip: ClipSize, options: Mapping[str, Any]) -> int:
    """Tokens of a clip as the model takes it in.

    >>> media_tokens(ClipSize(60, 640, 480), {})
    9000
    """
    return paired_patches(clip, 32, options)
