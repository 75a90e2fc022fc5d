"""Questions answered from justifications, and windows merged."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from s3eval_judge_lexicon.judge import Lexicon

from s3eval.judge import FeatureAnswers, MergedText, Unreadable
from s3eval.tasks.questions import QUESTIONS, questions, tidy
from s3eval.vocabulary import FEATURE_NAMES

JUDGE = Lexicon()


def answers(feature: str, text: str) -> dict:
    (answered,) = JUDGE.answer_questions([(feature, text)])
    assert isinstance(answered, FeatureAnswers)
    return dict(answered.answers)


@pytest.mark.parametrize(
    ("feature", "text", "wanted"),
    [
        (
            "head_turning",
            "The head is forcibly turned to the left.",
            {"forced": "yes", "side": "left"},
        ),
        ("head_turning", "No forced or stiff rotation of the head.", {"forced": "no"}),
        ("head_turning", "Head movements are voluntary.", {"forced": "no"}),
        ("blank_stare", "A fixed, vacant stare.", {"eyes_open": "yes", "iris_fixed": "yes"}),
        ("blank_stare", "The eyes are closed.", {"eyes_open": "no"}),
        ("close_eyes", "Eyes are squeezed shut.", {"forceful": "yes"}),
        ("close_eyes", "Eyes remain closed.", {"forceful": "no"}),
        (
            "face_pulling",
            "R face pull 00:40-00:52, then clonic",
            {"pulled": "yes", "side": "right", "sustained": "yes"},
        ),
        ("face_pulling", "The lips are drawn back on both sides.", {"pulled": "no"}),
        (
            "face_twitching",
            "The left cheek twitches repeatedly as the right hand fumbles.",
            {"repetitive": "yes", "side": "left"},
        ),
        (
            "figure4",
            "A figure of 4, with the right arm extended.",
            {"posture": "yes", "flexed": "left arm", "extended": "right arm", "sustained": "no"},
        ),
        (
            "limb_automatisms",
            "The right hand fumbles, while the left hand remains still.",
            {"repetitive": "yes", "sides": ("right arm",)},
        ),
        ("tonic", "Stiffness can't be confirmed from this view.", {"stiff": "no"}),
        ("arm_flexion", "The elbow bends briefly; it is not a sustained posture.", {"held": "no"}),
        ("eye_blinking", "Rapid blinking for several seconds.", {"rapid": "yes", "lasting": "yes"}),
        ("eye_blinking", "Blinking is normal.", {"rapid": "no"}),
        (
            "tonic",
            "The right arm and both legs stiffen.",
            {"stiff": "yes", "body_parts": ("arm", "leg"), "sides": ("right arm", "both legs")},
        ),
        (
            "clonic",
            "Rhythmic jerking of the left arm.",
            {
                "rhythmic": "yes",
                "body_parts": ("arm",),
                "sides": ("left arm",),
                "extent": "unilateral",
                "duration": "unknown",
            },
        ),
        (
            "clonic",
            "Sustained rhythmic jerking of the left arm, then of both legs.",
            {
                "rhythmic": "yes",
                "body_parts": ("arm", "leg"),
                "sides": ("left arm", "both legs"),
                "extent": "bilateral",
                "duration": "sustained",
            },
        ),
        ("clonic", "No repetitive, rhythmic, jerking movements are seen.", {"rhythmic": "no"}),
        (
            "arm_straightening",
            "The right arm is held in a stiff, extended position.",
            {"held": "yes", "how_many": "one", "sustained": "yes", "side": "right arm"},
        ),
        (
            "arm_flexion",
            "Both arms are flexed at the elbows.",
            {"held": "yes", "how_many": "both", "other_extended": "no", "side": "both arms"},
        ),
        (
            "figure4",
            "The right arm is extended while the left arm is flexed, a figure 4.",
            {"posture": "yes", "flexed": "left arm", "extended": "right arm", "sustained": "no"},
        ),
        (
            "figure4",
            "A figure 4 is held for seconds, the left arm extended and the right arm flexed.",
            {"posture": "yes", "flexed": "right arm", "extended": "left arm", "sustained": "yes"},
        ),
        ("figure4", "One arm is flexed, but there is no figure 4 posture.", {"posture": "no"}),
        (
            "limb_automatisms",
            "Repetitive rubbing of the left hand.",
            {"repetitive": "yes", "sides": ("left arm",)},
        ),
        (
            "verbal_responsiveness",
            "Asked her name, the patient does not respond.",
            {"addressed": "yes", "coherent": "no"},
        ),
        ("verbal_responsiveness", "No one addresses the patient.", {"addressed": "no"}),
        ("ictal_vocalization", "Repeated moaning.", {"sounds": "yes", "repetitive": "yes"}),
        ("occur_during_sleep", "The patient sleeps.", {}),
    ],
)
def test_answers(feature, text, wanted):
    assert answers(feature, text) == wanted


def test_variation_of_shaking():
    given = answers("asynchronous_movement", "Arms shake at varying frequency and amplitude.")
    assert given["varies"] == "both"
    assert given["limbs"] == ("both arms",)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(FEATURE_NAMES), st.text(min_size=1, max_size=120))
def test_every_answer_is_an_allowed_one(feature, text):
    (answered,) = JUDGE.answer_questions([(feature, text)])
    if isinstance(answered, Unreadable):
        assert not text.strip()
        return
    chain = {q.key: q for q in questions(feature)}
    assert list(answered.answers) == list(chain)[: len(answered.answers)]
    for key, value in answered.answers.items():
        assert tidy(chain[key], value) == value
    assert all(text[e.start : e.end] == e.quote for e in answered.evidence)
    if answered.answers and answered.answers[next(iter(chain))] == "no":
        assert len(answered.answers) == 1


def test_every_yes_no_question_has_words():
    book = JUDGE._book
    for feature, chain in QUESTIONS.items():
        for question in chain:
            if question.form == "yes_no":
                assert f"{feature}.{question.key}" in book.otherwise


def test_empty_justification_is_unreadable():
    (result,) = JUDGE.answer_questions([("tonic", " ")])
    assert isinstance(result, Unreadable)


def merged(*texts: str) -> MergedText:
    (result,) = JUDGE.merge([texts], "justification")
    assert isinstance(result, MergedText)
    return result


def test_merging_keeps_order_and_drops_repeats():
    result = merged("Head turns left. Stares.", "The head turns left.", "Then GTC || Stares.")
    assert result.text == "Head turns left. Stares. Then GTC."
    assert [e.fact for e in result.evidence] == ["window 1", "window 1", "window 3"]
    assert all(result.text[e.start : e.end] == e.quote for e in result.evidence)


@pytest.mark.parametrize(
    "pair",
    [
        ("Head turns left.", "Head turns right."),
        ("Jerking is seen.", "No jerking is seen."),
        ("At 00:10 he jerks.", "At 00:20 he jerks."),
    ],
)
def test_merging_never_joins_what_differs_in_side_negation_or_number(pair):
    assert merged(*pair).text == " ".join(pair)


def test_failed_windows_add_nothing_and_all_empty_is_unreadable():
    assert merged("fail", "Stares.", "N/A").text == "Stares."
    (result,) = JUDGE.merge([["", " "]], "report")
    assert isinstance(result, Unreadable)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=60), min_size=1, max_size=4))
def test_merging_again_changes_nothing(texts):
    (once,) = JUDGE.merge([texts], "report")
    if isinstance(once, MergedText) and once.text:
        (twice,) = JUDGE.merge([[once.text]], "report")
        assert twice.text == once.text
