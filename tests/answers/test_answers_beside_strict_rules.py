"""Ordinary answers that use the words by which others are refused: each must be read."""

from __future__ import annotations

import pytest

from s3eval.answers import read_diagnosis, read_sequence, read_side, read_time, read_yes_no


@pytest.mark.parametrize(
    "text",
    [
        "The seizure in the video begins at 0:31",
        "The symptom seen in the video starts at 00:31.",
        "The clonic activity in this clip begins at 0:31",
        "Automatisms in the recording start at 0:31.",
        "The onset in the video was 00:31",
        "The tonic phase of the recording starts at 0:31",
        "The patient's head turn in the footage begins at 00:31.",
        "The event on film starts at 0:31",
        "The timestamp of the video is 00:31",
        "The seizure captured by the video begins at 0:31",
        "The seizure segment starts at 0:31",
        "The relevant segment starts at 0:31",
        "The seizure in the clip begins at 31 seconds",
        "What is seen in the video starts at 0:31",
        "The right arm of the patient in the video starts at 0:31 to twitch.",
        "At the very start the patient is asleep and then the seizure in the video is 0:31",
        '{"timestamp": "The seizure in the video begins at 0:31"}',
        "The clip starts quietly and the seizure begins at 0:31",
        "Clip length is 60 s, onset at 0:31",
        "The seizure's duration is unclear; onset 0:31",
        "Onset recorded at 00:31.",
        "The seizure was recorded at 0:31",
        "Onset recorded at 00:00:31",
        "00:31 (no earlier signs)",
        "0:31 (not earlier)",
        "0:31 (no other events)",
        "0:31 (no sign before that)",
        "00:31 (no clonic activity yet)",
        "00:31 (no doubt)",
        "00:31 (not visible in earlier frames)",
        "00:31 (absent earlier, present here)",
        "Nothing is seen at first but jerking starts at 0:31",
        "Nothing is visible at first, and then the seizure starts at 0:31",
        "Nothing precedes the blank stare at 0:31",
        "Nothing else but the head turn at 0:31",
        "The patient says nothing and stares from 0:31",
        "He looks at nothing in particular at 0:31",
        "Absent responsiveness begins at 00:31",
        "Responsiveness is absent at 0:31",
        "Speech is absent from 0:31",
        "min 00:31",
        "at min 0:31",
        "The seizure starts as early as 0:31",
        "The head turn starts at 0:31, at the earliest moment of the seizure",
        "Onset at 00:31 of the video",
        "At 0:31 of the footage the arm stiffens.",
        "00:31 long before the clonic phase",
        "0:31 long stare",
        "T - 0:31",
        '[{"event":"tonic","present":false},{"event":"clonic","timestamp":"0:31"}]',
        '{"seen": "yes", "time": "0:31"}',
        '{"timestamp": "0:31", "visible": true, "found": "head turning"}',
    ],
)
def test_times(text):
    assert read_time(text).value == 31.0


@pytest.mark.parametrize(
    "text",
    [
        "This clip starts at 0:00",
        "The arm is still. The recording ends at 0:31.",
        "The original video is 0:31",
        "The length of the video is 00:31",
        "The video lasts for 0:31",
        "No onset; so the video ends at 0:31",
        "0:31 (no event seen)",
        "0:31 (not visible)",
        "0:31 (absent)",
        "I see nothing at 0:31",
        "There is nothing at 0:31",
        "The symptom is absent at 0:31",
        "recorded on 3/12/2020, 0:31",
        '{"visible": false, "first_time": "0:31"}',
    ],
)
def test_times_of_the_film_or_of_nothing(text):
    assert read_time(text).value is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Yes, I can see the video. The patient blinks.", "yes"),
        ("No, I can see the clip. No blinking.", "no"),
        ("Yes! I can see the frames! He jerks", "yes"),
        ("Yes. I can see the video clearly and the arm jerks.", "yes"),
        ("Yes, I can see the frames (both arms jerk).", "yes"),
        ("No, I can see the video.", "no"),
        ("Answer: Yes. I can see the video.", "yes"),
        ("The answer is yes. I can see the clip.", "yes"),
        ("Yes is my initial assessment.", "yes"),
        ("Yes is my first impression.", "yes"),
        ('"Yes" is my initial assessment.', "yes"),
        ("Yes was my initial assessment and it holds.", "yes"),
        ("Yes was the first thing I noted, and the arm does jerk.", "yes"),
        ("It does not\nAnswer: no", "no"),
        ("The patient does not respond; he cannot. Answer: no", "no"),
        ("Yes, initially the arm stiffens.", "yes"),
    ],
)
def test_yes_and_no(text, value):
    assert read_yes_no(text).value == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("NA is my initial assessment.", "na"),
        ("NA, I can see the video. Nobody speaks.", "na"),
    ],
)
def test_not_applicable(text, value):
    assert read_yes_no(text, na=True).value == value


@pytest.mark.parametrize(
    "text",
    [
        "Yes, I can see your clip!",
        "Yes.\n\nI can see the video.",
        "Yes, I can see the video. What would you like to know?",
        "Yes was the initial reading, however the arm does not move",
        "Yes was the first impression. But the patient is awake.",
    ],
)
def test_a_yes_that_answers_nothing(text):
    assert read_yes_no(text).value is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Contralateral to the focus the head turns left", "left"),
        ("left, contralateral to the seizure focus", "left"),
        ("Contralateral to the focus: left", "left"),
        ("Right, inconsistent with a generalised start", "right"),
        ("Contralateral to the patient's right arm", None),
        ("contralateral to the jerking left", None),
    ],
)
def test_sides(text, value):
    assert read_side(text).value == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("The pattern is inconsistent with a focal onset and suggests ES", "ES"),
        ("Movements inconsistent with tremor suggest ES", "ES"),
        ("ES. The signs are inconsistent with a non-epileptic event.", "ES"),
        ("NES: asynchronous movements incompatible with ES", "NES"),
        ("ES (P(ES) = 0.9)", "ES"),
        ("Grp(ES)", "ES"),
        ("An epileptic seizure, no mimic", "ES"),
        ("It is inconsistent with the diagnosis of ES", None),
        ("inconsistent with an epileptic seizure", None),
    ],
)
def test_diagnoses(text, value):
    assert read_diagnosis(text).value == value


STARING = ["blank_stare", "oral_automatisms", "tonic"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Onset: a) blank stare b) oral automatisms. Spread: a) tonic", STARING),
        ("Onset: 1) blank stare 2) oral automatisms. Spread: 1) tonic", STARING),
        ("1) Onset: a) blank stare b) oral automatisms 2) Spread: a) tonic", STARING),
        ("First blank stare, initially oral automatisms, finally tonic", STARING),
        ("Starts with blank stare, initially subtle oral automatisms, then tonic", STARING),
        ("a) blank stare, b) oral automatisms, finally tonic", STARING),
        ("blank stare (first), oral automatisms (second), tonic (last)", STARING),
        ("[1] blank stare [2] oral automatisms [3] tonic", STARING),
        ("[x] blank stare [x] oral automatisms [x] tonic", STARING),
        ("☐ tonic ☑ clonic", ["clonic"]),
        ("☑ tonic ☐ clonic", ["tonic"]),
        ("□ blank stare, □ oral automatisms, □ tonic", STARING),
        ("□ tonic, ■ clonic", ["clonic"]),
        ("First: tonic; Starts with blank stare", None),
        ("c) clonic, a) tonic", None),
        ("2) clonic 1) tonic", None),
        ("Spread: 2) clonic 1) tonic", None),
        ("End: 1) tonic 2) clonic. Onset: 1) blank stare", None),
        ("last: clonic; first: tonic", None),
    ],
)
def test_sequences(text, value):
    assert read_sequence(text).value == value


def test_signs_under_headings_that_number_anew():
    text = "1. Onset\n a) blank stare\n b) oral automatisms\n2. Spread\n a) tonic\n b) clonic"
    signs = [t for t in read_sequence(text).value if t not in ("Onset", "Spread")]
    assert signs == [*STARING, "clonic"]
