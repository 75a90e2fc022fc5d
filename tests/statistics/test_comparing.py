"""Two runs against each other: paired, by patient, corrected, counted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from s3eval.errors import S3EvalError
from s3eval.running.loading import load_tasks
from s3eval.statistics.comparing import Choice, Judging, Resampling, compare_runs, outcome
from s3eval.testing.oracles.classification import binary_scores

QUICK = Resampling(resamples=200, permutations=499)
TONIC = Choice(items=("tonic",))


def compared(runs, dataset, **facts):
    facts = {"choice": TONIC, "settings": QUICK, **facts}
    tasks = load_tasks(dict.fromkeys(task for run in runs.values() for task in run))
    return compare_runs(runs, dataset, tasks, Judging("paper"), **facts)


def test_values_are_the_metrics_on_what_both_answered(dataset, runs):
    (row,) = compared({k: runs[k] for k in ("good", "poor")}, dataset)
    said = {
        name: {f.video: f.value for f in runs[name]["recognition"] if f.item == "tonic" and f.value}
        for name in ("good", "poor")
    }
    both = sorted(said["good"].keys() & said["poor"].keys())
    truth = [dataset.annotation(v).presence("tonic") for v in both]
    for name, value in (("good", row.first_value), ("poor", row.second_value)):
        assert value == pytest.approx(binary_scores(truth, [said[name][v] for v in both], "yes").f1)
    assert row.videos == len(both)
    assert row.left_out == len(said["good"].keys() ^ said["poor"].keys())
    right = {
        n: [said[n][v] == t for v, t in zip(both, truth, strict=True)] for n in ("good", "poor")
    }
    pairs = list(zip(right["good"], right["poor"], strict=True))
    assert row.wins == sum(a and not b for a, b in pairs)
    assert row.losses == sum(b and not a for a, b in pairs)
    assert row.ties == sum(a == b for a, b in pairs)
    assert row.judged_by == "accuracy"


def test_a_real_difference_is_told_and_a_run_ties_with_itself(dataset, runs):
    (row,) = compared({"good": runs["good"], "poor": runs["poor"]}, dataset)
    assert (outcome(row), row.better) == ("good", "good")
    assert row.low > 0 and row.effect > 0.2 and row.p < 0.02
    (same,) = compared({"one": runs["good"], "two": runs["good"]}, dataset)
    assert (same.difference, same.p, same.wins, same.losses) == (0.0, 1.0, 0, 0)
    assert (same.better, outcome(same)) == ("", "no difference shown")


def test_turned_around_is_turned_around(dataset, runs):
    (one,) = compared({"a": runs["good"], "b": runs["poor"]}, dataset)
    (two,) = compared({"b": runs["poor"], "a": runs["good"]}, dataset)
    assert one.difference == pytest.approx(-two.difference)
    assert (one.wins, one.losses) == (two.losses, two.wins)
    assert one.p == pytest.approx(two.p)
    assert one.better == two.better == "a"


def test_holm_goes_over_all_pairs_and_rows(dataset, runs):
    from statsmodels.stats.multitest import multipletests

    rows = compared(runs, dataset, choice=Choice(items=("tonic", "clonic")))
    assert len(rows) == 6
    expected = multipletests([r.p for r in rows], method="holm")[1]
    assert [r.p_holm for r in rows] == pytest.approx(list(expected))
    assert [r.p_holm_all for r in rows] == pytest.approx(list(expected)), "a single family"


def test_headline_scores_are_a_family_of_their_own(dataset, runs):
    from statsmodels.stats.multitest import multipletests

    rows = compared(runs, dataset, choice=Choice())
    assert {(r.item == "mean", r.family) for r in rows} == {(True, "headline"), (False, "items")}
    for family in ("headline", "items"):
        mine = [r for r in rows if r.family == family]
        expected = multipletests([r.p for r in mine], method="holm")[1]
        assert [r.p_holm for r in mine] == pytest.approx(list(expected))
    expected = multipletests([r.p for r in rows], method="holm")[1]
    assert [r.p_holm_all for r in rows] == pytest.approx(list(expected))


def test_a_headline_is_not_hidden_by_the_items_tested_beside_it(dataset, make):
    """Better on every patient at half a task's items: shown for the mean, if not over all."""
    pair = {"more": make(dataset, 0.75, seed=1), "less": make(dataset, 0.68, seed=2)}
    rows = compared(pair, dataset, choice=Choice())
    (mean,) = [r for r in rows if r.family == "headline"]
    assert mean.p_holm == mean.p
    assert mean.p_holm < mean.p_holm_all
    assert outcome(mean) == "more"


def test_metrics_and_items_chosen_by_hand_stay_with_the_items(dataset, runs):
    pair = {k: runs[k] for k in ("good", "poor")}
    rows = compared(pair, dataset, choice=Choice(items=("tonic", "mean"), metrics=("accuracy",)))
    assert {r.family for r in rows} == {"items"}


def test_what_is_not_compared_is_not_computed(dataset, runs, monkeypatch):
    """Comparing texts takes long, and a comparison by another metric does not look at it."""
    from s3eval.metrics import text
    from s3eval.task import Finding

    reports = {
        name: {
            "report": [
                Finding("report", v.name, "report", "answered", f"{name}: stiffens, then jerks")
                for v in dataset.videos
            ]
        }
        for name in ("one", "two")
    }
    annotations = {v: replace(a, report="It jerks.") for v, a in dataset.annotations.items()}
    reported = replace(dataset, annotations=annotations)
    (row,) = compared(reports, reported, choice=Choice(metrics=("rouge1",)))
    assert row.videos == len(dataset.videos)

    def refused(*texts):
        raise AssertionError("texts were compared")

    monkeypatch.setattr(text, "rouge", refused)
    compared(reports, reported, choice=Choice(metrics=("rqi",)))
    with pytest.raises(S3EvalError, match="texts were compared"):
        compared(reports, reported, choice=Choice(metrics=("rouge1",)))


def test_a_baseline_is_compared_with_every_other(dataset, runs):
    rows = compared(runs, dataset, baseline="coin")
    assert [(r.first, r.second) for r in rows] == [("good", "coin"), ("poor", "coin")]


def test_metrics_can_be_chosen(dataset, runs):
    pair = {k: runs[k] for k in ("good", "poor")}
    rows = compared(pair, dataset, choice=Choice(items=("tonic",), metrics=("all",)))
    assert {r.metric for r in rows} == {"precision", "recall", "f1", "accuracy"}


def test_macro_scores_of_labels_only_one_run_uses_are_paired(dataset, runs):
    """verbal_responsiveness has three labels; one run says "na", the other never does."""
    item = "verbal_responsiveness"
    one = [f for f in runs["good"]["recognition"] if f.item == item and f.value]
    two = [replace(f, value="na") if i % 7 == 0 else f for i, f in enumerate(one)]
    (row,) = compared(
        {"one": {"recognition": one}, "two": {"recognition": two}},
        dataset,
        choice=Choice(items=(item,)),
    )
    assert row.first_value > row.second_value
    assert row.p is not None


def test_lower_errors_are_better(dataset):
    from s3eval.task import Finding

    def times(error: float) -> dict[str, list[Finding]]:
        detail = {"target": 30.0, "clip_start": 0.0, "clip_end": 60.0}
        return {
            "timing": [
                Finding("timing", v.name, "start", "answered", 3.0 + error * (1 + i % 5), "", 1, 1,
                        None, detail)
                for i, v in enumerate(dataset.videos)
            ]
        }  # fmt: skip

    (row,) = compared(
        {"far": times(9.0), "near": times(1.0)},
        dataset,
        choice=Choice(items=("start",), metrics=("mae",)),
    )
    assert (row.better, outcome(row)) == ("near", "near")
    assert (row.wins, row.losses) == (0, len(dataset.videos))


def test_equal_skill_is_not_told_apart(dataset, make):
    runs = {str(seed): make(dataset, 0.7, seed=100 + seed) for seed in range(2)}
    rows = compared(runs, dataset, choice=Choice())
    assert sum(outcome(r) != "no difference shown" for r in rows) == 0
