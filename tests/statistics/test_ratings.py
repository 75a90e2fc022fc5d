"""Metrics against expert ratings: statistics for weighted items, and their intervals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from s3eval.errors import S3EvalError
from s3eval.metrics.agreement import pairwise_accuracy
from s3eval.statistics.ratings import (
    Rating,
    agreements,
    weighted_kendall,
    weighted_pairwise,
    weighted_pearson,
    weighted_spearman,
)

VALUES = st.lists(st.integers(0, 4), min_size=3, max_size=9)


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_a_weight_is_a_repetition(data):
    x = np.array(data.draw(VALUES), dtype=float)
    n = len(x)
    y = np.array(data.draw(st.lists(st.integers(0, 4), min_size=n, max_size=n)), dtype=float)
    weights = np.array(data.draw(st.lists(st.integers(0, 3), min_size=n, max_size=n)))
    a, b = np.repeat(x, weights), np.repeat(y, weights)
    if len(set(a)) < 2 or len(set(b)) < 2:
        return
    row = weights[None, :].astype(float)
    assert weighted_pearson(x, y, row)[0] == pytest.approx(stats.pearsonr(a, b)[0], abs=1e-9)
    assert weighted_spearman(x, y, row)[0] == pytest.approx(stats.spearmanr(a, b)[0], abs=1e-9)
    assert weighted_kendall(x, y, row)[0] == pytest.approx(stats.kendalltau(a, b)[0], abs=1e-9)
    wanted = pairwise_accuracy(a.tolist(), b.tolist()).value
    assert weighted_pairwise(x, y, row)[0] == pytest.approx(wanted, abs=1e-9)


def ratings(n: int = 12) -> list[Rating]:
    rng = np.random.default_rng(1)
    return [
        Rating("m", f"v{i}", f"p{i // 2}", {"rqi": float(i), "noise": rng.normal()}, i // 3)
        for i in range(n)
    ]


def test_intervals_hold_the_value_and_repeat():
    first, second = agreements(ratings(), resamples=200, seed=3), agreements(ratings(), 200, 3)
    assert first == second
    for name, ends in first[1].intervals.items():
        value = first[1].values[name]
        assert ends is not None and ends[0] <= value <= ends[1]
    assert first[0].groups == 6


def test_missing_values_and_constant_metrics():
    rows = [
        Rating(r.model, r.video, r.group, {"rqi": None if i == 0 else 5.0}, r.expert)
        for i, r in enumerate(ratings())
    ]
    (found,) = agreements(rows, resamples=20)
    assert found.missing == 1 and found.n == 11
    assert found.values["pearson"] is None and found.values["kendall"] is None
    assert found.values["pairwise_accuracy"] == 0.0
    with pytest.raises(S3EvalError):
        agreements([])
