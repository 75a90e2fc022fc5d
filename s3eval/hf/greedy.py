"""The next token of each answer: the most probable, with repeated ones discounted if so set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from s3eval.hf.prefix import Prefix

__all__ = ["Greedy"]


class Greedy:
    """Chooses tokens as the library's generate does when it decodes greedily.

    Args:
        prefix: the shared prompt.
        tails: each answer's own part of the prompt, as token ids.
        penalty: what the logits of tokens already in prompt or answer are divided by where
            positive and multiplied by where negative; 1 changes nothing.

    >>> import torch
    >>> greedy = Greedy(Prefix((0,), None, 1, 0, 1), [(1,), (2,)], penalty=2.0)
    >>> greedy.choose([0, 1], torch.tensor([[0.0, 3.0, 2.0], [0.0, 3.0, 2.0]]))
    [2, 1]
    """

    def __init__(self, prefix: Prefix, tails: Sequence[Sequence[int]], penalty: float) -> None:
        self._penalty, self._used = penalty, None
        if penalty != 1.0:
            self._used = _table([[*prefix.distinct, *dict.fromkeys(t)] for t in tails])

    def choose(self, which: Sequence[int], logits: Any) -> list[int]:
        """The next token of the named answers; ``logits`` has shape (which, vocabulary)."""
        if self._used is None:
            return list(logits.argmax(-1).tolist())
        import torch

        rows = torch.tensor(which)
        self._used = self._used.to(logits.device)
        index = self._used[rows]
        values = logits.gather(1, index)
        values = torch.where(values < 0, values * self._penalty, values / self._penalty)
        tokens = logits.scatter(1, index, values).argmax(-1)
        self._used = torch.cat([self._used, self._used[:, :1]], dim=1)
        self._used[rows, -1] = tokens
        return list(tokens.tolist())

    def correct(self, which: int, token: int | None) -> None:
        """What the last choice of an answer became: another token, or none that was kept."""
        if self._used is not None:
            self._used[which, -1] = self._used[which, 0] if token is None else token


def _table(rows: Sequence[Sequence[int]]) -> Any:
    """Token ids as a tensor, shape (rows, longest); a shorter row repeats its first one."""
    import torch

    longest = max(map(len, rows), default=0)
    return torch.tensor([[*row, *[row[0]] * (longest - len(row))] for row in rows])
