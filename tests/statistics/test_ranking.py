"""Scores of probabilities, held against scikit-learn, and what is fitted on other folds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s3eval.errors import S3EvalError
from s3eval.statistics import ranking
from s3eval.statistics.calibration import best_threshold, calibrate, cases_of, measure
from s3eval.task import TruthContext

PAPER = TruthContext("paper")


def in_paper(task: str) -> TruthContext:
    """What the truth of every task depends on here."""
    return PAPER


def drawn(seed: int, n: int = 60) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = rng.random(n) < 0.4
    # Rounded, so that there are ties.
    probability = np.round(np.clip(0.3 + 0.3 * truth + 0.25 * rng.normal(size=n), 0, 1), 1)
    return truth, probability, rng.integers(0, 4, size=(5, n)).astype(float)


@pytest.mark.parametrize("seed", range(4))
def test_equal_to_scikit_learn_with_ties_and_weights(seed):
    from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

    truth, probability, weights = drawn(seed)
    for ours, theirs in (
        (ranking.auroc, roc_auc_score),
        (ranking.average_precision, average_precision_score),
        (ranking.brier, brier_score_loss),
    ):
        expected = [theirs(truth, probability, sample_weight=w) for w in weights]
        assert ours(truth, probability, weights) == pytest.approx(expected)


def test_reliability_is_scikit_learns_curve():
    from sklearn.calibration import calibration_curve

    truth, probability, _ = drawn(5, 300)
    probability = np.clip(probability + 0.03, 0, 0.999)  # off the edges of the bins
    share, mean = calibration_curve(truth, probability, n_bins=10)
    curve = [b for b in ranking.reliability(truth, probability) if b["videos"]]
    assert [b["positives"] for b in curve] == pytest.approx(list(share))
    assert [b["probability"] for b in curve] == pytest.approx(list(mean))
    by_hand = sum(b["videos"] * abs(b["probability"] - b["positives"]) for b in curve) / 300
    found = ranking.calibration_error(truth, probability, np.ones((1, 300)))[0]
    assert found == pytest.approx(by_hand)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.booleans(), st.floats(0, 1)), min_size=1, max_size=30))
def test_bounds_and_symmetry(rows):
    truth = np.array([t for t, _ in rows])
    probability = np.array([p for _, p in rows])
    ones = np.ones((1, len(rows)))
    area = ranking.auroc(truth, probability, ones)[0]
    if truth.all() or not truth.any():
        assert np.isnan(area)
    else:
        assert 0 <= area <= 1
        assert ranking.auroc(~truth, -probability, ones)[0] == pytest.approx(area)
    assert 0 <= ranking.brier(truth, probability, ones)[0] <= 1
    assert 0 <= ranking.calibration_error(truth, probability, ones)[0] <= 1


def test_undefined_is_none_with_its_reason():
    found = measure(np.array([True, True]), np.array([0.1, 0.2]), ["a", "b"], {"a": "P", "b": "Q"})
    assert found["auroc"].value is None
    assert found["brier"].value is not None
    assert measure(np.array([]), np.array([]), [], {})["auroc"].note == "no video"


def test_the_threshold_is_the_best_of_all():
    from sklearn.metrics import f1_score

    for seed in range(5):
        truth, probability, _ = drawn(seed)
        found = best_threshold(truth, probability)
        best = max(f1_score(truth, probability >= t) for t in np.linspace(0, 1, 101))
        assert f1_score(truth, probability >= found) == pytest.approx(best)


def test_windows_are_combined_as_named(dataset, tasks, runs):
    given = (runs["good"]["recognition"], tasks.by_name, dataset, in_paper)
    by_max = cases_of(*given)["recognition", "tonic"]
    by_or = cases_of(*given, "noisy-or")["recognition", "tonic"]
    assert [c.video for c in by_max] == [c.video for c in by_or]
    expected = [1 - (1 - c.probability) ** 2 for c in by_max]
    assert [c.probability for c in by_or] == pytest.approx(expected)


def folds_of(dataset):
    return {v.name: v.fold for v in dataset.videos}


def test_nothing_is_fitted_on_the_test_fold(dataset, tasks, runs):
    """Turning the test fold's truth around changes its scores but nothing that was fitted."""
    from dataclasses import replace

    from s3eval.dataset import FeatureAnnotation

    turned = {
        v.name: replace(
            a,
            features={
                f: FeatureAnnotation({"yes": "no", "no": "yes"}[x.presence])
                for f, x in a.features.items()
            },
        )
        if v.fold == 0
        else a
        for v in dataset.videos
        for a in [dataset.annotations[v.name]]
    }
    other = replace(dataset, annotations=turned)
    findings = [f for f in runs["good"]["recognition"] if f.item == "tonic"]
    one, two = (
        calibrate("r", findings, tasks.by_name, d, in_paper, folds_of(dataset), resamples=100)[0]
        for d in (dataset, other)
    )
    assert [d.thresholds for d in one.decisions] == [d.thresholds for d in two.decisions]
    assert one.decisions[1].scores["accuracy"] != two.decisions[1].scores["accuracy"]
    brier = [
        {m: d.scores["brier"].value for m, d in zip("rtpi", c.decisions, strict=True)}
        for c in (one, two)
    ]
    assert brier[0] != brier[1]


def test_calibration_of_a_run(dataset, tasks, runs):
    mine = runs["good"]["recognition"]
    found = {
        c.item: c
        for c in calibrate(
            "good", mine, tasks.by_name, dataset, in_paper, folds_of(dataset), resamples=200
        )
    }
    tonic = found["tonic"]
    assert len(found) == 20
    assert tonic.measures["auroc"].low > 0.5
    assert tonic.without == len(dataset.videos) - tonic.videos > 0
    assert [d.method for d in tonic.decisions] == ["raw", "threshold", "platt", "isotonic"]
    assert sum(b["videos"] for b in tonic.curve) == tonic.videos
    raw, _, platt, isotonic = tonic.decisions
    held = [
        f
        for f in runs["good"]["recognition"]
        if f.item == "tonic" and f.value and folds_of(dataset)[f.video] == 0
    ]
    right = sum(f.value == dataset.annotation(f.video).presence("tonic") for f in held)
    assert raw.scores["accuracy"].value == pytest.approx(right / len(held))
    assert platt.fitted_on == isotonic.fitted_on == tonic.videos - len(held)


def test_platt_and_isotonic_repair_probabilities_that_are_too_low(dataset, tasks):
    """A model that orders videos well but says half the true odds is repaired on other folds."""
    from s3eval.task import Finding

    rng = np.random.default_rng(0)
    findings = []
    for v in dataset.videos:
        yes = dataset.annotation(v.name).presence("tonic") == "yes"
        chance = float(np.clip(0.10 + 0.15 * yes + 0.03 * rng.normal(), 0.001, 0.999))
        findings.append(Finding("recognition", v.name, "tonic", "answered", "no", "", 1, 1, chance))
    given = (findings, tasks.by_name, dataset, in_paper, folds_of(dataset))
    found = calibrate("r", *given, test_folds=range(5), resamples=100)[0]
    scores = {d.method: {m: x.value for m, x in d.scores.items()} for d in found.decisions}
    assert scores["raw"]["f1"] == 0.0
    assert scores["threshold"]["f1"] > 0.9
    for method in ("platt", "isotonic"):
        assert scores[method]["f1"] > 0.9
        assert scores[method]["brier"] < scores["raw"]["brier"] / 2
        assert scores[method]["calibration_error"] < scores["raw"]["calibration_error"]


def test_a_patient_on_both_sides_is_refused(dataset, tasks, runs):
    folds = folds_of(dataset)
    patient = next(
        p for p in dataset.patients.values() if list(dataset.patients.values()).count(p) > 1
    )
    first = next(v for v, p in dataset.patients.items() if p == patient)
    with pytest.raises(S3EvalError, match="both sides"):
        mine = runs["good"]["recognition"]
        folds = {**folds, first: 99}
        calibrate("r", mine, tasks.by_name, dataset, in_paper, folds, resamples=100)
