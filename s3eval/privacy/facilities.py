"""Hospitals and clinics by name, with capitals and without.

"Riverside clinic" and "harrowgate general hospital" are places; "the outpatient clinic" and
"the nearest hospital" are everywhere.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from s3eval.privacy.words import English, is_everyday, listed

if TYPE_CHECKING:
    from presidio_analyzer import EntityRecognizer

__all__ = ["facility_recognizer"]

_TWO = {("medical", "center"), ("medical", "centre"), ("health", "center"), ("health", "centre"),
    ("nursing", "home"), ("care", "home"), ("epilepsy", "center"), ("epilepsy", "centre"),
    ("health", "system"), ("nhs", "trust"), ("group", "home"), ("day", "center")}  # fmt: skip

_FUNCTION = frozenset(("DT", "IN", "TO", "CC", "PRP", "PRP$", "VB", "VBD", "VBG", "VBN", "VBP",
    "VBZ", "MD", "RB", "WDT", "WP", "WRB", "CD", "POS", "RP", "EX", ",", ".", ":"))  # fmt: skip


def facility_recognizer(english: English) -> EntityRecognizer:
    """The recogniser of named hospitals, clinics and schools."""
    from presidio_analyzer import EntityRecognizer, RecognizerResult

    class Facilities(EntityRecognizer):
        def __init__(self) -> None:
            super().__init__(supported_entities=["FACILITY"], name="Facilities")

        def load(self) -> None:
            pass

        def analyze(self, text: str, entities: Any, nlp_artifacts: Any) -> list[RecognizerResult]:
            tokens = list(nlp_artifacts.tokens)
            return [
                RecognizerResult("FACILITY", tokens[a].idx, tokens[b].idx + len(tokens[b]), 0.8)
                for a, b in _named(tokens, english)
            ]

    return Facilities()


def _named(tokens: list[Any], english: English) -> list[tuple[int, int]]:
    """First and last token of each facility that is named."""
    spans = []
    for position, token in enumerate(tokens):
        word = token.text.lower()
        before = tokens[position - 1].text.lower() if position else ""
        pair = (before, word) in _TWO
        if word not in listed("facilities.txt") and not pair:
            continue
        first = _first(tokens, position - pair)
        if any(_names(t, english) for t in tokens[first : position - pair]):
            spans.append((first, position))
    return spans


def _first(tokens: list[Any], position: int) -> int:
    """Where the words that belong to the facility's name begin, at most five before it."""
    first = position
    while first and position - first < 5:
        token = tokens[first - 1]
        capital = token.text[:1].isupper() and token.i > 0
        saint = token.text in ("'s", "’s", ".") or token.text.lower() in ("st", "st.")
        plain = re.fullmatch(r"[^\W\d_][\w'’-]*", token.text) and token.tag_ not in _FUNCTION
        if not (saint or capital or plain):
            break
        first -= 1
    return first


def _names(token: Any, english: English) -> bool:
    """Whether a word before "clinic" is its name and says not only what kind of clinic it is."""
    word = token.text.lower()
    if len(word) < 3 or not word[0].isalpha():
        return False
    described = token.tag_.startswith("JJ") and token.text.islower() and english.knows(word)
    return not (described or word in listed("facility_attributes.txt") or is_everyday(word))
