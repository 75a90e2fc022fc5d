"""What Presidio is asked to recognise, beside what its statistical model names.

Presidio's recognisers that look at web addresses fetch a list of domains when first used; they
are left out and replaced by patterns, since a privacy check must not reach out itself.
"""

from __future__ import annotations

import functools
import re
from importlib import resources
from typing import TYPE_CHECKING

from s3eval.vocabulary import FEATURES

if TYPE_CHECKING:
    from presidio_analyzer import EntityRecognizer

__all__ = ["is_clinical", "recognizers"]

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    r"sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_DATES = {
    "day month": rf"\b\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH}\b\.?(?:,?\s+\d{{4}})?",
    "month day": rf"\b{_MONTH}\.?\s+\d{{1,2}}(?:st|nd|rd|th)?\b(?:,?\s+\d{{4}})?",
    "month year": rf"\b{_MONTH}\.?,?\s+(?:19|20)\d{{2}}\b",
    "iso": r"\b(?:19|20)\d{2}[-/.](?:0?[1-9]|1[0-2])[-/.](?:0?[1-9]|[12]\d|3[01])\b",
    "numeric": r"\b(?:0?[1-9]|[12]\d|3[01])[-/.](?:0?[1-9]|[12]\d|3[01])[-/.](?:(?:19|20)?\d{2})\b",
}
_NUMBERS = {
    "labelled": r"\b(?:MRN|MR\s?#|medical record|record|patient id|case|account|chart)"
    r"(?:\s*(?:no\.?|number|#|id))?\s*[:#]?\s*[A-Z]{0,3}-?\d{3,}[\d-]*\b",
    "long": r"\b[A-Z]{0,3}-?\d{6,}\b",
    "dashed": r"\b\d{3}-\d{2}-\d{4}\b",
}
_CONTACTS = {
    "mail": r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b",
    "web": r"\b(?:https?://|www\.)\S+",
}
_TITLES = r"(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Nurse|Doctor|Sir|Madam)"
_NAMES = {
    "title": rf"\b{_TITLES}\.?\s+[A-Z][\w'’-]+(?:\s+[A-Z][\w'’-]+)?",
    # A capitalised word that opens a quotation or stands before its end: "Anna, can you hear
    # me?", "Are you okay, Anna?", stating her name ('Anna'). Everyday words are sorted out later.
    "opening": r"(?<=[\"“‘]|[\s(]')[A-Z][a-z’-]{2,}",
    "closing": r"(?<=,\s)[A-Z][a-z’-]+(?=\s*[?!.,]*[\"”'’])",
    # Anna, can you hear me? (without quotation marks)
    "called": r"(?:(?<=[.?!:]\s)|^)[A-Z][a-z’-]+(?=\s*[,!]\s*(?:can|could|what|where|who|how|do|"
    r"are|show|squeeze|open|close|look|wiggle|lift|raise|point|tell|you|it'?s|please)\b)",
    # (Presidio matches with the `regex` module, whose lookbehind may vary in length.)
    "named": r"(?<=\b(?:name|named|called|calls?|calling|says?|shouts?|screams?|yells?)\s+"
    r"(?:is\s+|was\s+|out\s+|for\s+|as\s+)?[\"“'‘]?)[A-Z][a-z'’-]+",
}
# A capital in the middle of a sentence: in clinical prose about a video hardly anything but
# names, places and abbreviations is written so.
_CAPITAL = (
    r"(?<=(?:[a-z,;:]|\b[A-Z]{2,})\s)[A-Z][a-z]{2,}(?:[-'’][A-Z]?[a-z]+)?(?:\s+[A-Z][a-z]{2,})*"
)


def recognizers() -> list[EntityRecognizer]:
    """The recognisers of the analyzer."""
    from presidio_analyzer import Pattern, PatternRecognizer
    from presidio_analyzer.predefined_recognizers import PhoneRecognizer, SpacyRecognizer

    def of(entity: str, patterns: dict[str, str], *, any_case: bool) -> PatternRecognizer:
        made = [Pattern(name, regex, 0.8) for name, regex in patterns.items()]
        flags = re.MULTILINE | (re.IGNORECASE if any_case else 0)
        return PatternRecognizer(entity, patterns=made, global_regex_flags=flags)

    return [
        SpacyRecognizer(supported_entities=["PERSON", "LOCATION"]),
        PhoneRecognizer(),
        of("DATE_TIME", _DATES, any_case=True),
        of("RECORD_NUMBER", _NUMBERS, any_case=True),
        of("CONTACT", _CONTACTS, any_case=True),
        of("PERSON", {**_NAMES, "capital": _CAPITAL}, any_case=False),
    ]


def is_clinical(words: str) -> bool:
    """Whether a supposed name or place is only clinical or everyday words.

    >>> is_clinical("RUE"), is_clinical("Figure-4"), is_clinical("[NAME]"), is_clinical("Okafor")
    (True, True, True, False)
    """
    found = re.findall(r"[^\W\d_]+", words)
    if words.strip().startswith("["):
        return True  # a redaction made earlier
    if not any(w[0].isupper() for w in found):
        return True  # names and places are written with a capital
    return all(w.lower() in _clinical_words() for w in found)


@functools.cache
def _clinical_words() -> frozenset[str]:
    text = (resources.files("s3eval.privacy") / "clinical_words.txt").read_text(encoding="utf-8")
    lines = [line.split("#")[0] for line in text.splitlines()]
    words = {w.lower() for line in lines for w in line.split()}
    labels = {w for f in FEATURES for w in re.findall(r"[a-z]+", f.label.lower())}
    return frozenset(words | labels)
