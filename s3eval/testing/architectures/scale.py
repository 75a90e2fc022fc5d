"""How large a random model is."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Encoder", "Scale"]


@dataclass(frozen=True)
class Encoder:
    """An encoder's width, depth, heads and feed-forward width (twice its width when None)."""

    width: int = 32
    layers: int = 2
    heads: int = 2
    inner: int | None = None

    @property
    def feed_forward(self) -> int:
        """Width of the feed-forward part."""
        return self.inner or 2 * self.width


@dataclass(frozen=True)
class Scale:
    """How large the random model is. Sizes that are None follow from the others.

    ``hidden`` is the text width, ``layers`` its depth, ``heads`` its attention heads, ``shared``
    its key-value heads (half as many), ``inner`` the width of its feed-forward part (twice);
    ``sight`` and ``hearing`` the encoders'; ``tile`` the side in pixels of an InternVL frame;
    ``context`` the longest sequence; ``vocabulary`` the trained tokens, ``rows`` those the
    embedding has room for; ``weight_scale`` multiplies all matrices.
    """

    hidden: int = 64
    layers: int = 2
    heads: int = 4
    shared: int | None = None
    inner: int | None = None
    sight: Encoder = field(default_factory=Encoder)
    hearing: Encoder = field(default_factory=Encoder)
    tile: int = 56
    mels: int = 16
    context: int = 32_768
    vocabulary: int = 480
    rows: int = 0
    weight_scale: float = 3.0

    @property
    def head_dim(self) -> int:
        """Width of an attention head."""
        return self.hidden // self.heads

    @property
    def mrope_section(self) -> list[int]:
        """Rotary pairs for time, height and width; they sum to half a head."""
        half = self.head_dim // 2
        third = half * 3 // 8
        return [half - 2 * third, third, third]
