"""Lists of symptoms in order of time."""

from __future__ import annotations

import re
from collections.abc import Sequence

from s3eval.answers.text import cleaned, find_json, shortened
from s3eval.task import Reading
from s3eval.vocabulary import FEATURE_NAMES, FEATURES

__all__ = ["canonical", "read_sequence", "split_sequence", "unknown_tokens"]

_BY_LABEL = {re.sub(r"[\s\-]+", "_", f.label): f.name for f in FEATURES}
_OTHER_NAMES = {
    "figure_4": "figure4",
    "figure_four": "figure4",
    "figure_4_sign": "figure4",
    "arm_extension": "arm_straightening",
    "closed_eyes": "close_eyes",
    "eyes_closed": "close_eyes",
    "eye_closure": "close_eyes",
}
_NOTHING = re.compile(
    r"^\W*(?:none|nothing|n/?a|\[\s*\]|no\s+(?:\w+\s+){0,3}(?:symptoms?|signs?|features?)\b.*"
    r"|there (?:are|is|were) no\b.*)\W*$",
    re.IGNORECASE | re.DOTALL,
)
_HEADING = re.compile(r"^[^\n,:]{0,60}:\s+", re.DOTALL)
_BULLET = re.compile(r"^\s*(?:[-*•]|\(?\d{1,2}[.)])\s*", re.MULTILINE)


def split_sequence(text: str) -> list[str]:
    """The protocol's splitting (Task 5) and nothing more.

    Split on commas (also full-width), trim, drop a trailing ``.`` or ``;``, white space inside
    a token becomes ``_``; empty tokens are dropped.

    >>> split_sequence("head turning, tonic，clonic.")
    ['head_turning', 'tonic', 'clonic']
    """
    tokens = (re.sub(r"[.;]+$", "", t.strip()).strip() for t in re.split(r"[,，]", text))
    return [re.sub(r"\s+", "_", t) for t in tokens if t]


def canonical(token: str) -> str:
    """A token in the release's spelling; unknown ones come back as they are.

    >>> canonical("Figure-4"), canonical("head turning"), canonical("sits_up")
    ('figure4', 'head_turning', 'sits_up')
    """
    key = re.sub(r"[\s\-_]+", "_", token.strip(" \t\n\"'`*_[](){}").lower())
    if key in FEATURE_NAMES:
        return key
    return _BY_LABEL.get(key) or _OTHER_NAMES.get(key) or token


def unknown_tokens(tokens: Sequence[str]) -> list[str]:
    """The tokens that name no feature, in order, without repeats.

    >>> unknown_tokens(["tonic", "sits_up", "sits_up"])
    ['sits_up']
    """
    return [t for t in dict.fromkeys(tokens) if t not in FEATURE_NAMES]


def read_sequence(text: str) -> Reading:
    """A list of tokens in order; an answer that says there are none is the empty list.

    Lines, numbers, arrows and JSON lists are taken for commas; then the protocol's splitting
    applies and spellings become canonical. Unknown tokens stay where they are (they count as
    wrong), but a text that names no symptom at all is unreadable.

    >>> read_sequence("1. Head turning\\n2. figure-4 → tonic").value
    ['head_turning', 'figure4', 'tonic']
    >>> read_sequence("There are no seizure symptoms observed in the video.").value
    []
    >>> read_sequence("I cannot watch videos.").reason
    "names no symptom: 'I cannot watch videos.'"
    """
    proper = cleaned(text)
    if not proper:
        return Reading(reason="nothing was said")
    listed = _from_json(proper)
    if listed is None:
        if _NOTHING.match(proper):
            return Reading([])
        listed = split_sequence(_with_commas(proper))
    tokens = [canonical(t) for t in listed]
    if not tokens and _from_json(proper) is not None:
        return Reading([])
    if not any(t in FEATURE_NAMES for t in tokens):
        return Reading(reason=f"names no symptom: {shortened(proper)!r}")
    return Reading(tokens)


def _from_json(text: str) -> list[str] | None:
    found = find_json(text, list) if text[:1] in "[{" else None
    if not isinstance(found, list) or not all(isinstance(t, str) for t in found):
        return None
    return [re.sub(r"\s+", "_", t.strip().rstrip(".;")) for t in found if t.strip()]


def _with_commas(text: str) -> str:
    text = (
        _HEADING.sub("", text)
        if canonical(text.split(":", maxsplit=1)[0]) not in FEATURE_NAMES
        else text
    )
    text = _BULLET.sub("", text)
    text = re.sub(r"\s*(?:->|=>|→|⇒|➔|>|;|\n)\s*", ",", text)
    return re.sub(r",\s*(?:and|then|followed by)\s+", ",", text, flags=re.IGNORECASE)
