"""What tables say of items without a number: not asked, not annotated, or without an interval."""

from __future__ import annotations

import json
import re

import pytest
from click.testing import CliRunner

from s3eval import Annotation, Dataset, FeatureAnnotation, Video, api
from s3eval.cli import cli
from s3eval.dataset import write_folder
from s3eval.errors import UnknownNameError
from s3eval.reporting.scores import html_of, text_of
from s3eval.running.runs import RunFacts, write_run
from s3eval.statistics.comparing import NOT_SHOWN, outcome
from s3eval.task import Finding

#: Tonic is annotated; none of these is.
WITHOUT = ("clonic", "figure4", "close_eyes", "arm_flexion")
LINE = "4 items without annotation: close_eyes, clonic, arm_flexion, …"
VIDEOS = [f"v{i}" for i in range(4)]


@pytest.fixture
def run_of(tmp_path):
    """Makes a run whose answers about tonic are these; None for one that was not asked."""
    videos = tuple(Video(name, f"p{i}", duration=30.0) for i, name in enumerate(VIDEOS))
    notes = {
        name: Annotation(name, {"tonic": FeatureAnnotation("yes" if i % 2 else "no")})
        for i, name in enumerate(VIDEOS)
    }
    data = write_folder(Dataset("d", videos, notes), tmp_path / "data")

    def make(name, answers, without=WITHOUT):
        found = [_finding(v, "tonic", a) for v, a in zip(VIDEOS, answers, strict=True)]
        found += [_finding(v, item, "no") for item in without for v in VIDEOS]
        found += [Finding("diagnosis", v, "video_only", "answered", "ES") for v in VIDEOS]
        tasks = ("recognition", "diagnosis")
        facts = RunFacts("m", ("sight",), tasks, str(data), source="recorded")
        return write_run(tmp_path / "runs" / name, facts, found)

    return make


def _finding(video, item, answer):
    if answer is None:
        return Finding("recognition", video, item, "skipped", None, "1 of 1 not asked: blind", 1, 0)
    return Finding("recognition", video, item, "answered", answer, "", 1, 1)


def shown(verb, *arguments):
    call = [verb, *map(str, arguments), "--resamples", "100"]
    return CliRunner().invoke(cli, call, catch_exceptions=False).stdout


def row(text, item):
    (line,) = [x for x in text.splitlines() if x.startswith(f"{item} ")]
    return line


def test_the_note_says_why_there_is_no_interval(run_of):
    text = shown("show", run_of("never", ["no"] * 4), "-t", "recognition")
    assert re.search(r"tonic +0\.00  ", row(text, "tonic"))
    assert row(text, "tonic").endswith("  no interval: the same in every resample")
    assert "[low, high]" not in text and "chance: the best baseline" in text


def test_the_legend_of_intervals_stands_where_one_is_shown(run_of):
    run = run_of("one", ["no", "yes", "no", "no"])
    text = shown("show", run, "-t", "recognition")
    assert re.search(r"tonic +0\.67 \[\d", row(text, "tonic")) and "[low, high]" in text
    assert "no interval" not in text
    beside = shown("show", run, run_of("two", ["no", "yes", "no", "no"]), "-t", "recognition")
    assert "[low, high]" not in beside


def test_not_asked_and_not_scored_look_different(run_of):
    run_of("asked", ["no", "yes", "no", "yes"])
    blind = run_of("blind", [None] * 4)
    text = shown("show", blind, "-t", "recognition")
    assert row(text, "tonic").endswith("  0/4  4 skipped   not asked")
    beside = shown("show", blind.parent, "-t", "recognition")
    assert re.search(r"tonic +1\.00 ~ +not asked ", row(beside, "tonic"))
    without = run_of("asked", [None] * 4, without=())
    none = shown("show", without.parent, "-t", "recognition")
    assert row(none, "tonic").count("not asked") == 2


def test_items_without_annotation_are_one_line_and_all_in_the_json(run_of):
    run_of("one", ["no", "yes", "no", "no"])
    runs = run_of("two", ["no", "no", "no", "yes"]).parent
    for text in (
        shown("show", runs),
        shown("show", runs / "one"),
        shown("show", runs, "--details"),
    ):
        assert LINE in text.splitlines() and len(LINE) <= 80
        assert not any(x.startswith(WITHOUT) for x in text.splitlines())
    scores = json.loads(shown("show", runs / "one", "--json", "-"))[0]["scores"]
    assert {s["item"] for s in scores} >= {*WITHOUT, "tonic", "mean"}


def test_a_task_without_any_annotation_has_the_line_in_place_of_a_table(run_of):
    text = shown("show", run_of("one", ["no"] * 4), "-t", "diagnosis")
    title, line = text.splitlines()[:2]
    assert title.startswith("one · diagnosis · ")
    assert line == "1 item without annotation: video_only"


def test_a_notebook_has_the_same_line(run_of):
    scored = api.score(run_of("one", ["no", "yes", "no", "no"]), resamples=100).scored
    assert LINE in text_of(scored) and f"<p>{LINE}</p>" in html_of(scored)


def test_tasks_are_chosen_and_unknown_ones_refused(run_of):
    run = run_of("one", ["no", "yes", "no", "no"])
    one = shown("show", run, "--tasks", "recognition")
    both = shown("show", run, "-t", "diagnosis,recognition")
    assert "· recognition ·" in one and "· diagnosis ·" not in one
    assert "· recognition ·" in both and "· diagnosis ·" in both
    scores = json.loads(shown("show", run, "-t", "diagnosis", "--json", "-"))[0]["scores"]
    assert {s["task"] for s in scores} == {"diagnosis"}
    confusion = json.loads(shown("show", run, "-t", "diagnosis", "--confusion", "--json", "-"))
    assert {c["task"] for c in confusion[0]["confusion"]} <= {"diagnosis"}
    with pytest.raises(UnknownNameError, match="'recogniton'; did you mean 'recognition'"):
        shown("show", run, "-t", "recogniton")


def test_what_was_not_compared_is_not_called_the_same(run_of):
    run_of("one", ["no", "yes", "no", "no"])
    runs = run_of("two", ["no", "no", "no", "yes"]).parent
    text = shown("compare", runs, "--permutations", 199, "-t", "recognition")
    assert "recognition: 4 items without annotation: " in text
    assert text.count("no difference shown") == 2  # tonic and the mean
    assert not any(x.startswith(f"recognition {i}") for x in text.splitlines() for i in WITHOUT)
    call = ("compare", runs, "--permutations", 199, "-t", "recognition", "--json", "-")
    rows = {r["item"]: r for r in json.loads(shown(*call))["differences"]}
    assert rows.keys() == {*WITHOUT, "tonic", "mean"}
    assert {rows[i]["note"] for i in WITHOUT} == {"without annotation"}
    assert rows["tonic"]["note"] == ""


def test_an_item_without_annotation_is_not_compared(run_of):
    run_of("one", ["no", "yes", "no", "no"])
    runs = run_of("two", ["no", "no", "no", "yes"]).parent
    compared = api.compare(runs, tasks=["recognition"], resamples=100, permutations=199)
    outcomes = {row.item: outcome(row) for row in compared.differences}
    expected = dict.fromkeys(WITHOUT, "not compared")
    assert outcomes == {**expected, "tonic": NOT_SHOWN, "mean": NOT_SHOWN}
