"""The names of the signs, as answers spell them."""

from __future__ import annotations

import re

from s3eval.vocabulary import FEATURE_NAMES, FEATURES

__all__ = ["NAMES", "SIGN", "canonical", "signs_in"]

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
NAMES = "|".join(
    re.sub(r"[\s_-]+", lambda _: r"[\s_-]{0,3}", name)
    for name in sorted({*FEATURE_NAMES, *_BY_LABEL, *_OTHER_NAMES}, key=len, reverse=True)
)
# A sign inside a longer phrase: "tonic posturing", "right arm flexion (0:12)".
SIGN = re.compile(
    rf"(?<![A-Za-z])(?<!non-)(?<!post-)(?<!pre-)(?:{NAMES})(?![A-Za-z])", re.IGNORECASE
)


def canonical(token: str) -> str:
    """A token in the release's spelling; unknown ones come back as they are.

    >>> canonical("Figure-4"), canonical("head turning"), canonical("sits_up")
    ('figure4', 'head_turning', 'sits_up')
    """
    key = re.sub(r"[\s\-_]+", "_", token.strip(" \t\n\"'`*_[](){}").lower())
    if key in FEATURE_NAMES:
        return key
    return _BY_LABEL.get(key) or _OTHER_NAMES.get(key) or token


def signs_in(part: str) -> list[str]:
    """The signs a text names, in its order, with repeats.

    >>> signs_in("tonic, then clonic_jerks, tonic")
    ['tonic', 'clonic', 'tonic']
    """
    return [canonical(m.group()) for m in SIGN.finditer(part.replace("_", " "))]
