"""The questions of Task 4."""

from __future__ import annotations

from s3eval.model import Question
from s3eval.vocabulary import SEEN

__all__ = ["FEATURES", "ITEMS", "question"]

#: 17 of the 18 seen features: being asleep at the start has no onset.
FEATURES = tuple(f for f in SEEN if f != "occur_during_sleep")
ITEMS = (*FEATURES, "start", "end")

# The frames are the paper's (Table 9, Task 4; typographic quotes made plain). It leaves
# {description} open; the words below are ours, after the prompts of Tables 6-8.
FEATURE = (
    "This video shows when a patient {description} Output the exact timestamp (MM:SS) when this "
    "symptom first appears."
)
BOUNDARY = (
    "This video shows the {which} of a seizure event. Output the exact timestamp (MM:SS) when "
    'you {observe} any seizure sign. Return only the JSON format: {{"timestamp": "MM:SS"}}'
)
# The paper prints one text for start and end, "first observe"; asked of the end it would ask
# for the start, so the end asks for the last sign.
OBSERVE = {"start": "first observe", "end": "last observe"}

DESCRIPTIONS = {
    "head_turning": "forcibly or stiffly rotates the head to one side.",
    "blank_stare": "exhibits a blank stare.",
    "close_eyes": "closes the eyes and keeps them closed.",
    "eye_blinking": "shows rapid blinking of the eyes.",
    "face_pulling": "exhibits unilateral sustained face-pulling movements.",
    "face_twitching": "shows small muscle twitches on the face.",
    "tonic": "shows sudden sustained stiffness or rigidity (tonic phase).",
    "clonic": "shows rhythmic, repeated jerking movements of the body.",
    "arm_straightening": "exhibits sustained arm extension.",
    "arm_flexion": "exhibits sustained arm flexion.",
    "figure4": 'holds a "figure-4" posture, with one arm flexed and the other extended.',
    "oral_automatisms": (
        "exhibits repetitive, stereotyped mouth or tongue movements such as chewing, "
        "lip-smacking, or swallowing."
    ),
    "limb_automatisms": (
        "exhibits repetitive, stereotyped limb movements such as fumbling, picking, rubbing or "
        "patting."
    ),
    "asynchronous_movement": (
        "shakes the limbs with variable frequency or amplitude with respect to one another."
    ),
    "pelvic_thrusting": (
        "displays repetitive, rhythmic, forward-and-backward movements of the hips."
    ),
    "full_body_shaking": "shakes with the entire body including arms, legs, torso.",
    "arms_move_simultaneously": "starts moving both arms at approximately the same time.",
}


def question(item: str) -> Question:
    """The question for an item of `ITEMS`.

    Its key is not the feature's name, since that names the yes/no question of Task 1.

    >>> question("end").key, question("tonic").key
    ('seizure_end', 'tonic_onset')
    """
    if item in OBSERVE:
        text = BOUNDARY.format(which=item, observe=OBSERVE[item])
        return Question(f"seizure_{item}", text, max_tokens=32)
    return Question(f"{item}_onset", FEATURE.format(description=DESCRIPTIONS[item]), max_tokens=32)
