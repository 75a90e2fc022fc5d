"""Whatever a plugin gives back is one stored answer, one finding, or named as wrong."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3eval.errors import S3EvalError
from s3eval.model import Answer, Question
from s3eval.running.boundary import (
    LONGEST_ANSWER,
    checked_answer,
    checked_findings,
    checked_identity,
)
from s3eval.task import Finding

ASKED = Question("tonic", "Tonic?", ("yes", "no"))


@pytest.mark.parametrize("wrong", [None, 3, 2.5, b"yes", {"text": "yes"}, ["yes"], object()])
def test_what_is_no_answer_is_a_failed_one_that_names_its_type(wrong):
    answer = checked_answer(wrong, ASKED)
    assert answer.status == "failed"
    assert type(wrong).__name__ in answer.reason


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (Answer("done", "yes"), "status"),
        (Answer("answered", 5), "int"),
        (Answer("answered", None), "NoneType"),
        (Answer.of("yes", probabilities={"yes": 1.5}), "1.5"),
        (Answer.of("yes", probabilities={"yes": float("nan")}), "nan"),
        (Answer.of("yes", probabilities={"yes": "high"}), "str"),
        (Answer.of("yes", probabilities={"maybe": 0.5}), "maybe"),
        (Answer.of("yes", probabilities=[0.5, 0.5]), "list"),
        (Answer.of("yes", mass=float("inf")), "inf"),
        (Answer.of("y" * (LONGEST_ANSWER + 1)), "characters"),
    ],
)
def test_wrong_fields_make_it_failed(answer, word):
    checked = checked_answer(answer, ASKED)
    assert checked.status == "failed"
    assert word in checked.reason


@pytest.mark.parametrize("number", [np.float32(0.25), np.float64(0.25), np.array(0.25), 0.25])
def test_numbers_of_any_type_are_numbers(number):
    checked = checked_answer(Answer.of("yes", probabilities={"yes": number}), ASKED)
    assert checked.probabilities == {"yes": 0.25}
    assert type(checked.probabilities["yes"]) is float


def test_rounding_is_set_right():
    checked = checked_answer(
        Answer.of("yes", probabilities={"yes": 1 + 2e-16, "no": -1e-9}, mass=1.0000000002), ASKED
    )
    assert (checked.probabilities, checked.mass) == ({"yes": 1.0, "no": 0.0}, 1.0)


@pytest.mark.parametrize("text", ["a\x00b", "half \ud83d", "both \ud83d\ude00 halves"])
def test_text_that_cannot_be_stored_is_written_so_that_it_can(text):
    checked = checked_answer(text, ASKED)
    assert checked.status == "answered"
    checked.text.encode("utf-8")
    assert "\x00" not in checked.text
    if "halves" in text:
        assert "😀" in checked.text


@given(st.one_of(st.none(), st.text(), st.integers(), st.floats(), st.binary()))
def test_anything_becomes_an_answer_that_json_takes(value: Any):
    checked = checked_answer(value, ASKED)
    assert isinstance(checked, Answer)
    json.dumps([checked.status, checked.text, checked.reason]).encode()


def finding(**fields: Any) -> Finding:
    known: dict[str, Any] = {"task": "t", "video": "v", "item": "i", "state": "answered"}
    return Finding(**{**known, "value": "yes", **fields})


@pytest.mark.parametrize(
    ("given_back", "word"),
    [
        (None, "NoneType"),
        ("text", "str"),
        ({"a": 1}, "dict"),
        (["text"], "str"),
        ([finding(task="other")], "'t'"),
        ([finding(video="other")], "'t'"),
        ([finding(item="")], "item"),
        ([finding(state="done")], "state"),
        ([finding(value=None)], "answered"),
        ([finding(state="failed")], "failed"),
        ([finding(value=object())], "JSON"),
        ([finding(detail={"a": math.nan})], "JSON"),
        ([finding(probability=7)], "7"),
    ],
)
def test_wrong_findings_are_named(given_back, word):
    with pytest.raises(S3EvalError, match=word):
        checked_findings("t", "v", given_back)


def test_right_findings_pass():
    (checked,) = checked_findings("t", "v", (f for f in [finding(probability=np.float32(0.5))]))
    assert checked == finding(probability=0.5)


@pytest.mark.parametrize(
    "identity", [None, ["x"], {"a": object()}, {"a": math.nan}, {"a": "x" * 2_000_000}]
)
def test_an_identity_that_is_no_json_names_the_model(identity):
    with pytest.raises(S3EvalError, match=r"identity.*mine"):
        checked_identity(identity, "mine", "their-package")


def test_a_finding_is_written_whatever_its_numbers_and_characters_are():
    given_back = finding(value=np.int64(2), pieces=np.int64(3), detail={"half": "\ud83d"})
    (checked,) = checked_findings("t", "v", [given_back])
    json.dumps([checked.value, checked.pieces, checked.detail["half"]], ensure_ascii=False).encode()
    assert (checked.value, checked.pieces) == (2, 3)


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"pieces": "x"}, "counts"),
        ({"reason": None}, "reason"),
        ({"detail": [1]}, "detail"),
        ({"detail": {"missing": 3}}, "missing"),
        ({"detail": {"missing": ["a"]}}, "missing"),
        ({"detail": {"much": "x" * 6_000_000}}, "characters"),
    ],
)
def test_fields_of_a_finding_have_their_types(fields, word):
    with pytest.raises(S3EvalError, match=word):
        checked_findings("t", "v", [finding(**fields)])


def test_two_findings_of_one_item_are_refused():
    with pytest.raises(S3EvalError, match="Two findings"):
        checked_findings("t", "v", [finding(), finding()])
