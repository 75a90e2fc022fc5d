"""How much memory tuning takes, by arithmetic: an estimate to choose a machine by, not measured."""

from __future__ import annotations

from dataclasses import dataclass

from s3eval_finetune.appendix import FRAME_PIXELS, FRAMES, Training

__all__ = ["QWEN25_OMNI", "Memory", "Sizes", "estimate", "tokens_of_clip"]

GIB = 1024**3


@dataclass(frozen=True)
class Sizes:
    """What of a model the estimate needs: parameters in all, and the text model's shape.

    ``token_side`` is the side in pixels of a visual token, ``sound_tokens`` those of a second.
    """

    parameters: int
    hidden: int
    layers: int
    inner: int
    heads: int
    shared_heads: int
    vocabulary: int
    token_side: int = 28
    sound_tokens: int = 25

    @property
    def head(self) -> int:
        """Width of an attention head."""
        return self.hidden // self.heads


#: The thinker of Qwen/Qwen2.5-Omni-7B, as its published configuration states it.
QWEN25_OMNI = Sizes(8_930_000_000, 3584, 28, 18_944, 28, 4, 152_064)


@dataclass(frozen=True)
class Memory:
    """Bytes that a GPU holds while it trains, each part by itself.

    Attributes:
        tokens: of the longest sample the estimate is for.
        weights: bfloat16, whole on each GPU (ZeRO 2 splits none of them).
        adapter: the low-rank weights in float32, their gradients, and AdamW's two moments.
        kept: what gradient checkpointing keeps: one hidden state a token and layer.
        layer: what recomputing a layer needs for a moment.
        logits: in float32, with their gradient.
        cache: keys and values of the completions being generated (GRPO).
    """

    tokens: int
    weights: int
    adapter: int
    kept: int
    layer: int
    logits: int
    cache: int

    @property
    def total(self) -> int:
        """Bytes in all; generating and training do not happen at once."""
        training = self.kept + self.layer + self.logits
        return self.weights + self.adapter + max(training, self.cache)


def tokens_of_clip(sizes: Sizes, seconds: float = 60.0, text: int = 800) -> int:
    """The most tokens a clip of so many seconds takes as the paper trains it.

    60 frames of at most 784 x 448 pixels (Appendix H's formula), its sound, and prompt and answer.

    >>> tokens_of_clip(QWEN25_OMNI)
    15740
    """
    frames = min(FRAMES, round(seconds))
    sight = -(-frames // 2) * (FRAME_PIXELS // sizes.token_side**2)
    return sight + round(sizes.sound_tokens * seconds) + text


def estimate(training: Training, sizes: Sizes = QWEN25_OMNI, seconds: float = 60.0) -> Memory:
    """The memory of one GPU.

    Args:
        training: the hyper-parameters.
        seconds: of the longest clip.

    >>> round(estimate(Training("sft", 1e-5)).total / 1024**3)
    40
    """
    tokens = min(training.max_length, tokens_of_clip(sizes, seconds))
    batch, width = training.per_device, 2
    low_rank = training.rank * sum(a + b for a, b in _linear(sizes)) * sizes.layers
    # GRPO computes logits of the completion alone.
    scored = training.max_new_tokens or tokens
    whole = tokens + training.max_new_tokens
    keys = 2 * sizes.layers * sizes.shared_heads * sizes.head * width
    return Memory(
        tokens,
        weights=sizes.parameters * width,
        adapter=low_rank * (4 + 4 + 8),
        kept=sizes.layers * batch * whole * sizes.hidden * width,
        layer=batch * whole * (4 * sizes.hidden + 3 * sizes.inner) * width,
        logits=batch * scored * sizes.vocabulary * 4 * 2,
        cache=batch * whole * keys if training.generations else 0,
    )


def _linear(sizes: Sizes) -> list[tuple[int, int]]:
    """Inputs and outputs of a text layer's linear layers."""
    shared = sizes.shared_heads * sizes.head
    attention = [(sizes.hidden, sizes.hidden)] * 2 + [(sizes.hidden, shared)] * 2
    return [*attention, *[(sizes.hidden, sizes.inner)] * 2, (sizes.inner, sizes.hidden)]
