"""Why a task has no score stands below the table, and in what is written for programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from s3eval import Annotation, Answer, Dataset, FeatureAnnotation, Model, Video
from s3eval.cli import main
from s3eval.dataset import write_folder
from s3eval.plugins import Plugin
from s3eval.specs import ModelSpec
from s3eval.statistics.missing import Missing, without_truth
from s3eval.task import Finding, Task, TruthContext
from s3eval.testing.plugins import beside_installed


class Says(Model):
    uses_footage = False
    text = ""

    def answer(self, watched: Any, question: Any) -> Any:
        if self.text == "raise":
            raise ValueError(f"v0.mp4 has no \x1b[31m{'x' * 300}")
        if self.text == "skip":
            return Answer.skipped("nothing to see")
        return self.text or question.choices[0]


@pytest.fixture(autouse=True)
def model(monkeypatch):
    monkeypatch.setattr(Says, "text", "")
    spec = ModelSpec("says", adapter=f"{__name__}:Says", sees=True, hears=False)
    with beside_installed(Plugin("model", spec, "says-models", "1.0")):
        yield


def data(tmp_path: Path, annotated: bool = True) -> Path:
    videos = tuple(
        Video(
            f"v{i}", f"p{i}", file=f"v{i}.mp4", duration=20.0, diagnosis="ES" if annotated else ""
        )
        for i in range(2)
    )
    notes = {v.name: Annotation(v.name, {"tonic": FeatureAnnotation("yes", 3.0)}) for v in videos}
    return write_folder(Dataset("d", videos, notes if annotated else {}), tmp_path / "data")


def run(folder: Path, capsys: Any, *tasks: str, more: tuple[str, ...] = ()) -> str:
    words = ["run", "-m", "says", "-t", ",".join(tasks), "-d", str(folder), *more]
    with pytest.raises(SystemExit):
        main([*words, "-o", str(folder.parent / "runs"), "--resamples", "20"])
    return str(capsys.readouterr().out)


def line(out: str, task: str) -> str:
    (mine,) = [text for text in out.splitlines() if text.startswith(f"{task}: ") and " of " in text]
    return mine


def test_unreadable_answers_are_counted_with_the_reason(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(Says, "text", "perhaps")
    out = run(data(tmp_path), capsys, "diagnosis")
    assert line(out, "diagnosis").startswith("diagnosis: 2 of 2 unreadable (")
    # The same run again, of which nothing is computed anew.
    assert line(run(tmp_path / "data", capsys, "diagnosis"), "diagnosis") == line(out, "diagnosis")


def test_skipped_answers_are_counted_with_the_reason(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(Says, "text", "skip")
    out = run(data(tmp_path), capsys, "diagnosis")
    assert line(out, "diagnosis").startswith("diagnosis: 2 of 2 skipped (")
    assert "nothing to see)" in line(out, "diagnosis")


def test_where_all_is_answered_and_scored_nothing_is_said(tmp_path, capsys):
    out = run(data(tmp_path), capsys, "diagnosis")
    assert not [text for text in out.splitlines() if text.startswith("diagnosis: 2")]


def test_reasons_are_bounded_and_name_no_file(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(Says, "text", "raise")
    told = line(run(data(tmp_path), capsys, "diagnosis"), "diagnosis")
    assert "ValueError: a media file has no \\x1b[31mxxx" in told
    assert "v0" not in told
    assert len(told) < 200


def test_answers_without_annotation_are_counted(tmp_path, capsys):
    file = tmp_path / "scores.json"
    out = run(data(tmp_path, annotated=False), capsys, "diagnosis")
    assert line(out, "diagnosis") == "diagnosis: 2 of 2 without annotation"
    run(tmp_path / "data", capsys, "diagnosis", more=("--json", str(file)))
    (document,) = json.loads(file.read_text(encoding="utf-8"))
    assert document["missing"] == [
        {
            "task": "diagnosis",
            "findings": 2,
            "counts": {"without annotation": 2},
            "reasons": {},
            "has_score": False,
        }
    ]


def test_several_states_stand_in_one_line():
    counts = {"unreadable": 4, "skipped": 1}
    assert str(Missing("x", 6, counts, {"unreadable": "no label"})) == (
        "x: 4 of 6 unreadable (no label), 1 skipped"
    )
    assert str(Missing("x", 3)) == "x: 3 of 3 answered, but no score"
    assert str(Missing("x", 0)) == "x: no score, since there is no finding"


class Unsaid(Task):
    """Does not say what is annotated, and asks nothing."""

    def inquiries(self, video: Any, annotation: Any, context: Any) -> Any:
        raise NotImplementedError

    read = combine = tallies = inquiries


class Annotated(Unsaid):
    """Says what is annotated, and raises for one item."""

    def truth(self, video: Any, annotation: Any, item: str, context: TruthContext) -> Any:
        if item == "broken":
            raise ValueError("no such item")
        return annotation.features.get(item)


def test_findings_without_truth_are_answered_in_the_dataset_and_of_a_task_that_says_what_is():
    noted = Annotation("v0", {"tonic": FeatureAnnotation("yes", 3.0)})
    dataset = Dataset("d", (Video("v0", "p0"), Video("v1", "p1")), {"v0": noted})

    def finding(video: str, item: str, state: Any = "answered") -> Finding:
        return Finding("x", video, item, state, "yes", "", 1, 1)

    findings = [
        finding("v0", "tonic"),
        finding("v0", "clonic"),
        finding("v1", "tonic"),
        finding("v1", "clonic", "failed"),
        finding("elsewhere", "clonic"),
        finding("v1", "broken"),
    ]
    context = TruthContext("paper", frozenset({"sight"}))
    assert [*without_truth(Annotated(), findings, dataset, context)] == findings[1:3]
    assert [*without_truth(Unsaid(), findings, dataset, context)] == []
