"""How well a text interprets a sign: by the formula of the paper, by hand."""

from __future__ import annotations

import pytest

from s3eval.metrics.interpretation import interpretation_score


def answers(**given):
    from s3eval.judge import FeatureAnswers

    return FeatureAnswers("clonic", given)


def test_interpretation_by_the_papers_formula() -> None:
    keys = ["rhythmic", "side", "parts", "sustained"]
    true = answers(rhythmic="yes", side="left", parts=("arm", "leg"), sustained="no")
    same = answers(rhythmic="yes", side="left", parts=("leg", "arm"), sustained="no")
    one_off = answers(rhythmic="yes", side="right", parts=("arm", "leg"), sustained="no")
    none = answers(rhythmic="yes", side="right", parts=("face",), sustained="yes")
    first = answers(rhythmic="no")

    def score(said, presence="yes"):
        return interpretation_score(presence, "yes", said, true, keys)

    assert score(same) == pytest.approx(1.0), "lists compare as sets"
    assert score(one_off) == pytest.approx(0.7 + 0.3 * 2 / 3)
    assert score(none) == pytest.approx(0.7)
    assert score(first) == 0.0
    assert score(same, "no") == 0.0
    assert score(None) is None, "an unread text has no score"
    assert interpretation_score("no", "yes", None, None, keys) == 0.0


def test_interpretation_when_the_first_answer_is_no_or_the_only_one() -> None:
    no = answers(rhythmic="no")
    assert interpretation_score("no", "no", no, no, ["rhythmic", "side"]) == 1.0
    yes = answers(rhythmic="yes")
    assert interpretation_score("yes", "yes", yes, yes, ["rhythmic"]) == 1.0
    assert interpretation_score("yes", "yes", None, None, []) == 1.0
    assert interpretation_score("yes", "yes", yes, yes, ["rhythmic", "side"]) is None
