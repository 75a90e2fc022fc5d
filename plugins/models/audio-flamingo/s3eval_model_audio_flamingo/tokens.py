"""What a clip takes of Audio Flamingo 3, reckoned without loading it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from s3eval.facts.tokens import ClipSize

__all__ = ["media_tokens"]


def media_tokens(clip: ClipSize, options: Mapping[str, Any]) -> int:
    """Tokens of a clip as the model takes it in.

    25 tokens for each second of sound.

    >>> media_tokens(ClipSize(0, 0, 0, 30.0), {})
    750
    """
    return round(25 * clip.seconds)
