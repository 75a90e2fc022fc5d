"""The body part that shows the first sign (paper, Table 9, Task 3)."""

from __future__ import annotations

import re

from s3eval.answers.text import cleaned, find_json, shortened
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
}
_KNOWN = {**{p: p for p in BODY_PARTS}, **_OTHER_NAMES}
# Longest first, so that "left arm" is not read as something shorter.
_ANY = re.compile(
    r"\b(" + "|".join(re.escape(p) for p in sorted(_KNOWN, key=len, reverse=True)) + r")\b",
    re.IGNORECASE,
)
_LEADING = re.compile(rf"^\W*(?:the\s+)?{_ANY.pattern}\W*(?:$|[.,;:\n(–—-])", re.IGNORECASE)
_STATED = re.compile(rf"\b(?:answer|response)\b\W*(?:is\W+)?(?:the\s+)?{_ANY.pattern}", re.I)


def read_body_part(text: str) -> Reading:
    """One of the eleven answers offered (`s3eval.vocabulary.BODY_PARTS`).

    The answer's first word, a stated answer, or the only part mentioned; several parts are
    unreadable.

    >>> read_body_part("Left arm.").value
    'left arm'
    >>> read_body_part("The earliest sign is in the patient's eyes").value
    'eyes'
    >>> read_body_part("the head and the mouth").reason
    "names head, mouth: 'the head and the mouth'"
    """
    proper = cleaned(text)
    if not proper:
        return Reading(reason="nothing was said")
    found = find_json(proper)
    if found:
        said = [v for v in found.values() if isinstance(v, str)]
        proper = said[0] if len(said) == 1 else proper
    for pattern in (_LEADING, _STATED):
        match = pattern.search(proper)
        if match:
            return Reading(_KNOWN[match.group(1).lower()])
    parts = list(dict.fromkeys(_KNOWN[m.group(1).lower()] for m in _ANY.finditer(proper)))
    if len(parts) == 1:
        return Reading(parts[0])
    if parts:
        return Reading(reason=f"names {', '.join(parts)}: {shortened(proper)!r}")
    return Reading(reason=f"names no part that was offered: {shortened(proper)!r}")
