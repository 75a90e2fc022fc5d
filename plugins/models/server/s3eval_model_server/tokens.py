"""What a clip takes of a model on a server, as the budget of its options reckons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from s3eval.facts.tokens import ClipSize

__all__ = ["media_tokens"]


def media_tokens(clip: ClipSize, options: Mapping[str, Any]) -> int:
    """Tokens of a clip as the model takes it in.

    A token for 28 x 28 pixels of an image, or of a pair of frames of a video (``media=video``),
    at most ``max_media_tokens``; what the served model makes of them is its own affair. Sound
    counts 25 tokens a second.

    >>> media_tokens(ClipSize(60, 640, 480), {})
    23520
    """
    count = -(-clip.frames // 2) if options.get("media") == "video" else clip.frames
    most = int(options.get("max_media_tokens", 24_576))
    frames = count * -(-clip.width * clip.height // (28 * 28))
    return min(frames, most) + round(25 * clip.seconds)
