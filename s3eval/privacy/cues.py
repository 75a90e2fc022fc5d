"""Names in small letters, and names that are words, by what stands before them.

After "dr", "his wife" or "a man called" a word is a name where English does not know it
("dr okonkwo", "his wife elke"), or where it stands as names do: with a capital within a sentence
("her son Will holds her hand"), between brackets or commas ("mother (grace)").
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from s3eval.privacy.words import English, is_everyday, listed

if TYPE_CHECKING:
    from presidio_analyzer import EntityRecognizer

__all__ = ["cue_recognizer"]

_CALLED = frozenset(["named", "called", "name", "nicknamed", "alias"])
# After these titles the next word is a name unless it is a common one.
_ALWAYS = frozenset(["dr", "prof", "professor", "mr", "mrs", "mx"])
_BEING = frozenset(("is", "was", "as"))
_SPEECH = frozenset((":", "'", '"', "“", "‘"))
_PASSED = frozenset((",", "(", ":", ".", "-", "–", "'", '"', "“", "‘"))
_CLOSING = frozenset((",", ")", "-", "–", "'", '"', "”", "’"))
_CAPITAL = re.compile(r"[^\W\d_][^\W\d_]+(?:['’-][^\W\d_]+)*")


def cue_recognizer(english: English) -> EntityRecognizer:
    """The recogniser of names by the words before them."""
    from presidio_analyzer import EntityRecognizer, RecognizerResult

    class Cues(EntityRecognizer):
        def __init__(self) -> None:
            super().__init__(supported_entities=["CUED_NAME", "CUED_PLACE"], name="Cues")

        def load(self) -> None:
            pass

        def analyze(self, text: str, entities: Any, nlp_artifacts: Any) -> list[RecognizerResult]:
            tokens = list(nlp_artifacts.tokens)
            return [
                RecognizerResult(entity, tokens[i].idx, tokens[i].idx + len(tokens[i]), 0.8)
                for entity, positions in (
                    ("CUED_NAME", _named(tokens, english)),
                    ("CUED_PLACE", _places(tokens, english)),
                )
                for i in positions
            ]

    return Cues()


def _named(tokens: list[Any], english: English) -> list[int]:
    """Positions of the tokens that are names by what stands before them."""
    names: list[int] = []
    for position, token in enumerate(tokens):
        cue = token.text.lower().rstrip(".")
        if cue not in listed("titles.txt") and cue not in listed("kin.txt") and cue not in _CALLED:
            continue
        following = position + 1
        opened = ""
        if cue in _CALLED and following < len(tokens) and tokens[following].text in _BEING:
            following += 1  # "her name is elke"
        while following < len(tokens) and tokens[following].text in _PASSED:
            opened = tokens[following].text
            following += 1
            if following - position > 3:
                break
        if following < len(tokens) and _is_name(tokens, position, following, opened, english):
            names.append(following)
            after = following + 1  # a surname after the first name
            if after < len(tokens) and _unknown(tokens[after].text, english):
                names.append(after)
    return names


def _is_name(tokens: list[Any], cue: int, position: int, opened: str, english: English) -> bool:
    word, title = tokens[position].text, tokens[cue].text.lower().rstrip(".")
    if not _CAPITAL.fullmatch(word) or (title == "ms" and cue and tokens[cue - 1].like_num):
        return False
    if opened == "." and title not in _ALWAYS and title != "ms":
        return False  # the next sentence
    if word[0].isupper():
        # A capital within a sentence; abbreviations and what is capitalised anyway are none, nor
        # is what somebody says: "mother: Stop it!"
        certain = title in listed("kin.txt") and opened not in _SPEECH
        return not word.isupper() and (certain or not is_everyday(word))
    if _unknown(word, english):
        return True
    if title in _ALWAYS:
        return not is_everyday(word) and not tokens[position].is_stop and opened in ("", ".")
    if title not in listed("kin.txt") or is_everyday(word) or position + 1 >= len(tokens):
        return False
    following = tokens[position + 1]
    if opened == "(":  # "mother (grace)": one word by itself
        return following.text in _CLOSING
    # "his wife grace says": a noun that does something, where a verb was to be expected.
    acts = tokens[position].tag_ in ("NN", "NNP") and following.tag_ in ("VBZ", "VBD", "MD")
    return not opened and acts


def _places(tokens: list[Any], english: English) -> list[int]:
    """Positions of words that English does not know after "lives in", "moved from"."""
    return [
        i + 1
        for i in range(1, len(tokens) - 1)
        if tokens[i].text.lower() in ("in", "at", "from", "to", "near", "of")
        and any(t.text.lower() in listed("residence.txt") for t in tokens[max(0, i - 2) : i])
        and _unknown(tokens[i + 1].text, english)
    ]


def _unknown(word: str, english: English) -> bool:
    return len(word) > 2 and word.isalpha() and not is_everyday(word) and not english.knows(word)
