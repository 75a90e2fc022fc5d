"""The next token of each answer: the most probable, or one that is drawn, repeats discounted."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from s3eval.hf.prefix import Prefix

if TYPE_CHECKING:
    from s3eval.model import Question

__all__ = ["Greedy", "draw", "draw_seed"]


class Greedy:
    """Chooses tokens as the library's generate does.

    Args:
        prefix: the shared prompt.
        tails: each answer's own part of the prompt, as token ids.
        penalty: what the logits of tokens already in prompt or answer are divided by where
            positive and multiplied by where negative; 1 changes nothing.
        temperature: 0 takes the most probable token; above it tokens are drawn.
        seeds: of each answer's draws.

    >>> import torch
    >>> greedy = Greedy(Prefix((0,), None, 1, 0, 1), [(1,), (2,)], penalty=2.0)
    >>> greedy.choose([0, 1], torch.tensor([[0.0, 3.0, 2.0], [0.0, 3.0, 2.0]]))
    [2, 1]
    """

    def __init__(
        self,
        prefix: Prefix,
        tails: Sequence[Sequence[int]],
        penalty: float,
        temperature: float = 0.0,
        seeds: Sequence[int] = (),
    ) -> None:
        self._penalty, self._used = penalty, None
        self._temperature, self._seeds = temperature, list(seeds)
        self._kept = [0] * len(tails)  # tokens of each answer so far
        if penalty != 1.0:
            self._used = _table([[*prefix.distinct, *dict.fromkeys(t)] for t in tails])

    def choose(self, which: Sequence[int], logits: Any) -> list[int]:
        """The next token of the named answers; ``logits`` has shape (which, vocabulary)."""
        if self._used is None:
            return self._chosen(which, logits)
        import torch

        rows = torch.tensor(which)
        self._used = self._used.to(logits.device)
        index = self._used[rows]
        values = logits.gather(1, index)
        values = torch.where(values < 0, values * self._penalty, values / self._penalty)
        tokens = self._chosen(which, logits.scatter(1, index, values))
        self._used = torch.cat([self._used, self._used[:, :1]], dim=1)
        self._used[rows, -1] = torch.tensor(tokens, device=self._used.device)
        return tokens

    def _chosen(self, which: Sequence[int], logits: Any) -> list[int]:
        tokens: list[int] = logits.argmax(-1).tolist()
        if self._temperature > 0:
            tokens = [
                draw(row, self._temperature, self._seeds[i], self._kept[i])
                for i, row in zip(which, logits, strict=True)
            ]
        for i in which:
            self._kept[i] += 1
        return tokens

    def correct(self, which: int, token: int | None) -> None:
        """What the last choice of an answer became: another token, or none that was kept."""
        self._kept[which] -= token is None
        if self._used is not None:
            self._used[which, -1] = self._used[which, 0] if token is None else token


def draw_seed(question: Question) -> int:
    """The seed of a question's draws: by its seed, repetition and text, whatever is asked beside.

    >>> from s3eval.model import Question
    >>> draw_seed(Question("a", "Tonic?")) == draw_seed(Question("b", "Tonic?", repeat=1))
    False
    """
    text = f"{question.seed}|{question.repeat}|{question.system}|{question.text}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big")


def draw(logits: Any, temperature: float, seed: int, place: int) -> int:
    """A token drawn from the probabilities at a temperature.

    Args:
        logits: shape (vocabulary,). seed, place: of the answer, and of the token in it; the same
            ones draw the same token, whatever else is drawn.
    """
    import torch

    generator = torch.Generator().manual_seed(seed + 1_000_003 * place)
    probabilities = (logits.float().cpu() / temperature).softmax(-1)
    return int(torch.multinomial(probabilities, 1, generator=generator))


def _table(rows: Sequence[Sequence[int]]) -> Any:
    """Token ids as a tensor, shape (rows, longest); a shorter row repeats its first one."""
    import torch

    longest = max(map(len, rows), default=0)
    return torch.tensor([[*row, *[row[0]] * (longest - len(row))] for row in rows])
