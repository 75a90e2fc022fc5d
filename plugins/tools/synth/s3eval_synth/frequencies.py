"""How often each sign occurs, and how long it is shown.

The shares are counted from the public release's annotation (294 epileptic, 138 non-epileptic
recordings): facts about seizures, so that the drawn diagnosis follows from the signs as it does
in life.
"""

from __future__ import annotations

__all__ = ["ASKED", "CHANNELS", "LENGTHS", "ORDER", "SHARES"]

# feature: share of ES videos, share of NES videos.
SHARES: dict[str, tuple[float, float]] = {
    "occur_during_sleep": (0.320, 0.232),
    "head_turning": (0.398, 0.043),
    "blank_stare": (0.207, 0.087),
    "close_eyes": (0.150, 0.572),
    "eye_blinking": (0.190, 0.036),
    "face_pulling": (0.211, 0.058),
    "face_twitching": (0.173, 0.014),
    "tonic": (0.473, 0.058),
    "clonic": (0.364, 0.014),
    "arm_straightening": (0.378, 0.116),
    "arm_flexion": (0.524, 0.203),
    "figure4": (0.180, 0.0),
    "oral_automatisms": (0.204, 0.123),
    "limb_automatisms": (0.187, 0.080),
    "asynchronous_movement": (0.037, 0.609),
    "pelvic_thrusting": (0.003, 0.145),
    "full_body_shaking": (0.099, 0.384),
    "arms_move_simultaneously": (0.099, 0.370),
    "verbal_responsiveness": (0.099, 0.217),
    "ictal_vocalization": (0.493, 0.181),
}
# Asked and not answering ("no"; the rest of the videos nobody asks, "na").
ASKED: tuple[float, float] = (0.316, 0.420)

# Seconds a sign is shown: shortest, longest.
LENGTHS: dict[str, tuple[float, float]] = {
    "head_turning": (6, 12),
    "blank_stare": (8, 14),
    "eye_blinking": (5, 9),
    "face_pulling": (5, 9),
    "face_twitching": (5, 9),
    "tonic": (7, 13),
    "clonic": (8, 14),
    "arm_straightening": (6, 11),
    "arm_flexion": (6, 11),
    "oral_automatisms": (8, 13),
    "limb_automatisms": (8, 13),
    "asynchronous_movement": (8, 15),
    "pelvic_thrusting": (7, 12),
    "full_body_shaking": (7, 12),
    "arms_move_simultaneously": (5, 10),
    "ictal_vocalization": (5, 11),
}
# What a sign occupies: two signs that share a channel follow one another.
CHANNELS: dict[str, frozenset[str]] = {
    "head_turning": frozenset(("head",)),
    "blank_stare": frozenset(("eyes", "head", "mouth", "arms", "legs", "trunk")),
    "eye_blinking": frozenset(("eyes", "head")),
    "face_pulling": frozenset(("mouth", "head")),
    "face_twitching": frozenset(("mouth", "head")),
    "tonic": frozenset(("trunk", "legs", "arms", "mouth", "head")),
    "clonic": frozenset(("arms", "legs", "trunk")),
    "arm_straightening": frozenset(("arms",)),
    "arm_flexion": frozenset(("arms",)),
    "oral_automatisms": frozenset(("mouth", "trunk", "head")),
    "limb_automatisms": frozenset(("arms", "trunk")),
    "asynchronous_movement": frozenset(("arms", "legs", "head", "trunk")),
    "pelvic_thrusting": frozenset(("legs", "trunk", "arms")),
    "full_body_shaking": frozenset(("arms", "legs", "trunk", "head", "mouth")),
    "arms_move_simultaneously": frozenset(("arms", "trunk")),
    "ictal_vocalization": frozenset(("mouth",)),
}
# The usual course, first to last; the schedule shuffles it a little.
ORDER: tuple[str, ...] = (
    "ictal_vocalization", "blank_stare", "oral_automatisms", "limb_automatisms", "head_turning",
    "face_pulling", "arm_flexion", "arm_straightening", "tonic", "arms_move_simultaneously",
    "asynchronous_movement", "face_twitching", "clonic", "full_body_shaking", "pelvic_thrusting",
    "eye_blinking",
)  # fmt: skip
