"""How far a denial reaches, and which words hide which (version 1.6)."""

from __future__ import annotations

import pytest
from s3eval_judge_lexicon.judge import Lexicon
from s3eval_judge_lexicon.phrases import Found, outermost

from s3eval.judge import ReportFacts

JUDGE = Lexicon()


def features(text: str) -> set[str]:
    (facts,) = JUDGE.read_reports([text])
    assert isinstance(facts, ReportFacts)
    return {*facts.features}


@pytest.mark.parametrize(
    ("text", "present"),
    [
        ("No blank stare (except at first), lip smacking, or clonic jerks are seen.", set()),
        ("He does not blink and emits a groan.", {"ictal_vocalization"}),
        ("She was unable to answer and began chewing.", {"verbal_responsiveness"}),
        ("Head version with or without right arm extension.", {"arm_straightening"}),
        ("Without lip smacking he turns his head to the left.", {"head_turning"}),
        ("A non forced, not versive head turn to the left.", {"head_turning"}),
        ("There was no shaking prior to head turn to the left.", {"head_turning"}),
        ("The arms are neither flexed nor extended.", set()),
        ("One episode lacked clonic jerks or automatisms.", set()),
        ("Stops eating and stares.", {"blank_stare"}),
        ("He starts to cry “no, no, no”.", {"ictal_vocalization"}),
    ],
)
def test_a_denial_reaches_as_far_as_the_sentence_means(text, present):
    read = features(text)
    assert present <= read
    if not present:
        assert not read


@pytest.mark.parametrize(
    ("text", "present", "absent"),
    [
        ("Rhythmic head movements.", "head_turning", "clonic"),
        ("Rhythmic jaw movements.", "oral_automatisms", "clonic"),
        ("Nonrhythmic jerks throughout the upper body.", "asynchronous_movement", "clonic"),
        ("Tonic clonic movements of the right arm.", "clonic", "full_body_shaking"),
        ("Left sided hemi-tonic-clonic movements.", "tonic", "full_body_shaking"),
        ("Generalized arm weakness, moaning.", "ictal_vocalization", "full_body_shaking"),
        ("Asynchronous upper limb tremor.", "asynchronous_movement", "arms_move_simultaneously"),
        ("Grips the bed rail, whole body shaking.", "full_body_shaking", "limb_automatisms"),
        ("Picks up a toy, grunts.", "ictal_vocalization", "limb_automatisms"),
        ("Automatisms such as lip smacking.", "oral_automatisms", "limb_automatisms"),
        ("Eyes half closed, moaning.", "ictal_vocalization", "close_eyes"),
        ("Eyes open and moaning.", "ictal_vocalization", "close_eyes"),
        ("Holds a cup in both hands, grunts.", "ictal_vocalization", "arms_move_simultaneously"),
        ("Left arm extension resembling fencer posturing.", "arm_straightening", "tonic"),
        ("No verbal commands are given; he grunts.", "ictal_vocalization", "verbal_responsiveness"),
        ("Chewing gum, then grunting.", "ictal_vocalization", "oral_automatisms"),
    ],
)
def test_what_is_meant_and_what_only_looks_like_it(text, present, absent):
    read = features(text)
    assert present in read
    assert absent not in read


@pytest.mark.parametrize(
    ("text", "present"),
    [
        ("Whole body convulsion.", {"clonic", "full_body_shaking"}),
        ("Clonic movements of the left face.", {"face_twitching", "clonic"}),
        ("The left arm flexes, then the patient squeals.", {"arm_flexion", "ictal_vocalization"}),
        ("Extension then flexion of the left arm.", {"arm_straightening", "arm_flexion"}),
        ("Stretches out both of his arms.", {"arm_straightening"}),
        ("He awoke and told the nurse.", {"occur_during_sleep", "verbal_responsiveness"}),
        ("Leftward version, right hand hyperkinetic.", {"head_turning", "asynchronous_movement"}),
        ("BUE jerking.", {"clonic", "arms_move_simultaneously"}),
        ("All four extremities shake.", {"full_body_shaking"}),
    ],
)
def test_clinicians_words_that_version_1_5_did_not_know(text, present):
    assert present <= features(text)


def test_of_two_phrases_of_the_same_words_the_one_hides_the_other_but_not_each_other():
    same = [Found("sign", 0, 2), Found("other", 0, 2)]
    assert outermost(same, {"other": frozenset("*")}) == [same[1]]
    assert outermost(same, {"other": frozenset({"sign"})}) == [same[1]]
    each = {"other": frozenset({"sign"}), "sign": frozenset({"other"})}
    assert outermost(same, each) == same
