"""The annotation of a script: a reading of the same object that is drawn."""

from __future__ import annotations

from s3eval.facts.videos import Annotation, FeatureAnnotation, Lateralization
from s3eval.vocabulary import FEATURE_NAMES
from s3eval_synth.script import Script, Sign
from s3eval_synth.texts import justification, report

__all__ = ["annotation_of", "presence_of"]

_ONSETS = {
    "head_turning": "head", "blank_stare": "eyes", "close_eyes": "eyes", "eye_blinking": "eyes",
    "face_pulling": "face", "face_twitching": "face", "oral_automatisms": "mouth",
    "tonic": "full body", "full_body_shaking": "full body", "pelvic_thrusting": "full body",
    "arms_move_simultaneously": "arms",
}  # fmt: skip


def presence_of(script: Script, feature: str) -> str:
    """ "yes", "no", or "na" for verbal responsiveness when nobody asks."""
    if feature == "verbal_responsiveness":
        kinds = {line.kind for line in script.lines}
        return "yes" if "answer" in kinds else "no" if "ask" in kinds else "na"
    return "yes" if script.of(feature) is not None else "no"


def _first_arm(sign: Sign) -> str:
    """Which arm starts a two-armed sign; "both" without a lag."""
    return "both" if sign.lag == 0 else "right" if sign.lag > 0 else "left"


def _onset(script: Script) -> str | None:
    """The body part of the first visible sign of the event."""
    skipped = ("occur_during_sleep", "verbal_responsiveness", "ictal_vocalization", "close_eyes")
    seen = [s for s in script.signs if s.feature not in skipped]
    if not seen:
        return "eyes" if script.of("close_eyes") else None
    first = seen[0]
    if first.feature in _ONSETS:
        if first.feature == "full_body_shaking" and first.lag:
            return "full body"
        return _ONSETS[first.feature]
    side = _first_arm(first) if first.side == "both" else first.side
    return "arms" if side == "both" else f"{side} arm"


def _arm_movement(script: Script) -> Lateralization | None:
    """The first movement of one arm alone."""
    for sign in script.signs:
        if sign.feature in ("arm_straightening", "arm_flexion", "clonic", "limb_automatisms"):
            if sign.side in ("left", "right"):
                return Lateralization(sign.side, sign.start, sign.end)
            if sign.side == "both":
                return None
    return None


def annotation_of(script: Script) -> Annotation:
    """The exact annotation of a drawn video.

    Sleep has no times (as in the release); the sequence holds the other signs in order of onset.

    >>> from s3eval_synth.generate import single_sign
    >>> annotation = annotation_of(single_sign("head_turning", side="left"))
    >>> annotation.lateralization["head_turning"].value
    'left'
    """
    features = {}
    for name in FEATURE_NAMES:
        presence = presence_of(script, name)
        sign = script.of(name)
        timed = sign is not None and name != "occur_during_sleep" and presence == "yes"
        features[name] = FeatureAnnotation(
            presence,
            sign.start if sign is not None and timed else None,
            sign.end if sign is not None and timed else None,
            justification(script, name, presence),
        )
    lateralization: dict[str, Lateralization] = {}
    turn = script.of("head_turning")
    if turn is not None:
        lateralization["head_turning"] = Lateralization(turn.side, turn.start, turn.end)
    arm = _arm_movement(script)
    if arm is not None:
        lateralization["arm_movement"] = arm
    onset = _onset(script)
    if onset is not None:
        lateralization["onset_body_part"] = Lateralization(onset)
    order = {name: i for i, name in enumerate(FEATURE_NAMES)}
    ordered = [s for s in script.signs if s.feature != "occur_during_sleep"]
    ordered.sort(key=lambda s: (s.start, order[s.feature]))
    return Annotation(
        script.name, features, lateralization, tuple(s.feature for s in ordered), report(script),
        script.seizure_start, script.seizure_end,
    )  # fmt: skip
