"""The field's words: features, body parts, sections, localizing values. The one list of each.

Spelling and order are those of the public release (``protocol.md``, Identifiers); the paper
writes "arm extension" for ``arm_straightening``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

__all__ = [
    "BODY_PARTS",
    "DIAGNOSES",
    "FEATURES",
    "FEATURE_NAMES",
    "HEARD",
    "LATERALIZATION",
    "LOCALIZING",
    "NOTHING_THERE",
    "PROTOCOLS",
    "SECTIONS",
    "SEEN",
    "SIDES",
    "Feature",
    "Protocol",
    "Sense",
    "feature",
]

Sense = Literal["sight", "hearing"]
Protocol = Literal["paper", "release"]
PROTOCOLS: tuple[Protocol, ...] = ("paper", "release")
#: Why a question is skipped whose clip lacks what it is about.
NOTHING_THERE: Mapping[Sense, str] = {
    "sight": "the clip has nothing to see",
    "hearing": "the clip has nothing to hear",
}


@dataclass(frozen=True)
class Feature:
    """One of the 20 semiological signs (paper, Tables 6-8).

    ``name`` is the release's identifier, ``label`` the words a person reads, ``sense`` how it
    is perceived.
    """

    name: str
    label: str
    sense: Sense


FEATURES: tuple[Feature, ...] = (
    Feature("occur_during_sleep", "occur during sleep", "sight"),
    Feature("head_turning", "head turning", "sight"),
    Feature("blank_stare", "blank stare", "sight"),
    Feature("close_eyes", "close eyes", "sight"),
    Feature("eye_blinking", "eye blinking", "sight"),
    Feature("face_pulling", "face pulling", "sight"),
    Feature("face_twitching", "face twitching", "sight"),
    Feature("tonic", "tonic", "sight"),
    Feature("clonic", "clonic", "sight"),
    Feature("arm_straightening", "arm straightening", "sight"),
    Feature("arm_flexion", "arm flexion", "sight"),
    Feature("figure4", "figure-4", "sight"),
    Feature("oral_automatisms", "oral automatisms", "sight"),
    Feature("limb_automatisms", "limb automatisms", "sight"),
    Feature("asynchronous_movement", "asynchronous movement", "sight"),
    Feature("pelvic_thrusting", "pelvic thrusting", "sight"),
    Feature("full_body_shaking", "full body shaking", "sight"),
    Feature("arms_move_simultaneously", "arms move simultaneously", "sight"),
    Feature("verbal_responsiveness", "verbal responsiveness", "hearing"),
    Feature("ictal_vocalization", "ictal vocalization", "hearing"),
)
FEATURE_NAMES: tuple[str, ...] = tuple(f.name for f in FEATURES)
SEEN: tuple[str, ...] = tuple(f.name for f in FEATURES if f.sense == "sight")
HEARD: tuple[str, ...] = tuple(f.name for f in FEATURES if f.sense == "hearing")
_BY_NAME = {f.name: f for f in FEATURES}

DIAGNOSES: tuple[str, ...] = ("ES", "NES")
SIDES: tuple[str, ...] = ("left", "right")
# Answers offered for the seizure onset's body part (paper, Table 9, Task 3).
BODY_PARTS: tuple[str, ...] = (
    "head",
    "eyes",
    "mouth",
    "face",
    "left arm",
    "left leg",
    "right arm",
    "right leg",
    "arms",
    "legs",
    "full body",
)
# What is annotated of sides and places, and the values of each.
LATERALIZATION: Mapping[str, tuple[str, ...]] = {
    "head_turning": SIDES,
    "arm_movement": SIDES,
    "onset_body_part": BODY_PARTS,
}
SECTIONS: tuple[str, ...] = ("onset", "propagation", "postictal")
# The four values a report is searched for (paper, D.1, "Key Localizing Features").
LOCALIZING: tuple[str, ...] = (
    "head_turning",
    "first_motor_laterality",
    "asymmetric_posturing",
    "figure_4",
)


def feature(name: str) -> Feature:
    """The feature of that name.

    Raises:
        UnknownNameError: no feature is called so; the nearest is suggested.

    >>> feature("figure4").label
    'figure-4'
    """
    from s3eval.errors import UnknownNameError

    try:
        return _BY_NAME[name]
    except KeyError:
        raise UnknownNameError("feature", name, FEATURE_NAMES, fix="s3eval list features") from None
