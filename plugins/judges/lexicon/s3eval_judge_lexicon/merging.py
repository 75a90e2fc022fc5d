"""Several windows' texts as one: sentences in order, what was said before left out."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rapidfuzz import fuzz

from s3eval.judge import Evidence, MergedText

__all__ = ["SAME", "merge_texts"]

#: Two sentences at least this alike (RapidFuzz token_sort_ratio, 0-100) say the same.
SAME = 90.0
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\s*\n\s*")
_JOINED = re.compile(r"\s*\|\|\s*")
_NUMBER = re.compile(r"\d+|\b(?:left|right|both|no|not|without)\b")
_WORD = re.compile(r"\w+")
_LITTLE = frozenset(("the", "a", "an", "patient", "patients", "s", "his", "her", "their"))
_EMPTY = frozenset(("", "fail", "failed", "error", "na", "n/a", "none", "null"))


def merge_texts(texts: Sequence[str]) -> MergedText:
    """Extractive merge: every sentence that adds something, as written and in order.

    Sentences that differ in a number, a side or a negation are never taken for the same.
    ``evidence`` says from which text (counted from 1) each kept sentence came; its places are
    places in the merged text. All texts empty: the merged text is empty.

    >>> merge_texts(["Head turns left. Stares.", "The head turns left.", "Head turns right."]).text
    'Head turns left. Stares. Head turns right.'
    """
    kept: list[tuple[str, str, frozenset[str]]] = []
    sources: list[int] = []
    for number, text in enumerate(texts, 1):
        for sentence in _sentences(text):
            plain = " ".join(w for w in _WORD.findall(sentence.lower()) if w not in _LITTLE)
            telling = frozenset(_NUMBER.findall(plain))
            if any(_says_same(plain, telling, k[1], k[2]) for k in kept):
                continue
            kept.append((sentence, plain, telling))
            sources.append(number)
    text, evidence = "", []
    for (sentence, _, _), number in zip(kept, sources, strict=True):
        start = len(text) + 1 if text else 0
        text = f"{text} {sentence}" if text else sentence
        evidence.append(Evidence(f"window {number}", sentence, start, start + len(sentence)))
    return MergedText(text, tuple(evidence))


def _sentences(text: str) -> list[str]:
    sentences: list[str] = []
    for part in _JOINED.split(text):
        if part.strip().lower().rstrip(".") in _EMPTY:
            continue
        for piece in _SENTENCE_END.split(part):
            sentence = " ".join(piece.split())
            if _WORD.search(sentence):
                sentences.append(sentence if sentence[-1] in ".!?" else sentence + ".")
    return sentences


def _says_same(
    plain: str, telling: frozenset[str], other: str, other_telling: frozenset[str]
) -> bool:
    if telling != other_telling:
        return False
    return plain == other or bool(fuzz.token_sort_ratio(plain, other) >= SAME)
