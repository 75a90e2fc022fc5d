"""Invented sentences: who moves, when, on which side, and what is denied or doubted."""

from __future__ import annotations

import pytest
from s3eval_judge_lexicon.judge import Lexicon

JUDGE = Lexicon()

READ_RIGHT = [
    ("There was no head version at any time, and neither arm was ever seen to stiffen.", "", {}),
    ("Apart from blinking, no facial movement was apparent.", "eye_blinking", {}),
    ("Without turning the head, she smacks her lips.", "oral_automatisms", {}),
    (
        "She never lost the ability to answer, but her left hand jerked for a minute.",
        "verbal_responsiveness clonic",
        {"first_motor_laterality": "left"},
    ),
    (
        "The right arm was not extended but flexed at the elbow.",
        "arm_flexion",
        {"asymmetric_posturing": "right arm flexion"},
    ),
    (
        "Possible clonic activity of the left leg under the blanket.",
        "clonic",
        {"first_motor_laterality": "left"},
    ),
    (
        "He may have briefly smacked his lips, although the camera does not show this clearly.",
        "oral_automatisms",
        {},
    ),
    (
        "Before the left arm began to jerk, the head had turned to the right.",
        "head_turning clonic",
        {"head_turning": "right", "first_motor_laterality": "right"},
    ),
    (
        "After the head turned left, the right arm stiffened and rose.",
        "head_turning tonic",
        {"head_turning": "left", "first_motor_laterality": "left"},
    ),
    (
        "Left-sided facial twitching came first; ten seconds later the right hand started to "
        "fumble with the sheet.",
        "face_twitching limb_automatisms",
        {"first_motor_laterality": "left"},
    ),
    (
        "Both eyes and the head drift to her right while the left side of her mouth pulls upward.",
        "head_turning face_pulling",
        {"head_turning": "right", "first_motor_laterality": "right"},
    ),
    (
        "He was already asleep when the recording started; then his head jerks to the left.",
        "occur_during_sleep head_turning",
        {"head_turning": "left"},
    ),
    (
        "He can be heard humming, then falls silent and does not respond to his name.",
        "ictal_vocalization verbal_responsiveness",
        {},
    ),
    (
        "Her hips thrust forward repeatedly with the eyes squeezed shut.",
        "pelvic_thrusting close_eyes",
        {},
    ),
    ("Unlike yesterday's event, there was no vocalization today.", "", {}),
    ("The left arm has been in a cast since last week and stays bent.", "", {}),
    (
        "Compared with his baseline tremor, the left arm now jerks.",
        "clonic",
        {"first_motor_laterality": "left"},
    ),
    (
        "Nurse enters and the patient turns her head to the left.",
        "head_turning",
        {"head_turning": "left"},
    ),
    (
        "Talks to her sister and turns her head left.",
        "verbal_responsiveness head_turning",
        {"head_turning": "left"},
    ),
    (
        "The nurse holds his left arm and his right arm jerks.",
        "clonic",
        {"first_motor_laterality": "right"},
    ),
]

ANOTHER_PERSONS = [
    (
        "The nurse lifts the patient's left arm to check the line, and the patient lies still.",
        "",
        {"first_motor_laterality": "none"},
    ),
    (
        "His mother turns his head to the right and wipes his mouth.",
        "",
        {"head_turning": "none", "first_motor_laterality": "none"},
    ),
    ("The technician extends her arm across the bed while the patient stares.", "blank_stare", {}),
    (
        "When the left arm is lifted by the examiner it falls back limply.",
        "",
        {"first_motor_laterality": "none"},
    ),
    (
        "The examiner asks her to raise the right arm, and she raises it.",
        "verbal_responsiveness",
        {"first_motor_laterality": "none"},
    ),
]

EARLIER = [
    (
        "She has a longstanding right facial droop; the seizure itself consists of staring.",
        "blank_stare",
        {"first_motor_laterality": "none"},
    ),
    (
        "At baseline he has a resting tremor of both hands, which does not change in the event.",
        "",
        {},
    ),
    (
        "In the earlier seizure the right arm extended; this time only the left arm extends.",
        "arm_straightening",
        {"first_motor_laterality": "left"},
    ),
]

OUT_OF_STEP = [
    (
        "Her arms move out of step with one another, first the left and then the right.",
        "asynchronous_movement",
        {},
    )
]

ACROSS_AN_ASIDE = [
    (
        "The camera-right arm, which is the patient's left, goes stiff.",
        "tonic",
        {"first_motor_laterality": "left"},
    ),
    (
        "The left arm, weak since birth, begins to jerk.",
        "clonic",
        {"first_motor_laterality": "left"},
    ),
]


# Written by a reader of the documents, and misread until 1.8.
OTHER_WORDINGS = [
    ("The nurse blinks.", "", {}),
    ("The nurse's left arm jerks.", "", {}),
    ("A nurse walks in and turns her head to the right.", "", {}),
    ("The patient's wife blinks and the patient stares.", "blank_stare", {}),
    ("He used to have tonic seizures.", "", {}),
    ("The patient has a history of clonic jerking of the left arm.", "", {}),
    ("Last year he had eye blinking. Now the left arm jerks.", "clonic", {}),
    ("Known tremor of the right hand since 2010.", "", {}),
    ("Previously: tonic posturing of the left arm.", "", {}),
]


@pytest.mark.parametrize(
    ("text", "features", "localizing"),
    [
        *(*READ_RIGHT, *ANOTHER_PERSONS, *EARLIER, *OUT_OF_STEP),
        *(*ACROSS_AN_ASIDE, *OTHER_WORDINGS),
    ],
)
def test_what_a_sentence_says_is_read(text, features, localizing):
    (read,) = JUDGE.read_reports([text])
    assert read.features == tuple(features.split())
    assert {key: read.localizing[key] for key in localizing} == localizing


def test_a_doubtful_sign_counts_and_is_shown_as_doubtful():
    (read,) = JUDGE.read_reports(["It is unclear whether the eyes were closed."])
    assert read.features == ("close_eyes",)
    assert "close_eyes (uncertain)" in {e.fact for e in read.evidence}
