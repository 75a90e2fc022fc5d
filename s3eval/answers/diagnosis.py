"""Epileptic seizure or not: ES, NES."""

from __future__ import annotations

import re

from s3eval.answers.text import cleaned, find_json, shortened
from s3eval.task import Reading

__all__ = ["read_diagnosis"]

_NON = r"non[\s\-‐-―]*epileptic|nonepileptic|psychogenic|functional seizures?|dissociative"
_NES = re.compile(rf"(?<![A-Za-z])(?:P?NES|PNEE|PNEA)(?![A-Za-z])|(?i:\b(?:{_NON}))")
_ES = re.compile(r"(?<![A-Za-z])ES(?![A-Za-z])|(?i:\bepileptic (?:seizures?|events?))")
_LOWER = re.compile(r"^\W*(?:answer\W+)?(p?nes|es)\W*$", re.IGNORECASE)
_KEYS = ("answer", "diagnosis", "label", "prediction")


def read_diagnosis(text: str) -> Reading:
    """ "ES" or "NES".

    The ``answer`` of a JSON object where there is one (Table 9 asks for it), also when the
    object was cut off or badly quoted; otherwise the whole text. In either, a text that
    contains NES is NES, else one that contains ES is ES (protocol, Task 7); spelt-out words
    count alike. A reading of a text that names both says so in its reason.

    >>> read_diagnosis('{"description": "No NES signs", "answer": "ES"}').value
    'ES'
    >>> read_diagnosis("This is a non-epileptic event.").value
    'NES'
    >>> read_diagnosis("fail").reason
    "neither ES nor NES: 'fail'"
    """
    proper = cleaned(text)
    if not proper:
        return Reading(reason="nothing was said")
    answer = _json_answer(proper)
    if answer is not None:
        reading = _contained(answer)
        if reading.readable:
            return reading
    return _contained(proper)


def _json_answer(text: str) -> str | None:
    found = find_json(text)
    if found:
        lowered = {str(k).lower(): v for k, v in found.items()}
        return next((v for k in _KEYS if isinstance(v := lowered.get(k), str)), None)
    # A description with stray quotes is no JSON, yet its answer stands there.
    stray = re.findall(r"[\"'“]answer[\"'”]\s*:\s*[\"'“]\s*([^\"'”}]+)", text, re.IGNORECASE)
    return str(stray[-1]) if stray else None


def _contained(text: str) -> Reading:
    whole = _LOWER.match(text)
    if whole:
        return Reading("ES" if whole.group(1).lower() == "es" else "NES")
    non = _NES.search(text)
    # "non-epileptic seizure" holds "epileptic seizure": look for ES in what is left.
    plain = _ES.search(re.sub(rf"(?i)\b(?:{_NON})\W+(?:seizures?|events?)?", " ", text))
    if non:
        return Reading("NES", "names ES and NES; NES counts" if plain else "")
    if plain:
        return Reading("ES")
    return Reading(reason=f"neither ES nor NES: {shortened(text)!r}")
