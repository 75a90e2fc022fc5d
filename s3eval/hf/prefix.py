"""The part of the prompt that all questions share: encoded once, continued any number of times."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from s3eval.hf.options import Way

__all__ = ["Prefix", "cache_word", "prefill"]


@dataclass(frozen=True)
class Prefix:
    """A prefilled prompt up to and including the clip. Never changed once made.

    Attributes:
        tokens: its token ids.
        cache: keys and values of every layer; only ever continued (`kv_cache.fork`).
        next_position: the position of the first token after it.
        highest: the highest position in it; generated tokens come after this one, which is
            above ``next_position`` only where a video reaches further in time than the text
            after it starts.
        rows: rows of position ids the model wants, 3 for multimodal rotary positions, else 1.
    """

    tokens: tuple[int, ...]
    cache: Any
    next_position: int
    highest: int
    rows: int

    @property
    def length(self) -> int:
        """Number of tokens."""
        return len(self.tokens)

    @cached_property
    def distinct(self) -> frozenset[int]:
        """Its token ids, each once."""
        return frozenset(self.tokens)

    @cached_property
    def bytes_per_token(self) -> int:
        """Bytes the cache takes for a token, over all layers."""
        held: int = sum(tensor.nbytes for tensor in self._tensors())
        return max(1, held // max(1, self.length))

    @cached_property
    def device(self) -> Any:
        """Where its first layer lies."""
        return next(self._tensors()).device

    @cached_property
    def dtype(self) -> Any:
        """The dtype of its keys and values."""
        return next(self._tensors()).dtype

    @cached_property
    def ways(self) -> tuple[Way, ...]:
        """The exact ways of sharing it, the fastest first (`kv_cache.ways`)."""
        from s3eval.hf import kv_cache

        return kv_cache.ways(self.cache)

    def _tensors(self) -> Iterator[Any]:
        from s3eval.hf import kv_cache

        return kv_cache.tensors(self.cache)


def cache_word(decoder: Any) -> str:
    """What the library calls this decoder's cache: ``cache`` since 5.24, another name before.

    >>> class Old:
    ...     def forward(self, past_key_values=None): ...
    >>> cache_word(Old())
    'past_key_values'
    """
    known = inspect.signature(decoder.forward).parameters
    return "cache" if "cache" in known else "past_key_values"


def prefill(model: Any, inputs: dict[str, Any]) -> Prefix:
    """Encode a prompt with its clip, once, without computing any logits.

    The positions are those the library computed, recorded on their way into the decoder, so no
    family's position rules are repeated here.

    Args:
        model: a conditional-generation model of the library.
        inputs: what its processor made, batch of one, on the model's device.
    """
    from s3eval.hf.kv_cache import preallocate

    decoder = model.get_decoder()
    core = getattr(model, "model", None)
    if core is None or core is decoder:
        core = model  # before transformers 5.22 some families had no part without the head
    recorded: dict[str, Any] = {}

    def record(_: Any, __: Any, kwargs: dict[str, Any]) -> None:
        recorded["positions"] = kwargs.get("position_ids")

    hook = decoder.register_forward_pre_hook(record, with_kwargs=True)
    # The library keeps the last clip's offset on the model; a leftover would leak into this one.
    for part in (core, model):
        if hasattr(part, "rope_deltas"):
            part.rope_deltas = None
    try:
        if core is model and "logits_to_keep" in inspect.signature(model.forward).parameters:
            inputs = {**inputs, "logits_to_keep": 1}
        made = core(**inputs, use_cache=True)
    finally:
        hook.remove()
    cache = preallocate(getattr(made, cache_word(decoder)))
    tokens = tuple(inputs["input_ids"][0].tolist())
    positions = recorded.get("positions")
    if positions is None:
        return Prefix(tokens, cache, len(tokens), len(tokens) - 1, 1)
    rows = 3 if positions.ndim == 3 else 1
    if positions.ndim == 3 and positions.shape[0] == 4:
        positions = positions[1:]
    last = int(positions[..., -1].max())
    return Prefix(tokens, cache, last + 1, int(positions.max()), rows)
