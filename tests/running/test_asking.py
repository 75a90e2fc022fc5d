"""How a model's answers find their questions: in order, or each with its position."""

from __future__ import annotations

from typing import Any

import pytest

from s3eval import Answer, Clip, Model, Question, Sampling
from s3eval.running.asking import PreparedClip, ask_prepared, positioned_answers
from s3eval.running.limits import StageSeconds
from s3eval.statistics.sweeps import PROMPTS, Rephrased

QUESTIONS = [Question(key, f"{key}?") for key in ("a", "b", "c")]


class Backwards(Model):
    """Answers the last question first; by `ask` in order."""

    def ask(self, watched, questions):
        return [Answer.of(f"ask {q.text}") for q in questions]

    def ask_as_completed(self, watched, questions):
        for place in reversed(range(len(questions))):
            yield place, Answer.of(f"completed {questions[place].text}")


def asked(model: Model) -> list[tuple[str, str, str]]:
    ready = PreparedClip(Clip("v", 0.0, 2.0, Sampling()), "v.mp4", (), QUESTIONS, object())
    return [
        (a.question.key, a.answer.status, a.answer.text or a.answer.reason)
        for a in ask_prepared(model, ready, StageSeconds())
    ]


def test_answers_are_taken_as_they_come_each_for_its_question():
    assert asked(Backwards()) == [(k, "answered", f"completed {k}?") for k in ("c", "b", "a")]


def test_a_subclass_that_overrides_ask_alone_is_asked_by_it():
    class Mine(Backwards):
        def ask(self, watched, questions):
            return [Answer.of("mine") for _ in questions]

    class Both(Mine):
        def ask_as_completed(self, watched, questions):
            return super().ask_as_completed(watched, questions)

    assert [text for *_, text in asked(Mine())] == ["mine"] * 3
    assert [key for key, *_ in asked(Both())] == ["c", "b", "a"]


def test_none_leaves_it_to_ask():
    class Undecided(Backwards):
        def ask_as_completed(self, watched, questions):
            return None

    assert [text for *_, text in asked(Undecided())] == ["ask a?", "ask b?", "ask c?"]


def test_a_rephrased_model_is_asked_in_the_same_way():
    careful = Rephrased(Backwards(), PROMPTS["careful"])
    given = list(positioned_answers(careful, None, QUESTIONS))
    assert [place for place, _ in given] == [2, 1, 0]
    assert given[0][1].text == f"completed {PROMPTS['careful'].put(QUESTIONS[2]).text}"


@pytest.mark.parametrize(
    ("given", "kept", "said"),
    [
        ([(0, "x"), (0, "y")], {"a": "x"}, "the model answered question 0 of 3 again"),
        ([(1, "x"), (3, "y")], {"b": "x"}, "the model answered question 3 of 3"),
        ([(-1, "x")], {}, "the model answered question -1 of 3"),
        ([(True, "x")], {}, "instead of a position and an answer"),
        (["x", "y", "z"], {}, "the model gave str instead of a position and an answer"),
        ([(2, "x"), None], {"c": "x"}, "the model gave NoneType instead of"),
        ([(2, "x")], {"c": "x"}, "the model gave fewer answers than questions"),
        (7, {}, "'int' object is not iterable"),
    ],
)
def test_what_is_no_answer_to_each_question_once_fails_the_others(given: Any, kept, said):
    class Odd(Model):
        def ask_as_completed(self, watched, questions):
            return given

    got = {key: (status, text) for key, status, text in asked(Odd())}
    assert len(got) == 3
    for key, (status, text) in got.items():
        if key in kept:
            assert (status, text) == ("answered", kept[key])
        else:
            assert status == "failed" and said in text
