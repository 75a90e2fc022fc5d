"""Scores of sequences under both protocols: bounds, symmetry and hand-computed cases."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s3eval.metrics import sequence

TOKENS = st.lists(st.sampled_from("abcdef"), max_size=12)


@given(TOKENS, TOKENS)
@settings(deadline=None)
def test_sequence_bounds_and_symmetry(said, true) -> None:
    distance = sequence.edit_distance(said, true)
    assert distance == sequence.edit_distance(true, said)
    assert abs(len(said) - len(true)) <= distance <= max(len(said), len(true))
    for value in (
        sequence.lcs_ratio(said, true),
        sequence.temporal_f1_release(said, true),
        sequence.temporal_f1_paper(said, true),
    ):
        assert 0 <= value <= 1
    assert sequence.temporal_f1_paper(said, true) == sequence.temporal_f1_paper(true, said)


@given(TOKENS)
@settings(deadline=None)
def test_a_sequence_equals_itself(tokens) -> None:
    assert sequence.edit_distance(tokens, tokens) == 0
    assert sequence.temporal_f1_release(tokens, tokens) == 1
    assert sequence.temporal_f1_paper(tokens, tokens) == 1
    assert sequence.lcs_ratio(tokens, tokens) == (1 if tokens else 0)


def test_paper_f1_by_hand() -> None:
    # True pairs: ab ac bc. Predicted a c b: ac ab cb. Two common: P = R = 2/3.
    assert sequence.temporal_f1_paper("acb", "abc") == pytest.approx(2 / 3)
    # Repeats keep their first occurrence.
    assert sequence.temporal_f1_paper("abab", "ab") == 1
    assert sequence.temporal_f1_paper("a", "b") == 1, "no pairs on either side"
    assert sequence.temporal_f1_paper("a", "ab") == 0, "pairs on one side only"


def test_release_f1_by_hand() -> None:
    # a=a, b→x replaced: one of two equal.
    assert sequence.temporal_f1_release("ab", "ax") == pytest.approx(1 / 2)
    # Insertion of b at the end: pairs (a, a) and (gap, b).
    assert sequence.temporal_f1_release("a", "ab") == pytest.approx(1 / 2)
    assert sequence.temporal_f1_release("", "") == 1


def test_endless_repetition_scores_high_in_the_published_f1_only() -> None:
    said, true = ["tonic", "clonic"] * 200, ["tonic", "clonic"]
    assert sequence.temporal_f1_release(said, true) > 0.95
    assert sequence.edit_distance(said, true) == 398
    assert sequence.lcs_ratio(said, true) == pytest.approx(2 / 400)


def test_repetition_of_wrong_tokens_scores_high_too() -> None:
    assert sequence.temporal_f1_release(["x"] * 100, ["a", "b"]) > 0.9
    assert sequence.temporal_f1_paper(["x"] * 100, ["a", "b"]) == 0
