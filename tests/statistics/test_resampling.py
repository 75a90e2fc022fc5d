"""Intervals by patient: known cases, and the coverage they promise, by simulation."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from s3eval.facts.tally import Tally, ratio
from s3eval.metrics.tallies import binary_formula, median
from s3eval.statistics.resampling import (
    Cohort,
    intervals,
    patient_draws,
    resampled_values,
    weighted,
)


def simulated(patients: int, rng: np.random.Generator) -> tuple[list[Tally], dict[str, str]]:
    """Videos of a patient are alike: in truth, in being answered right, and in error of time.

    One to twelve videos a patient, most of them few, as in the release (24 patients, 82 videos).
    """
    counts = rng.geometric(0.28, size=patients).clip(1, 12)
    patient = np.repeat(np.arange(patients), counts)
    n = len(patient)
    skill, kind = rng.normal(size=patients)[patient], rng.normal(size=patients)[patient]
    truth = kind + 0.7 * rng.normal(size=n) > 0.5
    right = 0.8 * skill + rng.normal(size=n) > -0.6
    said = np.where(right, truth, ~truth)
    error = np.minimum(30.0, 10 * np.exp(0.5 * skill) * rng.exponential(size=n))
    videos = tuple(f"v{i}" for i in range(n))
    table = np.stack([truth & said, ~truth & said, truth & ~said, ~truth & ~said], axis=1)
    errors = np.stack([error, np.ones(n)], axis=1)
    tallies = [
        Tally("r", "x", "accuracy", videos, table.astype(float), binary_formula("accuracy")),
        Tally("r", "x", "f1", videos, table.astype(float), binary_formula("f1")),
        Tally("t", "x", "mae", videos, errors, ratio),
    ]
    return tallies, {v: f"P{p}" for v, p in zip(videos, patient, strict=True)}


@pytest.mark.slow
@pytest.mark.parametrize("patients", [24, 116])
def test_95_percent_intervals_cover_92_to_97_percent_in_500_simulations(patients):
    whole, _ = simulated(200_000, np.random.default_rng(1))
    true = [t.value for t in whole]
    inside = np.zeros(3)
    for seed in range(500):
        tallies, of = simulated(patients, np.random.default_rng(10_000 + seed))
        for i, found in enumerate(intervals(tallies, of, resamples=1000, seed=seed)):
            assert found.low is not None and found.high is not None
            inside[i] += found.low <= true[i] <= found.high
    assert ((inside / 500 >= 0.92) & (inside / 500 <= 0.97)).all(), inside / 500


@pytest.mark.slow
def test_drawing_videos_instead_of_patients_would_cover_too_little():
    # The reason for all this: the same method on videos as if they were independent.
    whole, _ = simulated(200_000, np.random.default_rng(1))
    true, inside = whole[0].value, 0
    for seed in range(200):
        tallies, of = simulated(24, np.random.default_rng(10_000 + seed))
        found = intervals(tallies[:1], {v: v for v in of}, resamples=400, seed=seed)[0]
        inside += found.low <= true <= found.high
    assert inside / 200 < 0.88


def test_the_bca_interval_is_scipys():
    from scipy.stats import bootstrap

    rng = np.random.default_rng(3)
    values = rng.exponential(size=40)
    videos = tuple(f"v{i}" for i in range(40))
    tally = Tally("t", "x", "mae", videos, np.stack([values, np.ones(40)], axis=1), ratio)
    of = {v: v for v in videos}
    ours = intervals([tally], of, resamples=20_000, seed=0, method="bca")[0]
    theirs = bootstrap((values,), np.mean, n_resamples=20_000, method="BCa", rng=0)
    assert ours.low == pytest.approx(theirs.confidence_interval.low, abs=0.015)
    assert ours.high == pytest.approx(theirs.confidence_interval.high, abs=0.015)
    assert ours.error == pytest.approx(theirs.standard_error, rel=0.03)


def test_the_percentile_interval_is_numpys_quantiles_of_the_same_draws():
    rng = np.random.default_rng(4)
    tallies, of = simulated(30, rng)
    cohort = Cohort.of(of)
    drawn = resampled_values(tallies, cohort, patient_draws(30, 500, seed=9))
    found = intervals(tallies, of, resamples=500, seed=9, method="percentile")
    for values, one in zip(drawn, found, strict=True):
        assert (one.low, one.high) == pytest.approx(tuple(np.quantile(values, [0.025, 0.975])))


def test_a_resample_is_the_score_of_the_drawn_patients_videos():
    tallies, of = simulated(12, np.random.default_rng(5))
    cohort = Cohort.of(of)
    weights = patient_draws(12, 20, seed=1)
    drawn = resampled_values(tallies, cohort, weights)
    for row, values in zip(weights, drawn.T, strict=True):
        for tally, value in zip(tallies, values, strict=True):
            times = np.array([row[cohort.place[v]] for v in tally.videos])
            assert value == pytest.approx(float(tally.formula(times @ tally.rows)), nan_ok=True)


def test_chunks_change_nothing():
    tallies, of = simulated(20, np.random.default_rng(6))
    cohort, weights = Cohort.of(of), patient_draws(20, 300, seed=2)
    whole = resampled_values(tallies, cohort, weights)
    assert np.array_equal(whole, resampled_values(tallies, cohort, weights, chunk=64))
    sums = cohort.sums(tallies[0].videos, tallies[0].rows)
    assert np.allclose(weighted(tallies[0].formula, weights, sums, chunk=7), whole[0])


def test_same_seed_same_interval_and_other_seed_another():
    tallies, of = simulated(24, np.random.default_rng(7))
    one, two = (intervals(tallies, of, resamples=300, seed=5) for _ in range(2))
    assert one == two
    assert one != intervals(tallies, of, resamples=300, seed=6)


def test_a_median_is_resampled_too():
    videos = tuple(f"v{i}" for i in range(15))
    tally = median("t", "x", "median", videos, list(range(15)))
    found = intervals([tally], {v: v for v in videos}, resamples=500)[0]
    assert found.low < tally.value < found.high


def tally_of(values: list[float]) -> Tally:
    videos = tuple(f"v{i}" for i in range(len(values)))
    rows = np.stack([np.array(values, float), np.ones(len(values))], axis=1)
    return Tally("t", "x", "accuracy", videos, rows.reshape(-1, 2), ratio)


@pytest.mark.parametrize(
    ("values", "patients", "why"),
    [
        ([1.0, 1.0, 1.0], ["P1", "P2", "P3"], "same in every resample"),
        ([1.0, 0.0], ["P1", "P1"], "one patient"),
        ([], [], "no video"),
    ],
)
def test_no_interval_rather_than_a_false_one(values, patients, why):
    tally = tally_of(values)
    found = intervals([tally], dict(zip(tally.videos, patients, strict=True)), resamples=100)[0]
    assert (found.low, found.high) == (None, None)
    assert why in found.note


def test_a_score_that_most_resamples_leave_undefined_has_no_interval():
    # Defined only when both of two patients are drawn, about 40 % of the time.
    def both(sums):
        there = (sums[..., 0] > 0) & (sums[..., 1] > 0)
        return np.where(there, sums[..., 0] / np.maximum(sums.sum(axis=-1), 1), np.nan)

    rows = np.eye(10)[:, :2]
    videos = tuple(f"v{i}" for i in range(10))
    found = intervals([Tally("t", "x", "m", videos, rows, both)], {v: v for v in videos}, 2000)[0]
    assert found.undefined == pytest.approx(2000 * 0.6, rel=0.1)
    assert (found.low, found.note) == (None, "undefined in most resamples")


def test_draws_are_whole_and_even():
    draws = patient_draws(20, 5000, seed=0)
    assert (draws.sum(axis=1) == 20).all()
    assert draws.mean(axis=0) == pytest.approx(np.ones(20), abs=0.06)
    assert draws.var() == pytest.approx(0.95, abs=0.03)


def test_resampled_sums_take_little_memory():
    videos = tuple(f"v{i}" for i in range(116))
    cohort = Cohort.of({v: v for v in videos})
    rows = np.random.default_rng(0).random((116, 10))
    tallies = [
        Tally("t", str(i), "m", videos, rows, lambda s: s[..., 0] / s[..., 1]) for i in range(150)
    ]
    weights = patient_draws(116, 2000, seed=0)  # all sums at once: 24 MB
    tracemalloc.start()
    try:
        values = resampled_values(tallies, cohort, weights)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak - values.nbytes < 12 * 2**20
