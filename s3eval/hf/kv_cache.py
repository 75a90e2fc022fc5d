"""A preallocated key-value cache: what follows the prefix is written in place.

The library's own cache layer concatenates, so that every pass, be it for one generated token,
copies the whole prefix in every layer. Here the prefix lies at the start of a longer tensor.
Questions asked one after the other reuse the same free positions behind it.

Not to be imported before the library is known to import (`torch_environment.prepare_libraries`).
"""

from __future__ import annotations

import copy
import weakref
from collections.abc import Iterator
from typing import Any

from transformers import cache_utils
from transformers.cache_utils import DynamicCache, DynamicLayer, DynamicSlidingWindowLayer

from s3eval.hf.options import Way

__all__ = [
    "Buffer",
    "PreallocatedLayer",
    "Writer",
    "fork",
    "preallocate",
    "snapshot",
    "tensors",
    "ways",
]

# Free positions allocated at the least, so that short answers never cause a reallocation.
_LEAST = 64


class Writer:
    """Identifies one continuation; it owns the free positions for as long as this object lives."""


class Buffer:
    """A layer's keys and values, followed by free positions.

    Args:
        keys, values: shape (rows, heads, tokens, width); everything in them is kept.
        kept: how many of these tokens all continuations share; all of them by default.
    """

    def __init__(self, keys: Any, values: Any, kept: int | None = None) -> None:
        self.keys, self.values = keys, values
        self._kept = keys.shape[-2] if kept is None else kept
        self._writer: Any = None

    def claim(self, writer: Writer) -> bool:
        """Whether this continuation may write behind the shared tokens; one may at a time."""
        holder = None if self._writer is None else self._writer()
        if holder is None:
            self._writer = weakref.ref(writer)
        return holder is None or holder is writer

    def write(self, start: int, keys: Any, values: Any) -> None:
        """Put keys and values, shape (rows, heads, tokens, width), at ``start`` tokens.

        Where they do not fit, everything before ``start`` is copied into a larger buffer: as many
        positions again as are written behind the shared tokens, so that single tokens rarely
        cause a copy.
        """
        end = start + keys.shape[-2]
        if end > self.keys.shape[-2]:
            capacity = end + max(_LEAST, end - self._kept)
            # Both, before either is replaced: memory may run out between them.
            larger = [_longer(old, start, capacity) for old in (self.keys, self.values)]
            self.keys, self.values = larger
        self.keys[:, :, start:end] = keys
        self.values[:, :, start:end] = values

    def rows(self, index: Any) -> Buffer:
        """A buffer of its own with some of the rows, shape (chosen,)."""
        return Buffer(self.keys[index], self.values[index], self._kept)


def _longer(old: Any, used: int, capacity: int) -> Any:
    rows, heads, _, width = old.shape
    new = old.new_empty((rows, heads, capacity, width))
    new[:, :, :used] = old[:, :, :used]
    return new


class PreallocatedLayer(DynamicLayer):
    """A cache layer of the library that writes behind what it holds instead of concatenating.

    A shallow copy of it is a continuation: it sees the same tokens, and writes behind them into
    the same buffer while no other continuation does, else into one of its own.

    Args:
        keys, values: shape (rows, heads, tokens, width).
    """

    def __init__(self, keys: Any, values: Any) -> None:
        # The library's own would set keys and values to nothing; here both are views.
        self.is_initialized = True
        self.device, self.dtype = keys.device, keys.dtype
        self.writer = Writer()
        self._buffer, self._length = Buffer(keys, values), int(keys.shape[-2])

    @property
    def keys(self) -> Any:
        """Shape (rows, heads, tokens, width)."""
        return self._buffer.keys[:, :, : self._length]

    @property
    def values(self) -> Any:
        """Shape (rows, heads, tokens, width)."""
        return self._buffer.values[:, :, : self._length]

    def update(self, key_states: Any, value_states: Any, *args: Any, **kwargs: Any) -> Any:
        """Add tokens; keys and values of all, shape (rows, heads, tokens, width) each."""
        if not self._buffer.claim(self.writer):
            self._buffer = Buffer(self.keys, self.values)
            self._buffer.claim(self.writer)
        self._buffer.write(self._length, key_states, value_states)
        self._length += int(key_states.shape[-2])
        return self.keys, self.values

    def get_seq_length(self) -> int:
        """Number of tokens held."""
        return self._length

    def batch_repeat_interleave(self, repeats: int) -> None:
        """Make its only row so many."""
        if repeats > 1:
            # Without free positions, so that the rows are copied, once, before they are written.
            shape = (repeats, -1, -1, -1)
            self._buffer = Buffer(self.keys.expand(shape), self.values.expand(shape))

    def batch_select_indices(self, indices: Any) -> None:
        """Keep these rows only."""
        self._buffer = self._buffer.rows(indices)


def preallocate(cache: Any) -> Any:
    """The cache with free positions behind every layer that keeps all keys and values.

    Layers that the library keeps in another way (a sliding window, a recurrent state) stay as
    they are: continuing them does what the library does.
    """
    if type(cache) is DynamicCache and not getattr(cache, "offloading", False):
        cache.layers = [
            PreallocatedLayer(layer.keys, layer.values)
            if type(layer) is DynamicLayer and layer.is_initialized
            else layer
            for layer in cache.layers
        ]
    return cache


def ways(cache: Any) -> tuple[Way, ...]:
    """The exact ways of sharing this cache between questions, the fastest first.

    Decided by the exact kind of every layer, so that a kind this module does not know is never
    taken for one that it does:

    - layers that keep all keys and values: everything;
    - sliding windows as well: one question after the other. Padding between prefix and question,
      as a batch needs, would take the place of prefix tokens in the window;
    - anything else (linear attention, state-space layers, layers of a single architecture, other
      classes of cache): one question after the other, each with a full copy.

    >>> from transformers import DynamicCache
    >>> ways(DynamicCache())
    ('packed', 'batched', 'forked')
    """
    kinds = {type(layer) for layer in cache.layers}
    if type(cache) is DynamicCache and kinds <= _GROWING:
        return ("packed", "batched", "forked")
    return ("forked",)


def fork(cache: Any) -> Any:
    """A cache that starts as this one and grows on its own.

    >>> import torch
    >>> from transformers import DynamicCache
    >>> cache, token = DynamicCache(), torch.ones(1, 2, 1, 4)
    >>> _ = cache.update(token, token, 0)
    >>> grown = fork(preallocate(cache))
    >>> _ = grown.update(token, token, 0)
    >>> cache.get_seq_length(), grown.get_seq_length()
    (1, 2)
    """
    grown, writer = snapshot(cache), Writer()
    for layer in grown.layers:
        if isinstance(layer, PreallocatedLayer):
            layer.writer = writer
    return grown


def snapshot(cache: Any) -> Any:
    """A cache that starts as this one, to be grown and dropped before this one grows again.

    Layers known never to change a tensor in place are copied shallowly: what is written behind
    a preallocated layer is overwritten when the layer itself grows, and the library's layers of
    keys and values concatenate into new tensors. All others are copied with everything in them,
    since a recurrent state is updated where it is.
    """
    if type(cache) is not DynamicCache:
        return copy.deepcopy(cache)
    continued = copy.copy(cache)
    continued.layers = [
        copy.copy(layer) if type(layer) in _SHALLOW else copy.deepcopy(layer)
        for layer in cache.layers
    ]
    return continued


def tensors(cache: Any) -> Iterator[Any]:
    """Every tensor a cache holds: keys, values, states; a preallocated layer's used part."""
    for layer in cache.layers:
        kept = [getattr(layer, "keys", None), getattr(layer, "values", None)]
        for value in vars(layer).values():
            kept += value.values() if isinstance(value, dict) else [value]
        seen = set()
        for value in kept:
            if hasattr(value, "element_size") and id(value) not in seen:
                seen.add(id(value))
                yield value


# The kinds of layers known to be continued exactly; by type, never by a base class.
# (The library's placeholder for a layer without a cache exists in newer versions only.)
_GROWING = {DynamicLayer, PreallocatedLayer, getattr(cache_utils, "DummyLayer", DynamicLayer)}
_SHALLOW = {*_GROWING, DynamicSlidingWindowLayer}
