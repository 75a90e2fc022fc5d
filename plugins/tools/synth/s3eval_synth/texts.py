"""What a clinician would write about a script: justifications and the narrative report."""

from __future__ import annotations

from s3eval.vocabulary import feature as feature_named
from s3eval_synth.script import Script, Sign

__all__ = ["justification", "report"]


def _clock(t: float) -> str:
    return f"{int(t) // 60:02d}:{int(t) % 60:02d}"


def _limbs(sign: Sign, part: str) -> str:
    return f"both {part}s" if sign.side == "both" else f"the {sign.side} {part}"


def _clonic(s: Sign) -> str:
    limbs = _limbs(s, "arm") + (f" and {_limbs(s, 'leg')}" if "leg" in s.parts else "")
    side = "bilateral" if s.side == "both" else "unilateral"
    length = "brief" if s.end - s.start - abs(s.lag) < 5 else "sustained"
    return (
        f"Rhythmic, repetitive jerking of {limbs} at about {s.hz:.1f} Hz; the jerking is {side} "
        f"and {length}"
    )


def _details(s: Sign, script: Script) -> str:
    """The answers to the chained questions of the paper's Tables 6-8, as one sentence."""
    other = {"left": "right", "right": "left"}.get(s.side, "")
    opposite = next(
        (x for x in script.signs if x.feature in ("arm_flexion", "arm_straightening")
         and x.feature != s.feature and x.side == other), None,
    )  # fmt: skip
    texts = {
        "occur_during_sleep": "The patient is asleep with closed eyes at the beginning of "
        "the video",
        "head_turning": f"The head turns forcefully to the patient's {s.side} relative to the "
        "shoulders and is held there for several seconds",
        "blank_stare": "The eyes are open, the irises stay in a fixed position and the patient "
        "does not move",
        "close_eyes": "The eyes stay closed for most of the video"
        + (", squeezed shut forcefully" if s.style == "squeezed" else ", without force"),
        "eye_blinking": f"Rapid blinking at about {s.hz:.1f} Hz for several seconds",
        "face_pulling": f"The face is pulled to the patient's {s.side} and the pulling is "
        "sustained for several seconds",
        "face_twitching": f"Brief, repetitive small muscle twitches on the {s.side} side "
        "of the face",
        "tonic": "Sudden sustained stiffness of the whole body; the trunk and both legs are rigid",
        "clonic": _clonic(s),
        "arm_straightening": f"Sustained extension of {_limbs(s, 'arm')}",
        "arm_flexion": f"Sustained flexion of {_limbs(s, 'arm')} at the elbow"
        + (f" while the {other} arm is extended" if opposite else ""),
        "figure4": f"The {s.side} arm is extended while the {other} arm is flexed across the "
        "chest; the posture is sustained",
        "oral_automatisms": f"Repetitive, stereotyped mouth movements ({s.style})",
        "limb_automatisms": f"Repetitive, stereotyped {s.style} movements of the {s.side} hand",
        "asynchronous_movement": "Arms and legs shake with variable frequency and amplitude, "
        "asynchronous with respect to one another and not stereotyped",
        "pelvic_thrusting": "Repetitive anterior-posterior movements of the hips",
        "full_body_shaking": "The whole body shakes, arms, legs, trunk and head",
        "arms_move_simultaneously": "Both arms begin to move at the same time",
        "ictal_vocalization": "The patient makes stereotyped, repetitive groaning sounds",
    }
    return texts[s.feature]


def justification(script: Script, feature: str, presence: str) -> str:
    """Why the feature is "yes", "no" or "na" in this video."""
    if feature == "verbal_responsiveness":
        if presence == "na":
            return "Nobody addresses the patient verbally."
        ask = next(line for line in script.lines if line.kind == "ask")
        if presence == "no":
            return f'At {_clock(ask.start)} the patient is asked "{ask.words}" and does not answer.'
        answer = next(line for line in script.lines if line.kind == "answer")
        return (
            f'At {_clock(ask.start)} the patient is asked "{ask.words}" and answers coherently '
            f'"{answer.words}"'
        )
    sign = script.of(feature)
    if sign is None or presence == "no":
        return f"No {feature_named(feature).label} is observed."
    when = (
        ""
        if feature == "occur_during_sleep"
        else f" from {_clock(sign.start)} to {_clock(sign.end)}"
    )
    return f"{_details(sign, script)}{when}."


_SHORT = {
    "head_turning": "forced head turning to the {side}",
    "blank_stare": "a blank stare",
    "eye_blinking": "rapid eye blinking",
    "face_pulling": "{side}-sided facial pulling",
    "face_twitching": "{side} facial twitching",
    "tonic": "tonic stiffening of the body",
    "arm_straightening": "{arms} extension",
    "arm_flexion": "{arms} flexion",
    "figure4": "a figure-4 posture with the {side} arm extended",
    "oral_automatisms": "{style} oral automatisms",
    "limb_automatisms": "{style} automatisms of the {side} hand",
    "asynchronous_movement": "asynchronous shaking of the limbs with variable amplitude",
    "pelvic_thrusting": "pelvic thrusting",
    "full_body_shaking": "shaking of the full body",
    "arms_move_simultaneously": "both arms moving simultaneously",
    "ictal_vocalization": "groaning",
}


def _short(s: Sign) -> str:
    arms = "bilateral arm" if s.side == "both" else f"{s.side} arm"
    if s.feature == "clonic":
        legs = " and leg" if "leg" in s.parts else ""
        side = "bilateral" if s.side == "both" else s.side
        return f"{side} arm{legs} clonic jerking"
    return _SHORT[s.feature].format(side=s.side, arms=arms, style=s.style)


def report(script: Script) -> str:
    """The narrative: onset, propagation, postictal state, in the order of the signs."""
    asleep = script.of("occur_during_sleep") is not None
    sentences = ["The patient is asleep in bed." if asleep else "The patient is awake in bed."]
    events = [s for s in script.signs if s.feature == "ictal_vocalization" or s.feature in _SHORT
            or s.feature == "clonic"]  # fmt: skip
    if script.of("close_eyes") is not None:
        sentences.append("The eyes remain closed during the event.")
    if events:
        sentences.append(f"The event begins with {_short(events[0])}.")
    later = [_short(s) for s in events[1:]]
    if later:
        listed = (
            later[0] if len(later) == 1 else f"{', then '.join(later[:-1])} and finally {later[-1]}"
        )
        sentences.append(f"This is followed by {listed}.")
    verbal = {line.kind for line in script.lines}
    if "answer" in verbal:
        sentences.append("The patient answers a question coherently.")
    elif "ask" in verbal:
        sentences.append("The patient does not answer when addressed.")
    sentences.append("Afterwards the movements stop and the patient lies quietly.")
    return " ".join(sentences)
