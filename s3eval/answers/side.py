"""Left and right: always the patient's."""

from __future__ import annotations

import re

from s3eval.answers.text import cleaned, find_json, shortened
from s3eval.task import Reading

__all__ = ["read_side"]

# "right away", "all right" and "left the bed" are no sides.
_SIDE = re.compile(
    r"(?<!all )(?<![a-z])(left|right)(?:ward|wards|[- ]?hand|[- ]?sided|side)?(?![a-z])"
    r"(?! (?:away|now|after|before|the (?:room|bed|frame)))",
    re.IGNORECASE,
)
_ABBREVIATED = re.compile(r"^\W*(l|r)\W*$", re.IGNORECASE)


def read_side(text: str) -> Reading:
    """ "left" or "right": the last one mentioned (protocol, Task 3).

    A reading of a text that mentions both says so in its reason, since the rule then decides.

    >>> read_side("Left.").value
    'left'
    >>> found = read_side("Not the left arm but the right one")
    >>> found.value, found.reason
    ('right', 'mentions left and right; the last counts')
    >>> read_side("Both arms move.").reason
    "neither left nor right: 'Both arms move.'"
    """
    proper = cleaned(text)
    if not proper:
        return Reading(reason="nothing was said")
    found = find_json(proper)
    if found:
        for key in ("answer", "side", "direction", "value"):
            said = found.get(key)
            if isinstance(said, str) and _SIDE.search(said):
                proper = said
                break
    sides = [m.group(1).lower() for m in _SIDE.finditer(proper)]
    if sides:
        both = len(set(sides)) == 2
        return Reading(sides[-1], "mentions left and right; the last counts" if both else "")
    letter = _ABBREVIATED.match(proper)
    if letter:
        return Reading("left" if letter.group(1).lower() == "l" else "right")
    return Reading(reason=f"neither left nor right: {shortened(proper)!r}")
