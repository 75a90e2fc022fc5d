"""The values of lateralization.csv: which there are, and what is wrong with others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from s3eval.errors import nearest
from s3eval.vocabulary import LATERALIZATION, SIDES

__all__ = ["as_listed", "fault_of", "label_fix"]

#: How tables say that a side is not known, or that there are two.
NOTHING = ("n/a", "na", "nan", "none", "unknown")
BOTH = ("both", "bilateral")

Fault = tuple[Literal["error", "warning"], str, str]


def as_listed(value: str, labels: Sequence[str]) -> str:
    """A value in the spelling of the labels where only case and spaces differ, else as it is.

    >>> as_listed("Left  Arm", ("left arm", "arms")), as_listed("both", ("left", "right"))
    ('left arm', 'both')
    """
    plain = " ".join(value.lower().split())
    return next((label for label in labels if label.lower() == plain), value)


def label_fix(value: str, labels: Sequence[str]) -> str:
    """What to write in place of a value that is none of the labels.

    >>> label_fix("lft", ("left", "right")), label_fix("both", ("left", "right"))
    ("did you mean 'left'?", 'one of left, right')
    """
    close = nearest(value, labels)
    return f"did you mean '{close}'?" if close else f"one of {', '.join(labels)}"


def fault_of(item: str, value: str) -> Fault | None:
    """What is wrong with the value of an item: how bad, what, and what to do; None for nothing.

    A side that is neither is an error: a spelling mistake would never be asked about. "both" is
    a finding, which the question does not offer: a warning. So is a body part that is not listed:
    the public release has such labels, and they are scored as they stand.

    >>> fault_of("arm_movement", "lft")
    ('error', "unknown value 'lft' of 'arm_movement'", "did you mean 'left'?")
    >>> fault_of("arm_movement", "both")
    ('warning', "'both' of 'arm_movement' is not asked about", 'asked is left or right')
    >>> fault_of("arm_movement", "left") is None
    True
    """
    labels = LATERALIZATION.get(item, ())
    if not labels or value in labels:
        return None
    is_side, plain = labels == SIDES, value.lower()
    if not value or (is_side and plain in NOTHING):
        return "warning", f"'{item}' has no value", "leave the row out where it is not known"
    if is_side and plain in BOTH:
        return "warning", f"'{value}' of '{item}' is not asked about", "asked is left or right"
    fix = label_fix(value, labels)
    if is_side:
        return "error", f"unknown value '{value}' of '{item}'", fix
    what = f"unknown value '{value}' of '{item}' is kept as a label that no answer can be"
    return "warning", what, fix
