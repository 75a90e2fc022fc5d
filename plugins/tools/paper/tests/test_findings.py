"""The findings on the release, and what can be held against the print without it."""

from __future__ import annotations

import numpy as np
import pytest
from s3eval_paper.claims.diagnosis import implied_rows, implied_share
from s3eval_paper.claims.reports import correlation, ordered_alike

from s3eval.testing.paths import release_dir


@pytest.mark.parametrize(("es", "nes"), [(56, 26), (50, 8), (10, 30)])
def test_the_implied_share_holds_the_true_one(es, nes):
    rng = np.random.default_rng(es)
    for _ in range(200):
        tp, tn = int(rng.integers(1, es + 1)), int(rng.integers(0, nes))
        precision, recall = tp / (tp + nes - tn), tp / es
        accuracy = (tp + tn) / (es + nes)
        low, high = implied_share(*(round(x, 2) for x in (precision, recall, accuracy)))
        assert low - 1e-9 <= es / (es + nes) <= high + 1e-9


def test_four_printed_two_stage_rows_are_of_other_videos_than_the_test_set():
    test = 56 / 82
    apart = {model for model, _, (low, high) in implied_rows() if not low <= test <= high}
    assert apart == {
        "Qwen2.5-Omni-7B", "Qwen3-Omni-30B", "seizure_omni_sft", "seizure_omni_grpo",
    }  # fmt: skip


def test_agreement_with_experts_is_the_libraries():
    from scipy.stats import pearsonr

    from s3eval.metrics.agreement import pairwise_accuracy

    rng = np.random.default_rng(0)
    a, b = np.round(rng.normal(size=30), 1), np.round(rng.normal(size=30))
    ones = np.ones((1, 30))
    assert correlation(a, b, ones)[0] == pytest.approx(pearsonr(a, b).statistic)
    expected = pairwise_accuracy(list(a), list(b)).value
    assert ordered_alike(a, b, ones)[0] == pytest.approx(expected)


@pytest.fixture(scope="module")
def found():
    release = release_dir()
    if release is None:
        pytest.skip("the public release is not here")
    from s3eval_paper.claims.page import find
    from s3eval_paper.claims.rediagnosis import Depth

    return find(release, Depth(resamples=200, classifiers=("logistic-regression",), tune=False))


@pytest.mark.release
@pytest.mark.slow
def test_task_7_is_the_printed_one_with_its_chance_line(found):
    direct = [d for d in found.diagnosed if d.way != "two-stage"]
    assert len(direct) >= 8
    for d in direct:
        for metric, printed in d.printed.items():
            assert round(d.rows[metric].value + 1e-9, 2) == pytest.approx(
                float(printed), abs=0.0051
            )
        assert d.rows["f1"].chance["always-ES"] == pytest.approx(0.81, abs=0.02)
        assert d.rows["f1"].low is not None
    assert (found.videos, found.patients, found.es) == (82, 24, 56)


@pytest.mark.release
@pytest.mark.slow
def test_every_recorded_model_has_a_two_stage_row_on_each_training(found):
    rows = {(d.model, d.trained_on) for d in found.diagnosed if d.way == "two-stage"}
    assert rows == {("annotation", "annotation")} | {
        (m, t) for m in found.models for t in ("annotation", "own readings")
    }
    truth = next(d for d in found.diagnosed if d.model == "annotation")
    assert truth.rows["f1"].value > 0.9


@pytest.mark.release
@pytest.mark.slow
def test_the_page_has_five_verdicts_and_is_the_same_again(found):
    from s3eval_paper.claims.page import markdown

    page = markdown(found)
    assert page == markdown(found)
    assert [c.number for c in found.claims] == [1, 2, 3, 4, 5]
    words = {"supported", "not supported", "not testable from the release"}
    assert {c.verdict for c in found.claims} <= words
    for claim in found.claims:
        assert f"### {claim.number}. {claim.title}" in page
    found.as_json()


@pytest.mark.release
@pytest.mark.slow
def test_table_32_again_is_of_five_whole_folds(found):
    (folds,) = found.five_folds
    assert list(folds.by_fold) == [0, 1, 2, 3, 4]
    assert all(0.8 < f1 < 1 for f1 in folds.by_fold.values())
    assert set(folds.impurity) == set()  # logistic regression has no impurity
    assert len(folds.permutation) == 20
