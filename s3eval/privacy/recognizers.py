"""What Presidio is asked to recognise, beside what its statistical model names.

Presidio's recognisers that look at web addresses fetch a list of domains when first used; they
are left out and replaced by patterns, since a privacy check must not reach out itself.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from s3eval.privacy.cues import cue_recognizer
from s3eval.privacy.facilities import facility_recognizer
from s3eval.privacy.identifiers import (
    AGES,
    INITIALS,
    NUMBERS,
    OTHER_SCRIPTS,
    PHONES,
    PLACES,
)
from s3eval.privacy.words import WORDS, English, clinical_words, first_names, folded, is_everyday

if TYPE_CHECKING:
    from presidio_analyzer import EntityRecognizer

__all__ = ["is_abbreviation", "is_clinical", "recognizers"]

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    r"sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_DATES = {
    "day month": rf"\b\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH}\b\.?(?:,?\s+\d{{4}})?",
    "month day": rf"\b{_MONTH}\.?\s+\d{{1,2}}(?:st|nd|rd|th)?\b(?:,?\s+\d{{4}})?",
    "month year": rf"\b{_MONTH}\.?,?\s+(?:19|20)\d{{2}}\b",
    "day-month-year": rf"\b\d{{1,2}}[-./]?{_MONTH}[-./]?(?:\d{{4}}|\d{{2}})\b",
    # Also as the first half of a time stamp, 2021-03-04T12:33.
    "iso": r"\b(?:19|20)\d{2}[-/.](?:0?[1-9]|1[0-2])[-/.](?:0?[1-9]|[12]\d|3[01])(?!\d)",
    "month/year": r"\b(?:0?[1-9]|1[0-2])/(?:19|20)\d{2}\b",
    # Without a year only after "on": 3/4 may as well be a share, 5/5 a grade of strength.
    "on month/day": r"(?<=\bon\s+)(?:0?[1-9]|1[0-2])/(?:0?[1-9]|[12]\d|3[01])\b"
    r"(?!\s*(?:of|limb|extremit|strength))",
    "numeric": r"\b(?:0?[1-9]|[12]\d|3[01])[-/.](?:0?[1-9]|[12]\d|3[01])[-/.](?:(?:19|20)?\d{2})\b",
}
_OWNER = r"(?:patient|pt|subject|hospital|unit|visit|encounter|admission|study|medical|med)"
_NUMBERS = {
    # "MRN 1234567", "record no. 20391", "Hospital No: 44321", "Pt ID: AB12345"
    "labelled": rf"\b(?:MRN|MR\s?#|(?:{_OWNER}\s+)?(?:record|rec|case|account|acct|chart|file)|"
    rf"{_OWNER}(?=\s*(?:id|no\b|number|\#)))"
    r"(?:\s*(?:no\.?|number|\#|id))?\s*[:#]?\s*[A-Z]{0,3}-?\d{2,}[\d-]*\d\b",
    "long": r"\b[A-Z]{0,3}-?\d{6,}\b",
    "dashed": r"\b\d{3}-\d{2}-\d{4}\b",
}
_CONTACTS = {
    "mail": r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b",
    "web": r"\b(?:https?://|www\.)\S+",
}
# A dot belongs to what is cut short; after "the nurse." begins another sentence.
_TITLES = r"(?:(?i:mr|mrs|ms|mx|dr|prof)\.?|(?i:miss|nurse|doctor|sir|madam))"
# (Presidio matches with the `regex` module: \p{Lu} is a capital of any script, \p{Ll} a small
# letter, and a lookbehind may vary in length.)
_NAMES = {
    "title": rf"\b{_TITLES}\s+\p{{Lu}}[\w'’-]+(?:\s+\p{{Lu}}[\w'’-]+)?",
    # "mr. jones", "mrs smith"; "ms" without a dot are milliseconds.
    "small title": r"\b(?:(?:mr|mrs|ms|dr|prof)\.\s*|mrs?\s+)(?!imag|scan|angio)\p{Ll}[\w'’-]+",
    # A capitalised word that opens a quotation or stands before its end: "Anna, can you hear
    # me?", "Are you okay, Anna?", stating her name ('Anna'). Everyday words are sorted out later.
    "opening": r"(?<=[\"“‘]|(?:^|[\s(])')\p{Lu}[\p{Ll}’-]{2,}",
    "closing": r"(?<=,\s)\p{Lu}[\p{Ll}’-]+(?=\s*[?!.,]*[\"”'’])",
    # Anna, can you hear me? (without quotation marks)
    "called": r"(?:(?<=[.?!:]\s)|^)\p{Lu}[\p{Ll}’-]+(?=\s*[,!]\s*(?:can|could|what|where|who|how|"
    r"do|are|show|squeeze|open|close|look|wiggle|lift|raise|point|tell|you|it'?s|please)\b)",
    "named": r"(?<=\b(?:name|named|called|calls?|calling|says?|shouts?|screams?|yells?)\s+"
    r"(?:is\s+|was\s+|out\s+|for\s+|as\s+)?[\"“'‘]?)\p{Lu}[\p{Ll}'’-]+",
}
# Somebody spoken to in small letters, on no list of names: "'emeka, can you hear me?'".
_SPOKEN_TO = {
    "opens": r"(?<=[\"“‘]|(?:^|[\s(])')\p{Ll}{3,}(?=\s*,\s*(?:can|could|are|do|did|what|where|who|"
    r"how|show|squeeze|open|close|look|wiggle|lift|raise|point|tell|try|it'?s|please)\b)",
    "closes": r"(?<=,\s)\p{Ll}{3,}(?=\s*[?!]+[\"”'’])",
}
_SMALL_TITLES = ("mr", "mrs", "ms", "dr", "prof")
# A capital in the middle of a sentence: in clinical prose about a video hardly anything but
# names, places and abbreviations is written so.
_CAPITAL = (
    r"(?<=(?:[\p{Ll},;:]|\b[A-Z]{2,})\s)\p{Lu}\p{Ll}{2,}(?:[-'’]\p{Lu}?\p{Ll}+)?"
    r"(?:\s+\p{Lu}\p{Ll}{2,})*"
)


def recognizers(english: English) -> list[EntityRecognizer]:
    """The recognisers of the analyzer.

    Args:
        english: the words that are no names in small letters.
    """
    from presidio_analyzer import EntityRecognizer, Pattern, PatternRecognizer, RecognizerResult
    from presidio_analyzer.predefined_recognizers import PhoneRecognizer, SpacyRecognizer

    def of(entity: str, patterns: dict[str, str], *, any_case: bool) -> PatternRecognizer:
        made = [Pattern(name, regex, 0.8) for name, regex in patterns.items()]
        flags = re.MULTILINE | (re.IGNORECASE if any_case else 0)
        return PatternRecognizer(entity, patterns=made, global_regex_flags=flags)

    class Words(EntityRecognizer):
        """First names in any spelling, and what the tagger takes for a proper noun.

        The statistical model names entities by their surroundings and misses some a sentence
        begins with ("Anna stares."); its tagger, which sees the word, does not.
        """

        def __init__(self) -> None:
            super().__init__(supported_entities=["PERSON"], name="Words")

        def load(self) -> None:
            pass

        def analyze(self, text: str, entities: Any, nlp_artifacts: Any) -> list[RecognizerResult]:
            return [
                RecognizerResult("PERSON", token.idx, token.idx + len(token), 0.5)
                for token in nlp_artifacts.tokens
                if token.is_alpha
                and (
                    folded(token.text) in first_names()
                    or (token.tag_ in ("NNP", "NNPS") and text[token.idx - 1 : token.idx] != "[")
                )
            ]

    return [
        Words(),
        SpacyRecognizer(supported_entities=["PERSON", "LOCATION"]),
        PhoneRecognizer(),
        cue_recognizer(english),
        facility_recognizer(english),
        of("DATE_TIME", _DATES, any_case=True),
        of("AGE", AGES, any_case=True),
        of("RECORD_NUMBER", {**_NUMBERS, **NUMBERS}, any_case=True),
        of("CONTACT", {**_CONTACTS, **PHONES}, any_case=True),
        of("ROOM", PLACES, any_case=True),
        of("INITIALS", INITIALS, any_case=False),
        of("OTHER_SCRIPT", OTHER_SCRIPTS, any_case=True),
        of("SPOKEN_TO", _SPOKEN_TO, any_case=False),
        of("PERSON", {**_NAMES, "capital": _CAPITAL}, any_case=False),
    ]


def is_clinical(words: str) -> bool:
    """Whether a supposed name or place is only clinical or everyday words.

    >>> [is_clinical(w) for w in ("RUE", "Figure-4", "[NAME]", "her left arm")]
    [True, True, True, True]
    >>> [is_clinical(w) for w in ("Okafor", "anna", "mrs. smith")]
    [False, False, False]
    """
    if words.strip().startswith("["):
        return True  # a redaction made earlier
    spelt = WORDS.findall(words)
    plain = [folded(w) for w in spelt]
    if any(w in first_names() for w in plain):
        return False
    if re.fullmatch(r"(?:[^\W\d_]\.\s?){2,}", words.strip()):
        return "".join(plain) in clinical_words()  # V.E.E.G.
    titled = bool(plain) and plain[0] in _SMALL_TITLES
    if not titled and not any(w[0].isupper() for w in spelt):
        return True  # other names and places are written with a capital
    return all(w in clinical_words() for w in plain[titled:])


def is_abbreviation(initials: str) -> bool:
    """Whether supposed initials are a clinical abbreviation or words on the list.

    >>> [is_abbreviation(w) for w in ("E.E.G.", "GTC", "T. Head", "A.B.C.", "R. Okafor")]
    [True, True, True, False, False]
    """
    parts = [folded(w) for w in WORDS.findall(initials)]
    words = [w for w in parts if len(w) > 1]
    return "".join(parts) in clinical_words() or (bool(words) and is_everyday(" ".join(words)))
