"""Yes, no and not applicable."""

from __future__ import annotations

import re
from typing import Any

from s3eval.answers.text import cleaned, find_json
from s3eval.task import Reading

__all__ = ["read_yes_no", "split_yes_no"]

_WORDS = {
    "yes": "yes",
    "no": "no",
    "na": "na",
    "n/a": "na",
    "n.a.": "na",
    "n.a": "na",
    "not applicable": "na",
}
_WORD = r"(?P<word>yes|no|n/a|n\.a\.?|na|not applicable)"
# Bounded, here and below: models that repeat one mark for ever must not cost minutes to read.
_MARKS = r"[\s\"'“”‘’`*_(\[{<>#:.\-–—]{0,12}"
_ANSWER = (
    r"(?:(?:the\s+|my\s+|final\s+|short\s+)*(?:answer|response|label|prediction)\b"
    r"(?:\s+(?:is|would be|should be|to .{1,80}? is))?)?"
)
_LEADING = re.compile(rf"^{_MARKS}{_ANSWER}{_MARKS}{_WORD}(?![\w/])", re.IGNORECASE)
# An answer stated later: "the answer is no", "Answer: **Yes**".
_STATED = re.compile(
    r"(?:\b(?:so|thus|therefore|hence),?\s+)?(?:\b(?:the|my)\s+)?(?:\bfinal\s+)?"
    rf"\b(?:answer|response|label|prediction)\b(?:\s+(?:is|would be|should be))?{_MARKS}{_WORD}"
    rf"(?![\w/])",
    re.IGNORECASE,
)
# An answer standing alone as a sentence or line: "... stiffen. Yes."
_ALONE = re.compile(
    rf"(?:^|[.!?\n;]|\*\*)[ \t]{{0,8}}[\"'“‘*_(\[]{{0,4}}{_WORD}[\"'”’*_)\]]{{0,4}}[ \t]{{0,8}}"
    r"(?=[.!\n]|$)",
    re.IGNORECASE,
)
# "No one spoke": a sentence about persons, not an answer.
_DETERMINER = re.compile(
    r"^\W*no\s+(?:one|body|doubt|question|person|other person|people|staff|nurse)\b|^\W*nobody\b",
    re.IGNORECASE,
)
_JSON_KEYS = ("answer", "label", "response", "prediction", "result", "value", "yes_no")
_JUSTIFICATION_KEYS = ("justification", "explanation", "reason", "reasoning", "description")


def read_yes_no(text: str, na: bool = False) -> Reading:
    """ "yes", "no" and, where ``na``, "na".

    In this order: a JSON object's answer; the first word; a stated answer ("the answer is no");
    a yes or no that stands alone as a sentence. Two stated answers that differ, or prose that
    only uses the words, are unreadable.

    >>> read_yes_no("Yes, the right arm stiffens.").value
    'yes'
    >>> read_yes_no("N/A", na=True).value
    'na'
    >>> read_yes_no("There is no way to tell.").reason
    "neither yes nor no: 'There is no way to tell.'"
    """
    return split_yes_no(text, na)[0]


def split_yes_no(text: str, na: bool = False) -> tuple[Reading, str]:
    """The yes or no, and the rest of the text: its justification.

    >>> reading, why = split_yes_no("No. The patient is awake.")
    >>> reading.value, why
    ('no', 'The patient is awake.')
    >>> split_yes_no('{"answer": "yes", "justification": "Both arms jerk."}')[1]
    'Both arms jerk.'
    """
    proper = cleaned(text)
    if not proper:
        return Reading(reason="nothing was said" if not text.strip() else "only thinking"), ""
    found = find_json(proper)
    if found is not None:
        reading = _from_json(found, na)
        if reading.readable:
            return reading, _json_justification(found)
    leading = _LEADING.match(proper)
    if leading and _allowed(leading, na) and not _DETERMINER.match(proper):
        value = _WORDS[leading["word"].lower()]
        after = proper[leading.end() :]
        later = {_WORDS[m["word"].lower()] for m in _STATED.finditer(after) if _allowed(m, na)}
        if later - {value}:
            return _both(proper, {value, *later})
        # "No evidence of jerking": here the word is part of the reason, which would be turned
        # into its opposite without it.
        joined = re.match(r"[ \t]+[^\W\d_]", after)
        return Reading(value), _rest(proper if joined else after)
    return _stated(proper, na)


def _both(proper: str, values: set[str]) -> tuple[Reading, str]:
    return Reading(reason=f"says both {' and '.join(sorted(values))}: {_quoted(proper)}"), proper


def _stated(proper: str, na: bool) -> tuple[Reading, str]:
    for pattern in (_STATED, _ALONE):
        hits = [m for m in pattern.finditer(proper) if _allowed(m, na)]
        values = {_WORDS[m["word"].lower()] for m in hits}
        if len(values) > 1:
            return _both(proper, values)
        if hits:
            last = hits[-1]
            after = proper[last.end() :].lstrip(" \t.,;:!*_\"'”’)")
            return Reading(values.pop()), _rest(f"{proper[: last.start()]} {after}")
    return Reading(reason=f"neither yes nor no: {_quoted(proper)}"), proper


def _allowed(match: re.Match[str], na: bool) -> bool:
    return na or _WORDS[match["word"].lower()] != "na"


def _from_json(found: dict[str, Any], na: bool) -> Reading:
    lowered = {str(k).lower(): v for k, v in found.items()}
    candidates = [lowered[k] for k in _JSON_KEYS if k in lowered]
    if not candidates and len(lowered) == 1:
        candidates = [*lowered.values()]
    for value in candidates:
        if isinstance(value, bool):
            return Reading("yes" if value else "no")
        if isinstance(value, str):
            said = _LEADING.match(value.strip())
            if said and _allowed(said, na):
                return Reading(_WORDS[said["word"].lower()])
    return Reading(reason="the JSON holds no yes or no")


def _json_justification(found: dict[str, Any]) -> str:
    lowered = {str(k).lower(): v for k, v in found.items()}
    for key in _JUSTIFICATION_KEYS:
        if isinstance(lowered.get(key), str):
            return str(lowered[key]).strip()
    return ""


def _rest(text: str) -> str:
    """What follows the answer, without the marks that joined them or a heading of its own."""
    text = re.sub(r"^[\s\"'”’`*_)\]}>:;,.!\-–—|]+", "", text)
    text = re.sub(
        r"^(?:\*\*)?(?:justification|explanation|reason(?:ing)?)(?:\*\*)?\s*[:\-–—]\s*(?:\*\*)?\s*",
        "",
        text,
        flags=re.IGNORECASE,
    )
    return " ".join(text.split())


def _quoted(text: str) -> str:
    from s3eval.answers.text import shortened

    return repr(shortened(text))
