"""The body part that shows the first sign (paper, Table 9, Task 3)."""

from __future__ import annotations

import re

from s3eval.answers.mentions import AT_REST, DENIED_AFTER, mentions, unequivocal
from s3eval.answers.refusals import nothing_seen
from s3eval.answers.sections import answer_section
from s3eval.answers.stated import ANSWER, LETTER, MARKS, SOMEBODY_ELSE, from_objects
from s3eval.answers.text import cleaned, shortened, single_spaced
from s3eval.task import Reading
from s3eval.vocabulary import BODY_PARTS

__all__ = ["read_body_part"]

_OTHER_NAMES = {
    "eye": "eyes",
    "both eyes": "eyes",
    "both arms": "arms",
    "both legs": "legs",
    "bilateral arms": "arms",
    "bilateral legs": "legs",
    "whole body": "full body",
    "entire body": "full body",
    "full-body": "full body",
    "fullbody": "full body",
    "left and right arm": "arms",
    "left and right arms": "arms",
    "right and left arm": "arms",
    "right and left arms": "arms",
    "left and right leg": "legs",
    "left and right legs": "legs",
    "right and left leg": "legs",
    "right and left legs": "legs",
}
_KNOWN = {**{p: p for p in BODY_PARTS}, **_OTHER_NAMES}
# Longest first, so that "left arm" is not read as something shorter.
_NAMES = "|".join(re.escape(p) for p in sorted(_KNOWN, key=len, reverse=True))
_ANY = re.compile(rf"\b({_NAMES})\b", re.IGNORECASE)
_LEADING = re.compile(rf"^{MARKS}{LETTER}(?:the\s+)?({_NAMES})\b", re.IGNORECASE)
# The part ends its clause: "head.", "eyes (staring)", "face, then the left arm" ...
_ENDS = re.compile(r"[\"'”’*_)\]` ]{0,8}(?:$|[.,;:\n(–—-])")
# "eyes (or face)", "head, but it could also be the eyes", "head/neck": another may be meant.
_OR_ELSE = re.compile(
    rf"[^\n]{{0,40}}?(?:\bor\s(?:the\s)?(?:{_NAMES})\b|\b(?:could|may|might) (?:also )?be\b)"
    r"|\s?/\s?[^\W\d]{3,}",
    re.IGNORECASE,
)
# ... but "head, eyes" and "head or eyes" are two answers.
_ANOTHER = re.compile(
    rf"[\s.,;:&/>→⇒+\"'”’*_)\]–—…-]{{0,12}}(?:(?:and|or|the|no|wait|actually|sorry)[\s,]+){{0,3}}{LETTER}(?:{_NAMES})\b",
    re.IGNORECASE,
)
_STATED = re.compile(
    rf"{ANSWER}{MARKS}{LETTER}(?:(?:the|patient['’]s)\s){{0,2}}({_NAMES})\b"
    rf"(?!\s?[,/]?\s?(?:(?:and|or)\s)?(?:{_NAMES})\b)",
    re.IGNORECASE,
)
# "I cannot tell whether ... the face": nothing that is named there is an answer.
_OPEN = re.compile(
    r"\b(?:cannot|unable|unclear|unknown|impossible|not (?:possible|visible|clear))\b|can['’]t\b",
    re.IGNORECASE,
)
# "head or neck": also an alternative that was not offered.
_ALTERNATIVE = re.compile(
    rf"\b(?:{_NAMES})\sor\s|\bor\s(?:the\s)?(?:{_NAMES})\b"
    rf"|\b(?:{_NAMES})\s?/\s?[^\W\d]{{3,}}|[^\W\d]{{3,}}\s?/\s?(?:{_NAMES})\b",
    re.IGNORECASE,
)
# "head: 0.6, eyes: 0.4", "head 40%"
_SHARE = re.compile(rf"\b(?:{_NAMES})\b[\s:=(]{{0,3}}(?:0?[.,]\d|\d{{1,3}}\s?%)", re.IGNORECASE)
# A word of a part that names something else, or somebody else's part.
_NO_PART = re.compile(
    r"\b(?:head|foot)(?: end)? of (?:the|his|her) bed\b|\bfaces the\b"
    r"|\bface (?:mask|the (?:camera|wall|door|viewer|nurse))\b"
    rf"|\b(?:{_NAMES}) of the {SOMEBODY_ELSE}\b"
    rf"|\b{SOMEBODY_ELSE}['’]s (?:(?:left|right) )?\w{{3,5}}\b"
    r"|\b(?:cap|leads?|electrodes?|cuff|mask|IV|sensors?|bandages?|blanket)\s(?:\w{1,12}\s){0,3}?"
    rf"(?:in|on|at|over|to|around) (?:the |his |her )?(?:{_NAMES})\b",
    re.IGNORECASE,
)
_AT_REST = re.compile(rf"\b(?:{_NAMES}){AT_REST}", re.IGNORECASE)
_KEYS = ("answer", "body_part", "body part", "part", "location", "onset_body_part", "value")


def read_body_part(text: str) -> Reading:
    """One of the eleven answers offered (`s3eval.vocabulary.BODY_PARTS`).

    The answer's first words, a stated answer, or the only part mentioned; several parts and
    denied ones are unreadable.

    >>> read_body_part("Left arm.").value
    'left arm'
    >>> read_body_part("The earliest sign is in the patient's eyes").value
    'eyes'
    >>> read_body_part("the head and the mouth").reason
    "names head, mouth: 'the head and the mouth'"
    >>> read_body_part("Not the head.").reason
    "denies head: 'Not the head.'"
    """
    proper = cleaned(text)
    if not proper:
        return Reading(reason="nothing was said")
    if nothing_seen(proper):
        return Reading(reason=f"says that nothing was seen: {shortened(proper)!r}")
    return from_objects(proper, _KEYS, _from_prose) or _from_prose(proper)


def _from_prose(text: str) -> Reading:
    proper = _NO_PART.sub(" ", answer_section(single_spaced(text))).strip()
    if _SHARE.search(proper):
        return Reading(reason=f"names no part for certain: {shortened(proper)!r}")
    leading = _leading(proper)
    stated = {_part(m) for m in _STATED.finditer(proper)}
    given = stated | ({leading} if leading else set())
    if len(given) == 1:
        return Reading(given.pop())
    if given:
        return Reading(reason=f"says both {' and '.join(sorted(given))}: {shortened(proper)!r}")
    mentioned = mentions(proper, _ANY, _part, _AT_REST)
    if mentioned.affirmed and (_OPEN.search(proper) or _ALTERNATIVE.search(proper)):
        return Reading(reason=f"names no part for certain: {shortened(proper)!r}")
    first = _LEADING.match(proper)
    named_first = _part(first) if first and _ENDS.match(proper, first.end()) else None
    reading = unequivocal(mentioned, named_first, proper)
    if reading.readable or reading.reason:
        return reading
    return Reading(reason=f"names no part that was offered: {shortened(proper)!r}")


def _leading(text: str) -> str | None:
    match = _LEADING.match(text)
    if not match or not _ENDS.match(text, match.end()):
        return None
    if _OR_ELSE.match(text, match.end()) or _ANOTHER.match(text, match.end()):
        return None
    if DENIED_AFTER.match(text, match.end()) or _AT_REST.match(text, match.start(1)):
        return None
    return _part(match)


def _part(match: re.Match[str]) -> str:
    return _KNOWN[match.group(1).lower()]
