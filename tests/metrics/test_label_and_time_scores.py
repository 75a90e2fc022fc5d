"""Scores of labels and of times: bounds, symmetry, order and hand-computed cases."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s3eval.errors import S3EvalError
from s3eval.testing.oracles import classification, timing

LABELS = st.lists(st.tuples(*[st.sampled_from(["yes", "no"])] * 2), min_size=1, max_size=30)


@given(LABELS, st.randoms())
@settings(deadline=None)
def test_binary_scores_lie_in_bounds_and_ignore_the_order_of_videos(pairs, random) -> None:
    before = classification.binary_scores([t for t, _ in pairs], [p for _, p in pairs], "yes")
    random.shuffle(pairs)
    after = classification.binary_scores([t for t, _ in pairs], [p for _, p in pairs], "yes")
    assert before == after
    for value in (before.precision, before.recall, before.f1, before.accuracy):
        assert 0 <= value <= 1


@given(LABELS)
@settings(deadline=None)
def test_f1_and_accuracy_are_symmetric_and_precision_is_the_others_recall(pairs) -> None:
    one = classification.binary_scores([t for t, _ in pairs], [p for _, p in pairs], "yes")
    other = classification.binary_scores([p for _, p in pairs], [t for t, _ in pairs], "yes")
    assert one.f1 == pytest.approx(other.f1) and one.accuracy == other.accuracy
    assert one.precision == pytest.approx(other.recall)


def test_binary_scores_by_hand() -> None:
    # 3 yes said, 2 of them right; 4 yes there; 6 videos.
    truth = ["yes", "yes", "yes", "yes", "no", "no"]
    said = ["yes", "yes", "no", "no", "yes", "no"]
    found = classification.binary_scores(truth, said, "yes")
    assert found.precision == pytest.approx(2 / 3)
    assert found.recall == pytest.approx(2 / 4)
    assert found.f1 == pytest.approx(2 * (2 / 3) * 0.5 / (2 / 3 + 0.5))
    assert found.accuracy == pytest.approx(3 / 6)


def test_a_zero_denominator_is_zero_but_nothing_scored_is_none() -> None:
    silent = classification.binary_scores(["yes"], ["no"], "yes")
    assert (silent.precision, silent.recall, silent.f1, silent.n) == (0, 0, 0, 1)
    assert classification.binary_scores([], [], "yes") == classification.macro_scores([], [])
    assert classification.binary_scores([], [], "yes").accuracy is None


def test_macro_scores_count_rare_labels_like_common_ones() -> None:
    found = classification.macro_scores(["a", "a", "a", "b"], ["a", "a", "a", "a"])
    assert found.recall == pytest.approx((1 + 0) / 2)
    assert found.precision == pytest.approx((3 / 4 + 0) / 2)
    assert found.accuracy == pytest.approx(3 / 4)


def test_a_label_only_predicted_weighs_on_the_macro_average() -> None:
    found = classification.macro_scores(["a", "a"], ["a", "fail"])
    assert found.recall == pytest.approx((0.5 + 0) / 2)


def test_coverage_counts_all_that_was_asked() -> None:
    assert classification.coverage(["yes", None, "Fail", "no"], {"yes", "no"}) == 0.5
    assert classification.coverage(["left", None]) == 0.5
    assert classification.coverage([]) is None


def test_paired_keeps_only_the_labels_that_count() -> None:
    assert classification.paired(["yes", None, "no"], ["Fail", "yes", "no"], {"yes", "no"}) == (
        ["no"],
        ["no"],
    )
    with pytest.raises(S3EvalError, match="as many predictions"):
        classification.paired(["yes"], [])


TIMES = st.lists(st.tuples(st.none() | st.floats(0, 3600), st.floats(0, 3600)), max_size=20)


@given(TIMES, st.floats(0, 100))
@settings(deadline=None)
def test_timing_bounds(pairs, tolerance) -> None:
    found = timing.timing_scores([p for p, _ in pairs], [t for _, t in pairs])
    assert found.n == len(pairs) and 0 <= found.parsed <= found.n
    assert (found.mae is None) == (found.parsed == 0) == (found.median is None)
    if found.n:
        assert 0 <= found.within(tolerance) <= found.coverage <= 1
    else:
        assert found.coverage is None and found.within(tolerance) is None
    if found.parsed:
        assert found.mae >= 0 and found.median >= 0


@given(TIMES)
@settings(deadline=None)
def test_timing_is_symmetric_where_everything_parsed(pairs) -> None:
    known = [(p, t) for p, t in pairs if p is not None]
    one = timing.timing_scores([p for p, _ in known], [t for _, t in known])
    other = timing.timing_scores([t for _, t in known], [p for p, _ in known])
    assert one.errors == other.errors


def test_timing_by_hand() -> None:
    found = timing.timing_scores([28, 40, None, 31], [30, 30, 30, 30])
    assert (found.mae, found.median, found.coverage) == (pytest.approx(13 / 3), 2.0, 0.75)
    assert found.within(2) == 0.5, "an unread answer is a miss"
