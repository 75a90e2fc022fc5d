"""Chance levels: exact expectations, the same videos, the mark."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict, replace
from itertools import product

import numpy as np
import pytest

from s3eval.metrics.tallies import binary, mean
from s3eval.statistics.chance import (
    RANDOM,
    ChanceLine,
    _binomial,
    best_line,
    chance_lines,
    labels_of_tasks,
    random_expectation,
    restricted,
    truths_of,
)
from s3eval.statistics.table import beside, rows_of_findings
from s3eval.task import TruthContext

PAPER = TruthContext("paper")
LABELS = {"binary": ["yes"] * 4 + ["no"] * 2, "three": ["a"] * 2 + ["b"] * 1 + ["c"] * 1}


@pytest.mark.parametrize("metric", ["precision", "recall", "f1", "accuracy"])
@pytest.mark.parametrize("kind", ["binary", "three"])
def test_the_expectation_is_scikit_learns_score_averaged_over_all_random_answers(kind, metric):
    from sklearn.metrics import accuracy_score, precision_recall_fscore_support

    labels = LABELS[kind]
    positive = "yes" if kind == "binary" else None
    known = sorted(set(labels))
    expected = 0.0
    for said in product(known, repeat=len(labels)):
        chance = float(np.prod([labels.count(x) / len(labels) for x in said]))
        if metric == "accuracy":
            expected += chance * accuracy_score(labels, said)
            continue
        scores = precision_recall_fscore_support(
            labels,
            said,
            labels=["yes"] if positive else known,
            average="macro",
            zero_division=0,
        )
        expected += chance * scores[("precision", "recall", "f1").index(metric)]
    assert random_expectation(labels, metric, positive) == pytest.approx(expected, abs=1e-12)


def test_always_es_on_the_published_test_set():
    truth = ["ES"] * 56 + ["NES"] * 26
    videos = [f"v{i}" for i in range(82)]
    always = binary("diagnosis", "video_only", videos, truth, ["ES"] * 82, "ES")
    assert round(always[2].value, 2) == 0.81
    assert round(random_expectation(truth, "f1", "ES"), 2) == 0.68


def test_other_metrics_have_no_random_expectation():
    assert random_expectation(["yes", "no"], "mae") is None
    assert random_expectation([], "f1", "yes") is None


@pytest.fixture
def rows_beside(dataset, tasks):
    """`beside` with what this dataset and these tasks give it."""
    labels_of = labels_of_tasks(tasks.by_name, dataset, lambda _: PAPER)

    def rows(tallies, baselines, resamples):
        return beside(tallies, baselines, labels_of, dataset.patients, resamples=resamples)

    return rows


@pytest.fixture
def rows_of(dataset, tasks):
    """`rows_of_findings` under the paper's protocol."""

    def rows(findings, **settings):
        return rows_of_findings(findings, dataset, "paper", tasks, **settings)

    return rows


def test_a_line_is_taken_on_the_videos_the_model_was_scored_on(dataset, tasks):
    videos = [v.name for v in dataset.videos]
    truth = [v.diagnosis for v in dataset.videos]
    mine = binary("diagnosis", "video_only", videos[:10], truth[:10], truth[:10], "ES")
    always = binary("diagnosis", "video_only", videos, truth, ["ES"] * len(videos), "ES")
    labels_of = labels_of_tasks(tasks.by_name, dataset, lambda _: PAPER)
    lines = chance_lines(mine, {"always-ES": always}, labels_of)["diagnosis", "video_only", "f1"]
    by_name = {line.name: line for line in lines}
    es = truth[:10].count("ES")
    assert by_name["always-ES"].tally.videos == tuple(videos[:10])
    assert by_name["always-ES"].value == pytest.approx(2 * es / (10 + es))
    assert by_name[RANDOM].value == random_expectation(truth[:10], "f1", "ES")


def test_the_best_line_goes_by_the_metrics_direction():
    lines = [ChanceLine("a", 3.0), ChanceLine("b", 1.0)]
    assert best_line(lines, True).name == "a"
    assert best_line(lines, False).name == "b"
    assert best_line(lines, None) is None
    assert best_line([], True) is None


@pytest.mark.parametrize(("right", "mark"), [(1.0, "above"), (0.5, "not above")])
def test_the_mark(dataset, rows_beside, right, mark):
    videos = [v.name for v in dataset.videos]
    truth = [v.diagnosis for v in dataset.videos]
    rng = np.random.default_rng(1)
    said = [t if rng.random() < right else {"ES": "NES", "NES": "ES"}[t] for t in truth]
    mine = binary("diagnosis", "video_only", videos, truth, said, "ES")
    always = binary("diagnosis", "video_only", videos, truth, ["ES"] * len(videos), "ES")
    row = rows_beside(mine, {"always-ES": always}, resamples=300)[2]
    assert row.mark == mark
    assert row.chance_name == "always-ES"
    assert row.chance_value == pytest.approx(always[2].value)


def test_the_line_itself_is_not_above_itself(dataset, rows_beside):
    videos = [v.name for v in dataset.videos]
    truth = [v.diagnosis for v in dataset.videos]
    always = binary("diagnosis", "video_only", videos, truth, ["ES"] * len(videos), "ES")
    rows = rows_beside(always, {"always-ES": always}, resamples=200)
    assert {r.metric: r.mark for r in rows} == dict.fromkeys(
        ("precision", "recall", "f1", "accuracy"), "not above"
    )


def test_better_by_a_hair_is_unclear_and_lower_is_better_for_errors(dataset, rows_beside):
    videos = [v.name for v in dataset.videos]
    rng = np.random.default_rng(2)
    noise = rng.exponential(5, size=len(videos))
    line = mean("timing", "tonic", "mae", videos, list(rng.permutation(noise)))
    line = replace(line, higher_is_better=False)
    hair = mean("timing", "tonic", "mae", videos, list(noise - 0.01))
    hair = replace(hair, higher_is_better=False)
    far = replace(mean("timing", "tonic", "mae", videos, list(noise / 20)), higher_is_better=False)
    assert rows_beside([hair], {"median-time": [line]}, resamples=300)[0].mark == "unclear"
    assert rows_beside([far], {"median-time": [line]}, resamples=300)[0].mark == "above"


def test_coverage_has_no_chance_line(runs, rows_of):
    rows = rows_of(runs["good"], resamples=100)
    assert {r.mark for r in rows if r.metric == "coverage"} == {""}


def test_rows_of_a_run(dataset, runs, rows_of):
    rows = rows_of(runs["good"], resamples=200)
    tonic = next(r for r in rows if (r.item, r.metric) == ("tonic", "f1"))
    assert tonic.low < tonic.value < tonic.high
    assert tonic.asked == tonic.answered == len(dataset.videos)
    assert tonic.videos == tonic.scored < tonic.asked  # the mumbled ones
    assert tonic.patients == 40
    assert {"always-yes", "always-no", "majority", RANDOM} <= set(tonic.chance)
    assert tonic.mark == "above"
    json.dumps([asdict(r) for r in rows])  # as it is
    assert rows == rows_of(runs["good"], resamples=200)
    poor = rows_of(runs["coin"], resamples=200)
    assert next(r for r in poor if (r.item, r.metric) == ("mean", "f1")).mark == "not above"


def test_restricted_keeps_the_order():
    tally = mean("t", "i", "m", ["a", "b", "c"], [1.0, 2.0, 6.0])
    assert restricted(tally, {"c", "a"}).videos == ("a", "c")
    assert restricted(tally, {"c", "a"}).value == 3.5


def test_truths_are_the_tasks_own_and_only_where_there_is_one(dataset, tasks):
    video = dataset.videos[0].name

    def truth(task, item):
        return truths_of(tasks.by_name[task], item, [video], dataset, PAPER).get(video)

    assert truth("diagnosis", "video_only") == dataset.videos[0].diagnosis
    assert truth("recognition", "tonic") in ("yes", "no")
    assert truth("spatial", "head_turning") in ("left", "right")
    assert truth("spatial", "arm_movement") is None
    assert truth("report", "report") is None


def test_the_tables_intervals_are_those_of_the_metric_alone(dataset, tasks, runs, rows_of):
    from s3eval.running.scoring import tally_findings
    from s3eval.statistics.resampling import intervals

    tallies = tally_findings(runs["poor"], dataset, "paper", tasks).tallies
    alone = intervals(tallies, dataset.patients, 150, 3)
    rows = rows_of(runs["poor"], resamples=150, seed=3)
    assert [(r.low, r.high) for r in rows] == [(i.low, i.high) for i in alone]


def test_a_run_of_nothing_has_rows_without_numbers(rows_beside):
    nothing = binary("diagnosis", "video_only", [], [], [], "ES")
    row = rows_beside(nothing, {}, resamples=100)[0]
    assert (row.value, row.low, row.mark, row.videos) == (None, None, "", 0)
    assert row.interval_note == "no video was scored"


@pytest.mark.parametrize("n", [0, 1, 2, 7, 82, 438, 3000])
def test_the_binomial_is_scipys(n):
    from scipy.stats import binom

    for share in (0.0, 1e-6, 1 / 438, 0.1, 1 / 3, 0.5, 0.682, 437 / 438, 1.0):
        expected = binom.pmf(np.arange(n + 1), n, share)
        assert np.abs(_binomial(n, share) - expected).max() < 1e-12


def test_chance_levels_do_without_scipys_statistics():
    code = (
        "import sys; from s3eval.statistics.chance import random_expectation as chance;"
        "chance(['yes', 'no', 'no'], 'f1', 'yes'); print('scipy.stats' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
