"""Agreement on a scale: against printed examples, scikit-learn, and the definition."""

from __future__ import annotations

import numpy as np
import pytest

from s3eval.facts.tally import Tally
from s3eval.statistics.resampling import intervals
from s3eval.statistics.scales import intraclass_correlations, scale_agreement, weighted_kappa

#: Six targets rated by four judges (Shrout and Fleiss 1979, Table 2).
SHROUT = [(9, 2, 5, 8), (6, 1, 3, 2), (8, 4, 6, 8), (7, 1, 2, 6), (10, 5, 6, 9), (6, 2, 4, 7)]
SCALE = [1, 2, 3, 4, 5]


def named(rows: object) -> dict[str, tuple[float, ...]]:
    return {f"t{i:03}": tuple(row) for i, row in enumerate(rows)}  # type: ignore[call-overload]


def value(tally: Tally) -> float:
    assert tally.value is not None
    return tally.value


def test_the_printed_example() -> None:
    single, mean = intraclass_correlations("report", "rating", named(SHROUT))
    # Table 4 of the same paper: ICC(2,1) = .29, ICC(2,4) = .62.
    assert round(value(single), 2) == 0.29
    assert round(value(mean), 2) == 0.62


def test_icc_is_what_analysis_of_variance_gives() -> None:
    chance = np.random.default_rng(0)
    for k in (2, 3, 5):
        x = chance.integers(1, 6, (12, k)).astype(float)
        n, grand = len(x), x.mean()
        between = k * ((x.mean(axis=1) - grand) ** 2).sum() / (n - 1)
        raters = n * ((x.mean(axis=0) - grand) ** 2).sum() / (k - 1)
        rest = x - x.mean(axis=1, keepdims=True) - x.mean(axis=0, keepdims=True) + grand
        error = (rest**2).sum() / ((n - 1) * (k - 1))
        single, mean = intraclass_correlations("t", "i", named(x))
        expected = (between - error) / (between + (k - 1) * error + k * (raters - error) / n)
        assert value(single) == pytest.approx(expected)
        expected = (between - error) / (between + (raters - error) / n)
        assert value(mean) == pytest.approx(expected)


@pytest.mark.parametrize("weights", ["linear", "quadratic"])
def test_weighted_kappa_is_scikit_learn_s(weights: str) -> None:
    from sklearn.metrics import cohen_kappa_score

    chance = np.random.default_rng(1)
    for _ in range(20):
        one, two = chance.integers(1, 6, (2, 30))
        two = np.where(chance.random(30) < 0.5, one, two)
        found = weighted_kappa("t", "i", named(zip(one, two, strict=True)), SCALE, weights)
        expected = cohen_kappa_score(one, two, labels=SCALE, weights=weights)
        assert value(found) == pytest.approx(expected)


def test_what_cannot_be_told_is_none() -> None:
    alike = named([(3, 3)] * 4)
    assert weighted_kappa("t", "i", alike, SCALE).value is None
    assert [t.value for t in intraclass_correlations("t", "i", alike)] == [None, None]
    assert [t.value for t in intraclass_correlations("t", "i", named([(1, 2, 3)]))] == [None, None]
    assert [t.value for t in intraclass_correlations("t", "i", {})] == [None, None]


def test_perfect_agreement_is_one_and_a_gap_leaves_the_report_out() -> None:
    same = named([(1, 1, 1), (3, 3, 3), (5, 5, 5)])
    assert [t.value for t in scale_agreement("t", "i", same, "ABC", SCALE)] == [1.0] * 5
    gaps = {**same, "gap": (2, None, 2)}
    made = scale_agreement("t", "i", gaps, "ABC", SCALE)
    assert [len(t.videos) for t in made] == [3, 3, 3, 4, 3]
    assert [t.item for t in made[2:]] == ["A and B", "A and C", "B and C"]
    assert scale_agreement("t", "i", named([(1,), (2,)]), "A", SCALE) == []


def test_intervals_go_by_patient() -> None:
    chance = np.random.default_rng(2)
    true = chance.integers(1, 6, 40)
    rated = named(np.clip(true[:, None] + chance.integers(-1, 2, (40, 3)), 1, 5))
    patients = {name: f"p{i // 2}" for i, name in enumerate(rated)}
    for tally, around in zip(
        scale_agreement("t", "i", rated, "ABC", SCALE),
        intervals(scale_agreement("t", "i", rated, "ABC", SCALE), patients, 400, 0),
        strict=True,
    ):
        assert around.patients == 20
        assert around.low is not None and around.high is not None
        assert around.low < value(tally) < around.high <= 1.0
