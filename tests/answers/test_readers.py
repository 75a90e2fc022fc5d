"""What models really write, and what must not be read out of it."""

from __future__ import annotations

import pytest

from s3eval.answers import (
    read_body_part,
    read_diagnosis,
    read_report,
    read_sequence,
    read_side,
    read_time,
    read_yes_no,
    split_yes_no,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"),
        ("No", "no"),
        (" YES.\n", "yes"),
        ("'no'", "no"),
        ("“Yes”", "yes"),
        ("**Yes**, the arm stiffens.", "yes"),
        ("No, the patient lies still.", "no"),
        ("Yes - both arms jerk", "yes"),
        ("Answer: no", "no"),
        ("The answer is yes.", "yes"),
        ("The answer to your question is no.", "no"),
        ("Final answer: **No**", "no"),
        ("The patient lies still. The answer is no.", "no"),
        ("The right arm is flexed throughout. Yes.", "yes"),
        ("Looking at the video, I see stiffening.\n\nYes", "yes"),
        ('{"answer": "yes"}', "yes"),
        ('```json\n{"answer": "No", "justification": "still"}\n```', "no"),
        ('{"answer": true}', "yes"),
        ("<think>maybe no? no.</think>Yes", "yes"),
        ("<think>\nThe user asks... no\n</think>\n\nno, he sits up", "no"),
        ("reasoning without an opening tag</think>yes", "yes"),
        ("<answer>no</answer>", "no"),
        ("<think>yes</think><answer> yes </answer>", "yes"),
        ("yes<|im_end|>", "yes"),
        ("(yes)", "yes"),
        ("- No", "no"),
        ("No evidence of tonic posturing is visible.", "no"),
    ],
)
def test_yes_and_no(text, value):
    assert read_yes_no(text).value == value


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "nothing was said"),
        ("   \n", "nothing was said"),
        ("<think>yes or no, I wonder", "only thinking"),
        ("There is no way to tell.", "neither"),
        ("I cannot determine this from the video.", "neither"),
        ("The patient knows the nurse.", "neither"),
        ("Noisy frames make it hard.", "neither"),
        ("Yesterday's recording shows little.", "neither"),
        ("The answer is yes. On second thoughts the answer is no.", "both"),
        ("Yes. No wait, the answer is no.", "both"),
        ("NA", "neither"),
        ("fail", "neither"),
        ("No one is in the room.", "neither"),
        ('{"label": "tonic"}', "neither"),
    ],
)
def test_what_is_no_yes_or_no(text, says):
    found = read_yes_no(text)
    assert not found.readable
    assert says in found.reason


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("NA", "na"),
        ("N/A", "na"),
        ("n.a.", "na"),
        ("Not applicable. Nobody speaks.", "na"),
        ("'NA' - the patient is not addressed", "na"),
        ("No, he only groans.", "no"),
        ("No one speaks to the patient. The answer is NA.", "na"),
        ("yes", "yes"),
    ],
)
def test_not_applicable(text, value):
    assert read_yes_no(text, na=True).value == value


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("yes. The right arm stiffens.", "The right arm stiffens."),
        ("**No**\n\nJustification: The patient sits.", "The patient sits."),
        ("Yes", ""),
        ("No - **Explanation:** lies still", "lies still"),
        ("The right arm jerks. The answer is yes.", "The right arm jerks."),
        ("So the final answer is **no**. He sleeps.", "He sleeps."),
        ("No evidence of jerking.", "No evidence of jerking."),
        ("Yes\nBoth arms jerk.", "Both arms jerk."),
        ('{"answer": "no", "explanation": "awake"}', "awake"),
    ],
)
def test_the_reason_is_the_rest(text, rest):
    assert split_yes_no(text)[1] == rest


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("left", "left"),
        ("Right.", "right"),
        ("The patient's head turns to the patient's left", "left"),
        ("rightward", "right"),
        ("left-hand side", "left"),
        ("R", "right"),
        ('{"answer": "left"}', "left"),
        ("Right now the head turns left", "left"),
        ("<think>right?</think>left", "left"),
    ],
)
def test_sides(text, value):
    assert read_side(text).value == value


@pytest.mark.parametrize("text", ["", "both", "Neither.", "bright light", "upright", "fail"])
def test_no_side(text):
    assert not read_side(text).readable


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("ES", "ES"),
        ("NES", "NES"),
        ("es", "ES"),
        ("'NES'", "NES"),
        ("PNES", "NES"),
        ('{"description": "Stiffening", "answer": "ES"}', "ES"),
        ('```json\n{"description": "a "quoted" word", "answer": "NES"}\n```', "NES"),
        ('{"description": "not an NES", "answer": "ES"}', "ES"),
        ("The patient has epileptic seizures.", "ES"),
        ("a non-epileptic event", "NES"),
        ("nonepileptic seizure", "NES"),
        ("This is NES rather than ES", "NES"),
        ("{'description': 'Jerks', 'answer': 'ES'}", "ES"),
    ],
)
def test_diagnoses(text, value):
    assert read_diagnosis(text).value == value


@pytest.mark.parametrize("text", ["", "fail", "{'N/A'}", "Yes, it ceases", "SEIZURES", "unclear"])
def test_no_diagnosis(text):
    assert not read_diagnosis(text).readable


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("00:31", 31.0),
        ("1:05", 65.0),
        ("0:01:05", 65.0),
        ("1:00:00", 3600.0),
        ('{"timestamp": "00:07"}', 7.0),
        ('```json\n{"timestamp": "00:07"}\n```', 7.0),
        ("{'timestamp': '00:07'}", 7.0),
        ("The symptom first appears at 00:42.", 42.0),
        ("**00:42**", 42.0),
        ("00:42 (that is, 00:42)", 42.0),
        ("00:12.5", 12.5),
        ("at 31 seconds", 31.0),
        ('{"timestamp": "31 seconds"}', 31.0),
    ],
)
def test_times(text, seconds):
    assert read_time(text).value == seconds


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "nothing"),
        ("31", "no MM:SS"),
        ('{"timestamp": 31}', "bare number"),
        ("00:10 - 00:20", "2 different times"),
        ("0:75", "no time"),
        ("MM:SS", "no MM:SS"),
        ("The symptom does not appear.", "no MM:SS"),
        ("12:00:00:00", "no MM:SS"),
    ],
)
def test_no_time(text, says):
    found = read_time(text)
    assert not found.readable
    assert says in found.reason


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("head turning, tonic, clonic", ["head_turning", "tonic", "clonic"]),
        ("Head Turning，Tonic.", ["head_turning", "tonic"]),
        ("figure-4, Figure 4, figure4", ["figure4"] * 3),
        ("1. blank stare\n2. oral automatisms", ["blank_stare", "oral_automatisms"]),
        ("- tonic\n- clonic\n", ["tonic", "clonic"]),
        ("tonic -> clonic → arm flexion", ["tonic", "clonic", "arm_flexion"]),
        ('["tonic", "arm flexion"]', ["tonic", "arm_flexion"]),
        ('{"sequence": ["tonic"]}', ["tonic"]),
        ("The sequence is: tonic, and clonic", ["tonic", "clonic"]),
        ("tonic, grabs the rail, clonic", ["tonic", "grabs_the_rail", "clonic"]),
        ("None", []),
        ("[]", []),
        ("No seizure symptoms observed.", []),
        ("There are no observable seizure symptoms in the video.", []),
        ("arm extension", ["arm_straightening"]),
        ("<think>tonic</think>clonic;", ["clonic"]),
    ],
)
def test_sequences(text, tokens):
    assert read_sequence(text).value == tokens


@pytest.mark.parametrize("text", ["", "I cannot watch videos.", "fail", "{}", "???"])
def test_no_sequence(text):
    assert not read_sequence(text).readable


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("head", "head"),
        ("Left arm", "left arm"),
        ("**right leg**", "right leg"),
        ("eye", "eyes"),
        ("both arms", "arms"),
        ("whole body", "full body"),
        ("Answer: mouth", "mouth"),
        ("The first sign is in the left arm.", "left arm"),
        ("face, then the left arm", "face"),
        ('{"answer": "legs"}', "legs"),
    ],
)
def test_body_parts(text, part):
    assert read_body_part(text).value == part


@pytest.mark.parametrize("text", ["", "torso", "I saw the head and then the mouth", "arm", "fail"])
def test_no_body_part(text):
    assert not read_body_part(text).readable


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("tonic: yes, clonic: no", ["tonic"]),
        ('{"tonic": true, "clonic": false}', ["tonic"]),
        ('{"sequence": [{"symptom": "tonic"}, {"symptom": "clonic"}]}', ["tonic", "clonic"]),
        ('{"sequence": "none"}', []),
        ("| Step | Symptom |\n|---|---|\n| 1 | tonic |", ["tonic"]),
        (
            "Onset: head turning\nPropagation: tonic\nEnd: clonic",
            ["head_turning", "tonic", "clonic"],
        ),
        ("generalized tonic-clonic", ["tonic", "clonic"]),
        ("head turning is absent, tonic", ["tonic"]),
    ],
)
def test_sequences_in_other_forms(text, tokens):
    assert read_sequence(text).value == tokens


def test_reports():
    text = "<think>Is it tonic?</think>Blank stare, then\nrightward head version."
    assert read_report(text).value == "Blank stare, then rightward head version."
    for nothing in ("", "<think>tonic", "N/A", "fail", "No video was provided.", "I can't help."):
        found = read_report(nothing)
        assert not found.readable
        assert found.reason
    assert read_report("No video evidence of jerking; the patient lies still.").readable
