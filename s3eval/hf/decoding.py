"""Batched and packed decoding: many continuations of one prefix, in rows or in one sequence.

Both offer the same three steps: `start` reads the questions, `step` adds a generated token to
some of them, `look_ahead` reads a few tokens after some of them and forgets them again.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from s3eval.hf.options import Way
from s3eval.hf.prefix import Prefix, cache_word

__all__ = ["BatchedDecoding", "PackedDecoding", "PrefixDecoding", "start_decoding"]


class PrefixDecoding(ABC):
    """Continuations of one prefix, numbered in the order they were started."""

    def __init__(self, model: Any, prefix: Prefix) -> None:
        from s3eval.hf.kv_cache import fork

        self._decoder = model.get_decoder()
        self._cache_word = cache_word(self._decoder)
        self._prefix = prefix
        self._cache = fork(prefix.cache)
        self._next: list[int] = []  # the position of each continuation's next token
        self._device = prefix.device

    def start(self, tails: Sequence[Sequence[int]]) -> Any:
        """Read each tail after the prefix.

        Returns:
            hidden states of the last token of each, shape (tails, width).
        """
        hidden = self._read(tails)
        after = self._prefix.highest + 1
        self._next = [max(self._prefix.next_position + len(t), after) for t in tails]
        return hidden

    @abstractmethod
    def _read(self, tails: Sequence[Sequence[int]]) -> Any: ...

    @abstractmethod
    def step(self, which: Sequence[int], tokens: Sequence[int]) -> Any:
        """Add one token to each of the named continuations; hidden states, (which, width)."""

    @abstractmethod
    def look_ahead(self, which: Sequence[int], tokens: Sequence[Sequence[int]]) -> list[Any]:
        """Read some tokens after the named continuations without keeping them.

        Returns:
            for each the hidden states of its tokens, shape (tokens, width).
        """

    def _forward(self, cache: Any, ids: Any, positions: Any, mask: Any) -> Any:
        """Run the decoder; ``ids`` and ``positions`` have shape (batch, length).

        It gets the tokens rather than their embeddings, which some decoders need at every layer.
        """
        if self._prefix.rows == 3:
            positions = positions.unsqueeze(0).expand(3, -1, -1)
        return self._decoder(
            input_ids=ids,
            position_ids=positions,
            attention_mask=mask,
            use_cache=True,
            **{self._cache_word: cache},
        ).last_hidden_state

    def _tensor(self, values: Any) -> Any:
        import torch

        return torch.tensor(values, dtype=torch.long, device=self._device)


class PackedDecoding(PrefixDecoding):
    """All continuations in one sequence; a mask keeps them from seeing one another.

    The prefix is held once, whatever their number, and every step is one pass.
    """

    def __init__(self, model: Any, prefix: Prefix) -> None:
        super().__init__(model, prefix)
        self._dtype = prefix.dtype
        self._owners: Any = self._tensor([])  # whose each token after the prefix is

    def _read(self, tails: Sequence[Sequence[int]]) -> Any:
        which = range(len(tails))
        start = self._prefix.next_position
        hidden = self._grow(self._cache, which, tails, [start] * len(tails), keep=True)
        return self._last(hidden, tails)

    def step(self, which: Sequence[int], tokens: Sequence[int]) -> Any:
        """See `PrefixDecoding.step`."""
        starts = [self._next[i] for i in which]
        for i in which:
            self._next[i] += 1
        return self._grow(self._cache, which, [[t] for t in tokens], starts, keep=True)

    def look_ahead(self, which: Sequence[int], tokens: Sequence[Sequence[int]]) -> list[Any]:
        """See `PrefixDecoding.look_ahead`."""
        from s3eval.hf.kv_cache import snapshot

        starts = [self._next[i] for i in which]
        scratch = snapshot(self._cache)
        hidden = self._grow(scratch, which, tokens, starts, keep=False)
        return list(hidden.split([len(t) for t in tokens]))

    def _grow(
        self,
        cache: Any,
        which: Sequence[int],
        tokens: Sequence[Sequence[int]],
        starts: Sequence[int],
        *,
        keep: bool,
    ) -> Any:
        """Append a block for each of ``which``; hidden states of all tokens, (length, width)."""
        lengths = [len(t) for t in tokens]
        owner = self._tensor([i for i, n in zip(which, lengths, strict=True) for _ in range(n)])
        block = self._tensor([b for b, n in enumerate(lengths) for _ in range(n)])
        positions = [s + k for s, n in zip(starts, lengths, strict=True) for k in range(n)]
        hidden = self._forward(
            cache,
            self._tensor([[t for tail in tokens for t in tail]]),
            self._tensor([positions]),
            self._mask(owner, block),
        )[0]
        if keep:
            import torch

            self._owners = torch.cat([self._owners, owner])
        return hidden

    def _mask(self, owner: Any, block: Any) -> Any:
        """Additive mask, shape (1, 1, length, prefix + past + length)."""
        import torch

        hidden = torch.cat(
            [
                owner[:, None] != self._owners[None, :],
                (block[:, None] == block[None, :]).tril().logical_not(),
            ],
            dim=1,
        )
        length, shared = owner.shape[0], self._prefix.length
        mask = torch.zeros(length, shared + hidden.shape[1], dtype=self._dtype, device=self._device)
        # All see the whole prefix, which is nearly all of the mask.
        mask[:, shared:].masked_fill_(hidden, torch.finfo(self._dtype).min)
        return mask[None, None]

    @staticmethod
    def _last(hidden: Any, tails: Sequence[Sequence[int]]) -> Any:
        import torch

        ends = torch.tensor([len(t) for t in tails]).cumsum(0) - 1
        return hidden[ends.to(hidden.device)]


class BatchedDecoding(PrefixDecoding):
    """Each continuation a row of a batch; with one row this is a plain fork.

    Every row holds the prefix anew, but any attention implementation will do. Rows are padded
    on the left, between the prefix and the question.
    """

    def __init__(self, model: Any, prefix: Prefix, pad: int) -> None:
        super().__init__(model, prefix)
        self._pad = pad
        self._rows: list[int] = []
        self._mask: Any = None

    def _read(self, tails: Sequence[Sequence[int]]) -> Any:
        import torch

        count, longest = len(tails), max(len(t) for t in tails)
        self._rows = list(range(count))
        if count > 1:  # which a recurrent state knows nothing of
            self._cache.batch_repeat_interleave(count)
        gaps = [longest - len(t) for t in tails]
        ids = [[self._pad] * gap + list(t) for gap, t in zip(gaps, tails, strict=True)]
        start = self._prefix.next_position
        positions = [[start] * gap + [start + k for k in range(longest - gap)] for gap in gaps]
        self._mask = None  # nothing is hidden: the library then takes its fastest kernel
        if any(gaps):
            real = [[0] * gap + [1] * (longest - gap) for gap in gaps]
            shared = torch.ones(count, self._prefix.length, dtype=torch.long, device=self._device)
            self._mask = torch.cat([shared, self._tensor(real)], dim=1)
        hidden = self._forward(self._cache, self._tensor(ids), self._tensor(positions), self._mask)
        return hidden[:, -1]

    def step(self, which: Sequence[int], tokens: Sequence[int]) -> Any:
        """See `PrefixDecoding.step`."""
        if 2 * len(which) <= len(self._rows):
            self._keep([self._rows.index(i) for i in which])
        given = dict(zip(which, tokens, strict=True))
        ids = [[given.get(i, self._pad)] for i in self._rows]
        positions = [[self._next[i]] for i in self._rows]
        for i in which:
            self._next[i] += 1
        self._mask = self._widen(self._mask, 1)
        hidden = self._forward(self._cache, self._tensor(ids), self._tensor(positions), self._mask)
        return hidden[[self._rows.index(i) for i in which], -1]

    def look_ahead(self, which: Sequence[int], tokens: Sequence[Sequence[int]]) -> list[Any]:
        """See `PrefixDecoding.look_ahead`; as many at a time as there are rows, for memory."""
        size, hidden = len(self._rows), list[Any]()
        for start in range(0, len(which), size):
            hidden += self._look(which[start : start + size], tokens[start : start + size])
        return hidden

    def _look(self, which: Sequence[int], tokens: Sequence[Sequence[int]]) -> list[Any]:
        from s3eval.hf.kv_cache import snapshot

        rows = self._tensor([self._rows.index(i) for i in which])
        scratch = snapshot(self._cache)
        if list(which) != self._rows:
            scratch.batch_select_indices(rows)
        longest = max(len(t) for t in tokens)
        # Padding after the tokens is never seen by them.
        ids = [list(t) + [self._pad] * (longest - len(t)) for t in tokens]
        positions = [[self._next[i] + k for k in range(longest)] for i in which]
        mask = self._widen(None if self._mask is None else self._mask[rows], longest)
        hidden = self._forward(scratch, self._tensor(ids), self._tensor(positions), mask)
        return [hidden[row, : len(t)] for row, t in enumerate(tokens)]

    def _keep(self, rows: list[int]) -> None:
        index = self._tensor(rows)
        self._cache.batch_select_indices(index)
        self._mask = None if self._mask is None else self._mask[index]
        self._rows = [self._rows[r] for r in rows]

    @staticmethod
    def _widen(mask: Any, by: int) -> Any:
        import torch

        if mask is None:
            return None
        return torch.cat([mask, mask.new_ones(mask.shape[0], by)], dim=1)


def start_decoding(way: Way, model: Any, prefix: Prefix, pad: int) -> PrefixDecoding:
    """Continuations of a prefix, to be decoded in this way.

    Args:
        way: "packed", or else rows of a batch: one row ("forked") or more ("batched").
        model: the model of the library.
        pad: the token rows are padded with.
    """
    if way == "packed":
        return PackedDecoding(model, prefix)
    return BatchedDecoding(model, prefix, pad)
