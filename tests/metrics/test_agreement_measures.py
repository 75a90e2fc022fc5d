"""Correlations, kappa and distances: bounds, symmetry, order and hand-computed cases."""

from __future__ import annotations

import pytest
import scipy.stats
import sklearn.metrics
from hypothesis import given, settings
from hypothesis import strategies as st

from s3eval.errors import S3EvalError
from s3eval.metrics import agreement

LABELS = st.lists(st.tuples(*[st.sampled_from(["yes", "no"])] * 2), min_size=1, max_size=30)
NUMBERS = st.lists(
    st.tuples(*[st.floats(-100, 100).map(lambda x: round(x, 3))] * 2), min_size=2, max_size=20
)


@given(NUMBERS, st.randoms())
@settings(deadline=None)
def test_correlations_are_bounded_symmetric_and_ignore_order(pairs, random) -> None:
    one, other = [a for a, _ in pairs], [b for _, b in pairs]
    for measure in (agreement.pearson, agreement.spearman, agreement.kendall, agreement.cosine):
        value = measure(one, other)
        if value is None:
            continue
        assert -1 - 1e-9 <= value <= 1 + 1e-9
        assert measure(other, one) == pytest.approx(value, abs=1e-9)
        mixed = random.sample(pairs, len(pairs))
        assert measure([a for a, _ in mixed], [b for _, b in mixed]) == pytest.approx(
            value, abs=1e-7
        )


@given(NUMBERS)
@settings(deadline=None)
def test_correlations_of_ranks_are_scipys(pairs) -> None:
    one, other = [round(a) for a, _ in pairs], [round(b / 30) for _, b in pairs]  # with ties
    for measure, library in (
        (agreement.spearman, scipy.stats.spearmanr),
        (agreement.kendall, scipy.stats.kendalltau),
    ):
        value = measure(one, other)
        if value is None:
            assert len({*one}) < 2 or len({*other}) < 2
        else:
            assert value == pytest.approx(library(one, other).statistic, abs=1e-15)


@given(LABELS)
@settings(deadline=None)
def test_kappa_is_bounded_and_symmetric(pairs) -> None:
    one, other = [a for a, _ in pairs], [b for _, b in pairs]
    value = agreement.cohens_kappa(one, other)
    if value is not None:
        assert -1 - 1e-9 <= value <= 1 + 1e-9
        assert agreement.cohens_kappa(other, one) == pytest.approx(value)
        assert value == pytest.approx(sklearn.metrics.cohen_kappa_score(one, other), abs=1e-12)


def test_kappa_by_hand() -> None:
    # Observed 3/4; expected (2/4)(1/4) + (2/4)(3/4) = 1/2.
    assert agreement.cohens_kappa(list("yynn"), list("ynnn")) == pytest.approx(0.5)
    assert agreement.cohens_kappa([], []) is None
    assert agreement.cohens_kappa(["y"], ["y"]) is None


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=10))
@settings(deadline=None)
def test_earth_movers_distance_is_a_distance(pairs) -> None:
    one, other = [a for a, _ in pairs], [b for _, b in pairs]
    value = agreement.earth_movers_distance(one, other)
    if value is None:
        assert not sum(one) or not sum(other)
        return
    assert 0 <= value <= len(pairs) - 1 + 1e-9
    assert agreement.earth_movers_distance(other, one) == pytest.approx(value, abs=1e-12)
    assert agreement.earth_movers_distance(one, one) == 0


@given(NUMBERS)
@settings(deadline=None)
def test_pairwise_accuracy_of_a_rating_with_itself_and_reversed(pairs) -> None:
    expert = [b for _, b in pairs]
    same = agreement.pairwise_accuracy(expert, expert)
    assert same.value in (None, 1.0)
    back = agreement.pairwise_accuracy([-x for x in expert], expert)
    assert back.value in (None, 0.0)
    constant = agreement.pairwise_accuracy([1.0] * len(expert), expert)
    assert constant.value in (None, 0.0) and constant.ties == constant.n


def test_undefined_agreement_is_none() -> None:
    for measure in (agreement.pearson, agreement.spearman, agreement.kendall):
        assert measure([1.0], [1.0]) is None
        assert measure([1.0, 1.0], [1.0, 2.0]) is None
    assert agreement.cosine([0.0], [1.0]) is None
    with pytest.raises(S3EvalError):
        agreement.pearson([1.0], [1.0, 2.0])
