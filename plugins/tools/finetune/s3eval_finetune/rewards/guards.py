"""What makes an answer worth less whatever it says: repeating, copying the question, rambling."""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["brief", "distinct", "guard", "long_enough", "own_words"]

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
#: Words in a row by which repeating and copying are recognised.
RUN = 3


def guard(text: str, prompt: str = "", spared: str = "", most: int = 100) -> float:
    """The product of `distinct`, `own_words` and `brief`, in [0, 1].

    Args:
        prompt: the question.
        spared: the annotated text: it may be said in the question's words, and an answer that
            repeats no more than it does loses nothing.
        most: words that an answer may have.
    """
    once = min(1.0, distinct(text) / distinct(spared))
    return once * own_words(text, prompt, spared) * brief(text, most)


def distinct(text: str) -> float:
    """The share of three words in a row that are not said again, in [0, 1]; 1 for fewer words.

    >>> distinct("The arm jerks. The arm jerks. The arm jerks. The arm jerks.")
    0.3
    """
    runs = _runs(text)
    return len({*runs}) / len(runs) if runs else 1.0


def own_words(text: str, prompt: str, spared: str = "") -> float:
    """1 - the share of three words in a row that stand in the question, in [0, 1].

    What also stands in ``spared`` is no copy: the annotation uses the field's phrases, too.

    >>> own_words("the patient turns the head", "Does the patient turn the head?")
    1.0
    >>> own_words("does the patient turn the head", "Does the patient turn the head?")
    0.0
    """
    runs = _runs(text)
    if not runs:
        return 1.0
    copied = _set_of_runs(prompt) - _set_of_runs(spared)
    return 1.0 - sum(run in copied for run in runs) / len(runs)


def brief(text: str, most: int) -> float:
    """1 up to ``most`` words, from there on falling to 0 at twice as many.

    >>> brief("one two three", 2), brief("one two", 2)
    (0.5, 1.0)
    """
    words = len(_words(text))
    return min(1.0, max(0.0, 2.0 - words / most))


def long_enough(text: str, least: int) -> float:
    """The share of ``least`` words that a text has, at most 1.

    >>> long_enough("There is", 5)
    0.4
    """
    return min(1.0, len(_words(text)) / least)


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def _runs(text: str) -> list[tuple[str, ...]]:
    words = _words(text)
    return [tuple(words[i : i + RUN]) for i in range(len(words) - RUN + 1)]


@lru_cache(maxsize=65536)
def _set_of_runs(text: str) -> frozenset[tuple[str, ...]]:
    return frozenset(_runs(text))
