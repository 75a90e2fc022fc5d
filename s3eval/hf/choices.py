"""The probability of each answer a question offers, over all ways of writing it.

An answer may be written in several ways ("yes", "Yes", " yes") and in several tokens ("NES" is
often two). Its probability is the sum over its spellings of the product over their tokens. What
all answers together get is the mass: where it is small, the model did not want to answer with
any of them, and the probabilities mean little.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from s3eval.model import Answer

__all__ = ["ChoiceProbabilities", "Tokens", "as_answer", "choice_probabilities", "spellings"]

# Spellings whose first token alone is rarer than this cannot move a probability visibly.
_NEGLIGIBLE = 1e-6

Tokens = tuple[int, ...]


@dataclass(frozen=True)
class ChoiceProbabilities:
    """Probabilities that sum to 1 over the choices, and the mass they were normalised from."""

    probabilities: Mapping[str, float]
    mass: float

    @property
    def best(self) -> str:
        """The most probable choice; the first of several."""
        return max(self.probabilities, key=lambda choice: self.probabilities[choice])


class LooksAhead(Protocol):
    """What can read a few tokens after a question without keeping them (`PrefixDecoding`)."""

    def look_ahead(self, which: Sequence[int], tokens: Sequence[Tokens]) -> list[Any]:
        """For each of the questions the states of its tokens, shape (tokens, width)."""
        ...


def as_answer(
    text: str, scores: ChoiceProbabilities | None, thoughts: str = "", failure: str = ""
) -> Answer:
    """An answer with the probabilities of its question's choices, where it has any.

    Args:
        failure: why none follows the thoughts, "" where one does.
    """
    if failure:
        return Answer("failed", reason=failure, thoughts=thoughts)
    if scores is None:
        return Answer.of(text, thoughts=thoughts)
    return Answer.of(text, probabilities=scores.probabilities, mass=scores.mass, thoughts=thoughts)


def spellings(tokenizer: Any, choices: Sequence[str]) -> dict[str, tuple[Tokens, ...]]:
    """Each choice's ways of being written, as tokens.

    As it is, in lower case, capitalised and in capitals, each with and without a blank before
    it; abbreviations (all capitals) only as they are. A spelling that continues a shorter one
    of the same choice is left out, since the shorter one counts it already.
    """
    written_as: dict[str, tuple[Tokens, ...]] = {}
    for choice in choices:
        forms = [choice]
        if not (choice.isupper() and len(choice) > 1):
            forms += [choice.lower(), choice.capitalize(), choice.upper()]
        written = dict.fromkeys(
            tuple(tokenizer(blank + form, add_special_tokens=False)["input_ids"])
            for form in forms
            for blank in ("", " ")
        )
        written_as[choice] = tuple(
            t for t in written if not any(o != t and t[: len(o)] == o for o in written)
        )
    return written_as


def choice_probabilities(
    decoding: LooksAhead,
    which: Sequence[int],
    firsts: Sequence[Any],
    offered: Sequence[Mapping[str, tuple[Tokens, ...]]],
    head: Any,
) -> list[ChoiceProbabilities]:
    """The probabilities of each question's choices.

    Args:
        decoding: where the questions were read.
        which: the questions' places in it.
        firsts: log probabilities of each question's first answer token, shape (vocabulary,).
        offered: each question's choices with their spellings.
        head: hidden states to log probabilities.
    """
    probabilities: list[dict[Tokens, float]] = []
    longer: list[tuple[int, Tokens]] = []
    for place, (first, choices) in enumerate(zip(firsts, offered, strict=True)):
        row: dict[Tokens, float] = {}
        written = list(dict.fromkeys(t for ways in choices.values() for t in ways))
        # Read off at once: a tensor's numbers one by one cost more than the rest of this.
        logs = first[[t[0] for t in written]].tolist()
        for tokens, log in zip(written, logs, strict=True):
            row[tokens] = math.exp(log)
            if len(tokens) > 1 and row[tokens] > _NEGLIGIBLE:
                longer.append((place, tokens))
        probabilities.append(row)
    if longer:
        states = decoding.look_ahead([which[p] for p, _ in longer], [t[:-1] for _, t in longer])
        for (place, tokens), hidden in zip(longer, states, strict=True):
            following = head(hidden)
            rest = sum(float(following[k, token]) for k, token in enumerate(tokens[1:]))
            probabilities[place][tokens] *= math.exp(rest)
    return [_normalised(row, choices) for row, choices in zip(probabilities, offered, strict=True)]


def _normalised(
    probabilities: Mapping[Tokens, float], choices: Mapping[str, tuple[Tokens, ...]]
) -> ChoiceProbabilities:
    """Sum spellings into choices; one that begins another is counted without the other's share."""
    totals = {}
    for choice, ways in choices.items():
        others = {t for other, more in choices.items() if other != choice for t in more}
        totals[choice] = sum(
            max(0.0, probabilities[way] - sum(probabilities[t] for t in others if _begins(way, t)))
            for way in ways
        )
    mass = sum(totals.values())
    if not mass > 0:
        return ChoiceProbabilities(dict.fromkeys(choices, 1 / len(choices)), 0.0)
    return ChoiceProbabilities({c: total / mass for c, total in totals.items()}, min(1.0, mass))


def _begins(short: Tokens, long: Tokens) -> bool:
    return len(short) < len(long) and long[: len(short)] == short
