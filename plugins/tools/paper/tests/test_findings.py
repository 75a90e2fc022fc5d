"""The findings on the release, and what can be held against the print without it."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from s3eval_paper.claims.claim import (
    CONTRADICTED,
    SUPPORTED,
    UNTESTABLE,
    UNTOLD,
    Verdict,
)
from s3eval_paper.claims.groups import families
from s3eval_paper.claims.implied import implied_rows, implied_share
from s3eval_paper.claims.perception import centred, weaknesses
from s3eval_paper.claims.reports import correlation, ordered_alike, swapped_leads
from s3eval_paper.claims.tuning import tuned_and_base

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


NUMBERS = ["1", "2a", "2b", "3a", "3b", "3c", "4", "5", "6", "7", "8", "9", "10", "11"]


@pytest.mark.release
@pytest.mark.slow
def test_the_page_has_every_verdict_and_is_the_same_again(found):
    from typing import get_args

    from s3eval_paper.claims.page import markdown

    page = markdown(found)
    assert page == markdown(found)
    assert [c.number for c in found.claims] == NUMBERS
    assert {c.verdict for c in found.claims} <= {*get_args(Verdict)}
    for claim in found.claims:
        assert f"### {claim.number}. {claim.title}" in page
        assert claim.rule and claim.finding and claim.says
        for table in claim.tables:
            assert all(len(row) == len(table.columns) for row in table.rows)
            printed_only = "Table 2 imply" in table.title or "Table 11" in table.title
            assert printed_only or any("videos" in c for c in table.columns), table.title
    found.as_json()


@pytest.mark.release
@pytest.mark.slow
def test_what_the_release_shows_of_single_claims(found):
    claims = {c.number: c for c in found.claims}
    assert claims["2b"].verdict == UNTOLD, "no lead in pairwise accuracy survives Holm"
    assert claims["3b"].verdict == CONTRADICTED and "35.91 to 31.69" in claims["3b"].finding
    assert claims["3c"].verdict == CONTRADICTED and "11 smaller" in claims["3c"].finding
    assert claims["4"].verdict == UNTESTABLE, "the quoted model's other folds are not there"
    counted, _, others = claims["5"].finding.partition("Not counted: ")
    assert "seizure_omni_sft" in others and "of 3 models" in counted
    assert claims["9"].verdict == CONTRADICTED, "Table 2 gives another mean"
    assert "Table 32" in claims["5"].finding and "own readings" in claims["5"].tables[0].title
    strict = [r for t in claims["3a"].tables for r in t.rows if "non-answers" in r[0]]
    assert len(strict) == 1
    spatial, *_, report = (r for r in claims["1"].tables[0].rows)
    assert spatial[-1] == report[-1] == "24"
    timing = [r for r in claims["1"].tables[0].rows if r[0].startswith("timing")]
    assert timing and all(r[5].startswith("0 of") for r in timing), "centred clips do not count"


# The rules, on what is made up.


def row(low, high, chance=0.4, task="spatial", metric="f1"):
    return SimpleNamespace(
        task=task, item="side", metric=metric, value=0.5, low=0.4, high=0.6, chance_value=chance,
        chance_name="always-right", mark="unclear", above_low=low, above_high=high, videos=9,
        patients=4,
    )  # fmt: skip


def test_weakness_has_to_be_shown_and_less_data_do_not_show_it():
    """A level of use is 0.4 of the way from 0.4 to 1: a lead of 0.24."""
    verdicts = {
        ends: weaknesses((), {"m": [row(*ends)]}).verdict
        for ends in [(-0.1, 0.1), (-0.1, 0.3), (0.3, 0.5), (None, None)]
    }
    assert [*verdicts.values()] == [SUPPORTED, UNTOLD, CONTRADICTED, UNTOLD]
    assert weaknesses((), {}).verdict == UNTESTABLE


def test_items_whose_clips_show_the_event_at_one_second_are_not_counted():
    def clip(item, target):
        return SimpleNamespace(task="timing", item=item, detail={"target": target})

    run = SimpleNamespace(
        findings=[clip("a", 30)] * 3 + [clip("a", 2)] + [clip("b", n) for n in range(4)]
    )
    assert centred([run]) == {"timing": {"a": 0.75}}


def test_a_metric_that_follows_the_experts_is_shown_ahead_and_noise_is_not():
    rng = np.random.default_rng(1)
    expert = np.repeat(rng.permutation(20), 3) + rng.normal(0, 0.1, 60)
    patient = np.repeat(np.arange(20), 3)
    noise = rng.normal(size=60)
    figures = {"expert": expert, "rqi": expert + rng.normal(0, 0.5, 60), "bleu": noise}
    ((p, _),) = swapped_leads(figures, patient, ordered_alike, ["bleu"], 0).values()
    assert p < 0.01
    figures["rqi"] = rng.normal(size=60)
    ((p, _),) = swapped_leads(figures, patient, ordered_alike, ["bleu"], 0).values()
    assert p > 0.05


def test_tuned_models_and_bases_and_families_come_from_the_tables():
    tuned, base = tuned_and_base()
    assert base not in tuned and len(tuned) == 2
    found = families(["X-VL-72B", "X-VL-7B", "Y-8B", "no-size"])
    assert found == {"X-VL": ["X-VL-7B", "X-VL-72B"], "Y": ["Y-8B"]}


def test_rules_name_no_model_of_the_release():
    import inspect
    import re

    from s3eval_paper.claims import (
        claim,
        diagnosis,
        drawing,
        groups,
        margins,
        page,
        perception,
        tuning,
        with_report,
    )
    from s3eval_paper.tables import aliases

    modules = (claim, diagnosis, drawing, groups, margins, page, perception, tuning, with_report)
    for module in modules:
        code = re.sub(r'""".*?"""', "", inspect.getsource(module), flags=re.S)
        for name in {*aliases(), *aliases().values()}:
            quoted = re.findall(rf"“[^”]*{re.escape(name)}[^”]*”", " ".join(code.split()))
            assert code.count(name) <= len(quoted) or name in " ".join(quoted), (module, name)


@pytest.mark.release
@pytest.mark.slow
def test_table_32_again_is_of_five_whole_folds(found):
    (folds,) = found.five_folds
    assert list(folds.by_fold) == [0, 1, 2, 3, 4]
    assert all(0.8 < f1 < 1 for f1 in folds.by_fold.values())
    assert set(folds.impurity) == set()  # logistic regression has no impurity
    assert len(folds.permutation) == 20
