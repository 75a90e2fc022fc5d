"""From the log probabilities of the first answer token to probabilities of the answers offered."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["choice_probabilities"]

# Servers compute in 16 bits and print few digits: so far above its bound a value is still meant.
_ROUNDING = 0.01


def choice_probabilities(
    tokens: Sequence[Mapping[str, Any]], choices: Sequence[str]
) -> tuple[dict[str, float], float | None]:
    """What the first word's alternatives say about each choice.

    The first word is that of the answer: what stands before the end of a thought is none.

    A token counts for a choice when, stripped of space, case and punctuation, it is the choice
    or begins no other choice ("N" of "NES" does not begin "ES"). Alternatives the server did
    not list count as nothing, so the mass is a lower bound.

    Args:
        tokens: content of the reply's ``logprobs``, per token with ``top_logprobs``.
        choices: the answers offered.

    Returns:
        probabilities normalised over the choices, and their total mass in [0, 1]; empty and
        None where the server gave no alternatives, none belongs to a choice, or one of them is
        no logarithm of a probability (NaN, a text, above 0): never a guess in its place.

    >>> first = {"token": "Yes", "logprob": -0.7, "top_logprobs": [
    ...     {"token": "Yes", "logprob": math.log(0.5)}, {"token": " no", "logprob": math.log(0.25)},
    ...     {"token": "yes", "logprob": math.log(0.1)}, {"token": "The", "logprob": math.log(0.1)}]}
    >>> probabilities, mass = choice_probabilities([first], ["yes", "no"])
    >>> {k: round(v, 3) for k, v in probabilities.items()}, round(mass, 3)
    ({'yes': 0.706, 'no': 0.294}, 0.85)
    """
    answer = tokens[_answer_start(tokens) :]
    first = next((t for t in answer if _word(str(t.get("token", "")))), None)
    listed = (first or {}).get("top_logprobs")
    sums = dict.fromkeys(choices, 0.0)
    for alternative in listed if isinstance(listed, list) else []:
        probability = _probability(alternative)
        if probability is None:
            return {}, None
        choice = _choice_of(_word(str(alternative.get("token", ""))), choices)
        if choice is not None:
            sums[choice] += probability
    mass = math.fsum(sums.values())
    if not 0.0 < mass <= 1.0 + _ROUNDING:
        return {}, None
    return {c: p / mass for c, p in sums.items()}, min(1.0, mass)


#: What ends a model's thoughts, as one token or as the end of several.
_THOUGHT_ENDS = ("</think>", "[/THINK]", "◁/think▷", "<channel|>", "<unused95>")
_LONGEST_END = 16


def _answer_start(tokens: Sequence[Mapping[str, Any]]) -> int:
    """The place of the first token after the model's thoughts; 0 where it has none.

    >>> _answer_start([{"token": t} for t in ("<think>", "no", "?", "</", "think", ">", "yes")])
    6
    """
    start, text = 0, ""
    for place, token in enumerate(tokens):
        text = (text + str(token.get("token", "")))[-_LONGEST_END:]
        if text.rstrip().endswith(_THOUGHT_ENDS):
            start, text = place + 1, ""
    return start


def _probability(alternative: Any) -> float | None:
    """The probability an alternative's ``logprob`` stands for; None where it is none."""
    value = alternative.get("logprob") if isinstance(alternative, Mapping) else None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    if math.isnan(value) or value > _ROUNDING:
        return None
    return math.exp(min(0.0, value))


def _word(token: str) -> str:
    return token.replace("Ġ", " ").replace("▁", " ").strip(" \t\n\r\"'*.`([{:").casefold()


def _choice_of(word: str, choices: Sequence[str]) -> str | None:
    if not word:
        return None
    exact = [c for c in choices if c.casefold() == word]
    begun = exact or [c for c in choices if c.casefold().startswith(word)]
    return begun[0] if len(begun) == 1 else None
