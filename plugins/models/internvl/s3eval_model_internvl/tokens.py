"""What a clip takes of InternVL3.5, reckoned without loading it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from s3eval.facts.tokens import ClipSize

__all__ = ["media_tokens"]


def media_tokens(clip: ClipSize, options: Mapping[str, Any]) -> int:
    """Tokens of a clip as the model takes it in.

    Every frame is one tile of 448 x 448 pixels, of which the model makes 256 tokens.

    >>> media_tokens(ClipSize(60, 640, 480), {})
    15360
    """
    return 256 * clip.frames
