"""Epileptic seizure or not: ES, NES."""

from __future__ import annotations

import re

from s3eval.answers.mentions import mentions, unequivocal
from s3eval.answers.refusals import nothing_seen
from s3eval.answers.sections import answer_section
from s3eval.answers.stated import ANSWER, LETTER, MARKS, from_objects, masked
from s3eval.answers.text import cleaned, find_json, shortened, single_spaced
from s3eval.task import Reading
from s3eval.vocabulary import Protocol

__all__ = ["read_diagnosis"]

_NON = (
    r"(?:psychogenic )?non[\s\-‐-―]{0,3}epileptic|nonepileptic|psychogenic|functional seizures?"
    r"|dissociative"
)
_EVENT = r"(?:[\s-]{1,3}(?:seizures?|events?|attacks?|episodes?|spells?)){0,2}"
# "An epileptic seizure mimic" is none.
_NO_MIMIC = r"(?!(?:[\s-]{1,3}\w{1,12})?[\s-]mimics?\b)"
_NES = re.compile(rf"(?<![A-Za-z])(?:P?NES|PNEE|PNEA)(?![A-Za-z])|(?i:\b(?:{_NON}))")
_ES = re.compile(r"(?<![A-Za-z])ES(?![A-Za-z])|(?i:\b(?:epileptic (?:seizures?|events?)))")
# Both, longest first; "non-epileptic seizure" is one mention and "anti-epileptic" none.
_EITHER = re.compile(
    rf"(?<![A-Za-z])(?<!\b[Pp]\()(?P<nes>(?:P?NES|FDS|PNEE|PNEA)(?![A-Za-z])|(?i:(?:{_NON})\b{_EVENT}))"
    # Not "P(ES) = 0.1", nor what only looks like one.
    rf"|(?<![A-Za-z])(?<![A-Za-z]-)(?<!\b[Pp]\()(?P<es>ES(?![A-Za-z]|-like)|(?i:epileptic\b{_NO_MIMIC}{_EVENT}))"
)
_LABEL = rf"(?:an?\s|the\s)?(?P<label>P?NES\b|FDS\b|PNEE\b|PNEA\b|ES\b|(?:{_NON})\b|epileptic\b)"
# Where the answer was asked for: first, in a first sentence "This is ...", after "Diagnosis:".
_GIVEN = re.compile(
    rf"^{MARKS}{LETTER}(?:(?:(?:the|my|final|correct)\s){{0,3}}{ANSWER}"
    r"|(?:this|it|the (?:patient|video|event|episode|seizure))\s(?:is|has|shows|appears to be"
    r"|seems to be|had|looks like|represents)(?:\s(?:most likely|likely|probably|consistent with"
    rf"|most consistent with)){{0,2}})?{MARKS}{LETTER}{_LABEL}",
    re.IGNORECASE,
)
_STATED = re.compile(rf"{ANSWER}{MARKS}{LETTER}{_LABEL}", re.IGNORECASE)
_CHOICE = re.compile(
    r"[\"'“‘]?\bES\b[\"'”’]?\s?(?:/|\||,? or|vs\.?)\s?[\"'“‘]?NES\b[\"'”’]?"
    r"|[\"'“‘]?\bNES\b[\"'”’]?\s?(?:/|\||,? or|vs\.?)\s?[\"'“‘]?ES\b[\"'”’]?"
    r"|\bepileptic (?:seizures? )?(?:or|/|vs\.?|versus) (?:a )?non-?epileptic\b"
    r"|\bepileptic seizures? \(ES\) or (?:a )?non-epileptic events? \(NES\)",
    re.IGNORECASE,
)
_NAMED = rf"(?:P?NES\b|FDS\b|PNEE\b|PNEA\b|ES\b|(?:{_NON})\b{_EVENT}|epileptic\b{_EVENT})"
# Named, but not of this event: earlier seizures, what was asked or is still to be shown, shares,
# and what the letters stand for.
_ELSEWHERE = re.compile(
    r"\b(?:history of|known(?! as)(?: to be| to have)?|previous(?:ly)?|prior|past|referred|referral"
    r"|admitted|otherwise|usual|habitual"
    r"|(?:family|mother|relatives?|chart|record) (?:reports?|says?|mentions?)"
    r"|to (?:confirm|establish|prove|exclude|distinguish|determine)"
    r"|(?:probability|likelihood|chance) (?:of|for|that)|abbreviation|if)\s"
    rf"(?:(?!\b(?:and|but|so|now|final|answer)\b)[^.;:\n]){{0,40}}?\b{_NAMED}"
    rf"(?:\s(?:stands? for|means?|refers? to)\b[^.\n]{{0,60}})?"
    rf"|\b{_NAMED}\s(?:(?:must|should|needs?(?: to)?|remains?(?: to)?|ha(?:s|ve) to|could not)\s"
    r"(?:still\s)?be\s(?:excluded|ruled out|confirmed|considered|established|proven|shown)"
    r"|(?:stands? for|means?|refers? to)\b[^.\n]{0,60}|probability|likelihood|pending|unless|if\b"
    r"|vs\b|versus\b"
    r"|is (?:on|in|part of) the differential)",
    re.IGNORECASE,
)
_LOWER = re.compile(r"^\W*(?:answer\W+)?(p?nes|es)\W*$", re.IGNORECASE)
_ASKED = re.compile(r"\?\W*$")
_STRAY = re.compile(r"[\"'“]answer[\"'”]\s{0,9}:\s{0,9}[\"'“]\s{0,9}([^\"'”}]+)", re.IGNORECASE)
_KEYS = ("answer", "diagnosis", "label", "prediction")


def read_diagnosis(text: str, *, protocol: Protocol = "paper") -> Reading:
    """ "ES" or "NES".

    The ``answer`` of a JSON object where there is one (Table 9 asks for it), also when the
    object was cut off or badly quoted; otherwise the whole text. Under ``release`` a text that
    contains NES is NES, else one that contains ES is ES (protocol, Task 7); spelt-out words
    count alike. Under ``paper`` a text that names both or denies one is unreadable, unless it
    gives one where the answer belongs and only denies the other ("NES, not ES").

    >>> read_diagnosis('{"description": "No NES signs", "answer": "ES"}').value
    'ES'
    >>> read_diagnosis("This is a non-epileptic event.").value
    'NES'
    >>> read_diagnosis("Not ES.").reason, read_diagnosis("Not ES.", protocol="release").value
    ("denies ES: 'Not ES.'", 'ES')
    >>> read_diagnosis("fail").reason
    "neither ES nor NES: 'fail'"
    """
    proper = cleaned(text)
    if not proper:
        return Reading(reason="nothing was said")
    if protocol == "release":
        return _published(proper)
    if nothing_seen(proper):
        return Reading(reason=f"says that nothing was seen: {shortened(proper)!r}")
    reading = from_objects(proper, _KEYS, _from_prose)
    if reading is None and (stray := _STRAY.findall(proper)):
        # A description with stray quotes is no JSON, yet its answer stands there.
        reading = _from_prose(stray[-1])
    return reading or _from_prose(proper)


def _from_prose(text: str) -> Reading:
    proper = answer_section(single_spaced(text).strip())
    whole = _LOWER.match(proper)
    if whole and not _ASKED.search(proper):
        return Reading("ES" if whole.group(1).lower() == "es" else "NES")
    plain = masked(proper, _CHOICE)
    mentioned = mentions(plain, _EITHER, lambda m: "NES" if m["nes"] else "ES", _ELSEWHERE)
    given = {_label(m) for m in (_GIVEN.match(plain), *_STATED.finditer(plain)) if m}
    reading = unequivocal(mentioned, given.pop() if len(given) == 1 else None, proper)
    if reading.readable or reading.reason:
        return reading
    return Reading(reason=f"neither ES nor NES: {shortened(proper)!r}")


def _label(match: re.Match[str]) -> str:
    return "ES" if match["label"].lower() in ("es", "epileptic") else "NES"


def _published(proper: str) -> Reading:
    """NES where NES is contained, else ES: in the JSON's answer, else in the whole text."""
    answer = _json_answer(proper)
    if answer is not None:
        reading = _contained(answer)
        if reading.readable:
            return reading
    return _contained(proper)


def _json_answer(text: str) -> str | None:
    json_object = find_json(text)
    if json_object:
        lowered = {str(k).lower(): v for k, v in json_object.items()}
        return next((v for k in _KEYS if isinstance(v := lowered.get(k), str)), None)
    stray = _STRAY.findall(text)
    return str(stray[-1]) if stray else None


def _contained(text: str) -> Reading:
    whole = _LOWER.match(text)
    if whole:
        return Reading("ES" if whole.group(1).lower() == "es" else "NES")
    non = _NES.search(text)
    # "non-epileptic seizure" holds "epileptic seizure": look for ES in what is left.
    plain = _ES.search(re.sub(rf"(?i)\b(?:{_NON})\W{{1,3}}(?:seizures?|events?)?", " ", text))
    if non:
        return Reading("NES", "names ES and NES; NES counts" if plain else "")
    if plain:
        return Reading("ES")
    return Reading(reason=f"neither ES nor NES: {shortened(text)!r}")
