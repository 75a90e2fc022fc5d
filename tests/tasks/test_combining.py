"""Windows to videos."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3eval.errors import S3EvalError
from s3eval.facts.clips import Clip, Sampling
from s3eval.model import Answer, Question
from s3eval.task import Inquiry, Piece, Reading
from s3eval.tasks.combining import (
    any_yes,
    joined,
    kept_texts,
    lone_finding,
    missing_windows,
    noisy_or,
    overlap_merge,
    probabilities_of,
    why_no_value,
)

LABELS = st.lists(st.sampled_from(["yes", "no", "na"]), max_size=8)
TOKENS = st.lists(st.sampled_from("abcd"), max_size=8)


def piece(start: float, answer: Answer, value: object = None, reason: str = "") -> Piece:
    question = Question("tonic", "?")
    inquiry = Inquiry("t", Clip("v", start, start + 30, Sampling()), (question,))
    return Piece(inquiry, question, answer, Reading(value, reason))


@given(LABELS)
def test_any_yes_is_a_logical_union(labels):
    found = any_yes(labels)
    assert (found == "yes") == ("yes" in labels)
    assert (found is None) == (not labels)
    assert (found == "na") == (bool(labels) and set(labels) == {"na"})


@given(LABELS, st.randoms())
def test_any_yes_knows_no_order(labels, random):
    shuffled = labels[:]
    random.shuffle(shuffled)
    assert any_yes(shuffled) == any_yes(labels)


def test_any_yes_refuses_other_words():
    with pytest.raises(S3EvalError, match="perhaps"):
        any_yes(["perhaps"])


@given(st.lists(st.floats(0, 1), max_size=8))
def test_noisy_or_lies_between_the_maximum_and_the_sum(probabilities):
    found = noisy_or(probabilities)
    assert max(probabilities, default=0.0) - 1e-12 <= found <= min(1.0, sum(probabilities)) + 1e-12


def test_noisy_or_refuses_what_is_no_probability():
    with pytest.raises(S3EvalError, match="but got 1"):
        noisy_or([1.5])


@pytest.mark.parametrize(
    ("windows", "merged"),
    [
        ([], ""),
        (["ab"], "ab"),
        (["ab", "bc"], "abc"),
        (["ab", "ab"], "ab"),
        (["abab", "abab"], "abab"),
        (["aba", "ab"], "abab"),
        (["a", "b", "a"], "aba"),
        (["abc", "", "cd"], "abcd"),
        (["aa", "aaa"], "aaa"),
    ],
)
def test_overlap_merge(windows, merged):
    assert "".join(overlap_merge([list(w) for w in windows])) == merged


@given(TOKENS, TOKENS)
def test_overlap_merge_keeps_both_and_is_shortest(first, second):
    merged = overlap_merge([first, second])
    assert merged[: len(first)] == first
    assert merged[len(merged) - len(second) :] == second
    for size in range(max(len(first), len(second)), len(merged)):
        # Nothing shorter starts with the first and ends with the second.
        overlap = len(first) + len(second) - size
        assert first[len(first) - overlap :] != second[:overlap]


@given(TOKENS)
def test_an_empty_window_changes_nothing(tokens):
    assert overlap_merge([tokens, []]) == tokens == overlap_merge([[], tokens])


@pytest.mark.parametrize(
    ("feature", "windows", "kept"),
    [
        ("tonic", [("no", "a"), ("no", "b")], ["a", "b"]),
        ("tonic", [("no", "a"), ("yes", "b"), ("yes", "c")], ["b", "c"]),
        ("tonic", [("yes", "b"), ("yes", " b ")], ["b"]),
        ("tonic", [("yes", ""), ("no", "a")], []),
        ("tonic", [("na", "a"), ("no", "b")], ["a", "b"]),
        ("occur_during_sleep", [("no", "a"), ("yes", "b")], ["a"]),
        ("occur_during_sleep", [("no", ""), ("yes", "b")], []),
        ("tonic", [], []),
    ],
)
def test_kept_texts_follow_the_release(feature, windows, kept):
    assert kept_texts(feature, windows) == kept


def test_joined_as_the_release_joins():
    assert joined(["a", "b"]) == "a || b"
    assert joined([]) == ""


def test_a_failure_outweighs_the_unreadable_and_the_skipped():
    failed, skipped = piece(0, Answer.failed("boom")), piece(25, Answer.skipped("deaf"))
    unreadable = piece(50, Answer.of("hm"), None, "neither yes nor no: 'hm'")
    assert why_no_value([skipped, unreadable, failed]) == ("failed", "1 of 3 failed: boom")
    assert why_no_value([skipped, unreadable])[0] == "unreadable"
    assert why_no_value([skipped]) == ("skipped", "1 of 1 not asked: deaf")
    assert why_no_value([])[0] == "skipped"


def test_missing_windows_say_when_and_why():
    pieces = [piece(0, Answer.of("yes"), "yes"), piece(25, Answer.failed("boom"))]
    assert missing_windows(pieces) == [
        {"start": 25, "end": 55, "status": "failed", "reason": "boom"}
    ]


def test_probabilities_come_from_answered_windows_only():
    with_p = piece(0, Answer.of("no", probabilities={"yes": 0.3, "no": 0.7}), "no")
    without = piece(25, Answer.of("no"), "no")
    assert probabilities_of([with_p, without, piece(50, Answer.failed("x"))], "yes") == [0.3]


def test_a_lone_answer_is_the_finding_with_its_probability_and_remark():
    given = Answer.of("right", probabilities={"left": 0.2, "right": 0.8}, mass=0.9)
    found = lone_finding("spatial", "head_turning", piece(5.0, given, "right", "hedged"), "right")
    assert (found.video, found.state, found.value) == ("v", "answered", "right")
    assert (found.probability, found.pieces, found.readable) == (0.8, 1, 1)
    assert found.detail == {"remark": "hedged"}


def test_a_lone_answer_that_failed_is_a_failed_finding_without_a_value():
    found = lone_finding("spatial", "head_turning", piece(5.0, Answer.failed("no memory")))
    assert (found.state, found.value) == ("failed", None)
    assert found.reason.endswith("no memory")
    assert (found.pieces, found.readable, found.probability) == (1, 0, None)
