"""Keys of answers: what was asked before must be found again."""

from __future__ import annotations

from dataclasses import dataclass

from s3eval.facts.clips import Clip, Sampling
from s3eval.model import Question
from s3eval.running.keys import AnswerKeys, _facts, answer_key

# Made by the first version; a change here orphans every answer that anybody has stored.
MODEL = {"name": "m", "checkpoint": "x", "options": {"a": [1, 2.5, None, True]}}
CLIP = Clip("anything", 25.0, 55.0000001234, Sampling())
QUESTION = Question("tonic", "Is “it” tonic?\n", ("yes", "no"), 16)
KEYS = {
    (CLIP, QUESTION): "5775fdc139a6bfe416aa030c53cc5508bdec4cf68b01a15df0006e795666bb59",
}
LATER = "c49893fa6d91ac43998d76110afcfc962b8cd4bd4c206ad100116423e7f5fd55"


def test_the_keys_of_the_first_version_are_still_the_keys():
    for (clip, question), key in KEYS.items():
        assert answer_key(MODEL, "sha", clip, question) == key
    clip = Clip("v", 0.0, 8.5, Sampling(None, 120, 4, 99))
    question = Question("report", "Write.", max_tokens=256, sense="hearing", system="Be brief.")
    assert answer_key({"name": "motion"}, "name:v", clip, question) == LATER


def test_each_part_of_an_answers_key_changes_it():
    keys = AnswerKeys(MODEL)
    base = keys.of("sha", CLIP, QUESTION)
    assert keys.of("other", CLIP, QUESTION) != base
    assert keys.of("sha", Clip("anything", 25.0, 54.0, Sampling()), QUESTION) != base
    assert keys.of("sha", Clip("anything", 25.0, 55.0, Sampling(1.0)), QUESTION) != base
    assert keys.of("sha", CLIP, Question("tonic", "Is it tonic?", ("yes", "no"), 16)) != base
    assert AnswerKeys({"name": "n"}).of("sha", CLIP, QUESTION) != base


def test_the_videos_name_is_no_part_of_the_key():
    renamed = Clip("another", CLIP.start, CLIP.end, CLIP.sampling)
    assert answer_key(MODEL, "sha", renamed, QUESTION) == answer_key(MODEL, "sha", CLIP, QUESTION)


def test_a_field_added_later_enters_only_where_it_is_not_the_default():
    @dataclass(frozen=True)
    class Later:
        old: int = 1
        new: str = "plain"

    assert _facts(Later(), {"old"}) == {"old": 1}
    assert _facts(Later(new="thinking"), {"old"}) == {"old": 1, "new": "thinking"}
