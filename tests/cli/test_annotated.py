"""What a task cannot score of a dataset is said before a model is asked, and counted afterwards."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from s3eval import Annotation, Dataset, Inquiry, Item, Question, Reading, Task, Video
from s3eval.cli import main
from s3eval.dataset import write_folder
from s3eval.plugins import Plugin
from s3eval.specs import TaskSpec
from s3eval.tasks.combining import finding_of_windows
from s3eval.tasks.counts import counts_of
from s3eval.tasks.items import truths_of
from s3eval.testing.plugins import beside_installed

LABELS = ("yes", "no")


class Television(Task):
    """Whether the television is on; the truth is in items.csv."""

    name, headline = "television", "accuracy"

    def items(self) -> list[Item]:
        return [Item("television", labels=LABELS)]

    def inquiries(self, video: Video, annotation: Annotation, context: Any) -> Any:
        question = Question("television", "Is it on? yes or no", LABELS, 8)
        clips = [*context.profile.windows(video.name, 20.0)]
        yield Inquiry(self.name, clips[0], (question,))

    def read(self, question: Any, answer: Any, protocol: Any = "paper") -> Reading:
        return Reading(answer.text)

    def combine(self, video: str, pieces: Any, context: Any) -> Any:
        finding = finding_of_windows(self.name, video, "television", pieces)
        yield replace(finding, value=pieces[0].reading.value)

    def truth(self, video: Video, annotation: Annotation, item: str, context: Any) -> Any:
        value = annotation.items.get(item)
        if value == "break":
            raise ValueError("no such label")
        return value if value in LABELS else None

    def tallies(self, findings: Any, context: Any) -> Any:
        from s3eval.metrics.tallies import macro

        truths = truths_of(self, findings, context)
        scored = [f for f in findings if f.video in truths]
        videos, given = [f.video for f in scored], [f.value for f in scored]
        counts = counts_of(findings, len(scored))
        known = [*truths.values()]
        yield from macro(self.name, "television", videos, known, given, LABELS, counts=counts)


@pytest.fixture(autouse=True)
def television():
    spec = TaskSpec("television", adapter=f"{__name__}:Television")
    with beside_installed(Plugin("task", spec, "tv-tasks", "1.0")):
        yield


def data(folder: Path, *values: str) -> Path:
    videos = tuple(
        Video(f"v{i}", f"p{i}", f"v{i}.mp4", "ES", 0, 20.0) for i in range(len(values) or 3)
    )
    notes = {f"v{i}": Annotation(f"v{i}", items={"television": v}) for i, v in enumerate(values)}
    return write_folder(Dataset("d", videos, notes), folder / "data")


def run(folder: Path, capsys: Any, *more: str, tasks: str = "television") -> tuple[str, str]:
    words = ["run", "-m", "always-yes", "-t", tasks, "-d", str(folder), *more]
    with pytest.raises(SystemExit):
        main([*words, "-o", str(folder.parent / "runs"), "--resamples", "20"])
    out, err = capsys.readouterr()
    return str(out), str(err)


def test_values_that_are_no_label_are_told_before_asking_and_counted_after(tmp_path, capsys):
    folder = data(tmp_path, "yes", "no", "Yes", "nope", "")
    out, err = run(folder, capsys)
    assert err.splitlines()[0] == (
        "television: the dataset's value of 'television' is none of its labels (yes, no) for "
        f"2 of 5 videos, which will not be scored: s3eval data check {folder}"
    )
    counted = "television: 2 of 5 annotated with an unknown value (labels: yes, no)"
    assert counted in out.splitlines()
    document = json.loads((tmp_path / "runs" / "always-yes" / "scores.json").read_text())
    (missing,) = document["missing"]
    assert missing["counts"] == {"annotated with an unknown value": 2}
    assert missing["has_score"] is True
    # The same run again, of which nothing is computed anew.
    assert counted in run(folder, capsys)[0].splitlines()


def test_unknown_values_are_no_lack_of_annotation(tmp_path, capsys):
    out, _ = run(data(tmp_path, "on", "off", ""), capsys)
    line = "television: 2 of 3 annotated with an unknown value (labels: yes, no), 1 without"
    assert f"{line} annotation" in out.splitlines()


def test_a_task_that_the_dataset_does_not_annotate_is_told_before_anything_is_asked(
    tmp_path, capsys
):
    _, err = run(data(tmp_path), capsys, tasks="diagnosis,television")
    assert err.splitlines()[0] == (
        "television: the dataset annotates none of the 3 videos for it ('television'), so that "
        "its answers will have no score"
    )
    assert "diagnosis" not in err


def test_values_that_are_all_unknown_are_not_called_missing(tmp_path, capsys):
    _, err = run(data(tmp_path, "on", "off"), capsys)
    assert err.splitlines()[1] == (
        "television: none of the 2 videos has a value that it takes ('television'), so that its "
        "answers will have no score"
    )
    assert "annotates none" not in err


def test_a_misspelt_item_is_named_where_its_task_lacks_annotation(tmp_path, capsys):
    folder = data(tmp_path, "", "")
    (folder / "items.csv").write_text("video,item,value\nv0,televison,yes\nv1,televison,no\n")
    _, err = run(folder, capsys)
    assert "annotates none of the 2 videos for it ('television'; it annotates 'televison')" in err


def test_so_it_is_by_a_plan_a_dry_run_and_shards(tmp_path, capsys):
    words = ["-m", "always-yes", "-t", "television", "-d", str(data(tmp_path)), "-o", str(tmp_path)]
    for verb in (["plan"], ["run", "--dry-run"], ["run", "--shard", "1/3"]):
        with pytest.raises(SystemExit):
            main([*verb, *words])
        assert "the dataset annotates none of the" in capsys.readouterr().err


def test_where_all_is_annotated_nothing_is_said(tmp_path, capsys):
    out, err = run(data(tmp_path, "yes", "no"), capsys)
    assert "television: " in out
    assert " annotat" not in out + err


def test_a_fault_of_a_task_stands_with_its_scores_and_keeps_nothing_from_being_asked(
    tmp_path, capsys
):
    _, err = run(data(tmp_path, "break", "no"), capsys)
    assert "2 answered" in err
    assert err.count("no such label") == 1
