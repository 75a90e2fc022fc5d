"""Which sections a report has; above all the state after the seizure."""

from __future__ import annotations

import pytest
from s3eval_judge_lexicon.judge import Lexicon

JUDGE = Lexicon()


def sections(text: str) -> tuple[str, ...]:
    (facts,) = JUDGE.read_reports([text])
    return facts.sections


def postictal_words(text: str) -> str:
    (facts,) = JUDGE.read_reports([text])
    return next(e.quote for e in facts.evidence if e.fact == "postictal")


@pytest.mark.parametrize(
    "text",
    [
        "Left arm jerking. Postictally he snores.",
        "Right arm clonus; after the seizure she answers.",
        "Bilateral jerking, then the patient becomes limp.",
        "The arms stiffen and shake. The movements subside and the patient remains unresponsive.",
        "Both legs kick. All movement stops, and the patient looks around and talks.",
        "Movements cease. The patient is unresponsive with loud breathing.",
        "Whole body jerking; afterwards drowsy, with the head drooping to the right.",
        "After the final jerk the patient is motionless.",
        "Right arm jerking. She does not remember the event.",
        "Tonic posturing of both arms followed by relaxation.",
        "The jerking ceases and the patient remains flaccid with eyes closed.",
        "Bilateral tonic-clonic, with subsequent unresponsiveness and limp posture.",
        "R arm tonic, GTC 55 s. Post: eyes closed.",
        "Jerks of both legs; movements stop, and the patient appears exhausted, moving a finger.",
        "Left leg kicking in one clip, both arms jerk in another; motionless at the end.",
        "At the end of each spell she is drowsy. The right hand twitches in all of them.",
        "Right arm stiffening, concluding with limpness.",
        "Both arms jerk, movements stop, and he lies limp throughout the rest of the recording.",
        "Left arm jerking. Seizure ended at 10:15. She is unable to follow a command.",
    ],
)
def test_what_is_left_at_the_end_is_postictal(text):
    assert "postictal" in sections(text)


@pytest.mark.parametrize(
    "text",
    [
        "The patient lies still with eyes closed.",  # nothing was before it
        "Left arm jerking without a postictal phase.",
        "Left arm jerking. No postictal confusion was seen.",
        "Left arm jerking. There was no confusion afterwards.",
        "The patient is unresponsive and the left arm jerks.",
        "She is relaxed, then the left arm stiffens.",
        "Lip smacking, not following commands, picking with both hands.",
        "The left arm lies limp while the right hand picks at the gown.",
        "Left arm jerking. Both arms do not move together.",
        "Sudden loss of consciousness followed by tonic-clonic movements of the arms and legs.",
        "Stiffening, jerking, and loss of consciousness.",
        "Left arm jerking, then both legs. The patient remains unresponsive throughout.",
        "Throughout all these spells, after the arm jerks, she becomes confused.",
        "The head turns left, then he is motionless during the whole event.",
        "Left arm jerking and staring. The patient remains unresponsive.",
        "Left arm jerking. Seizure ended at 10:15.",
        "The arm lifts, then it returns to its earlier position.",
    ],
)
def test_what_is_denied_or_belongs_to_the_seizure_is_not(text):
    assert "postictal" not in sections(text)


def test_the_postictal_state_points_at_its_words():
    assert postictal_words("The right arm jerks, then he lies limp.") == "lies limp"


def test_what_is_told_after_the_end_is_no_sign_of_the_seizure():
    (facts,) = JUDGE.read_reports(["Left arm jerking. Postictally she moans and sleeps."])
    assert facts.features == ("clonic",)
    (during,) = JUDGE.read_reports(["She moans from sleep. Left arm jerking."])
    assert {"ictal_vocalization", "occur_during_sleep"} <= {*during.features}
