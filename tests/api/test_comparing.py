"""Why nothing can be compared: which run lacks what of which task."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import s3eval
from s3eval import Annotation, Dataset, FeatureAnnotation, Finding, S3EvalError, Video
from s3eval.cli import main
from s3eval.dataset import write_folder
from s3eval.running.runs import RunFacts, write_run


@pytest.fixture
def data(tmp_path) -> Path:
    videos = tuple(Video(f"v{i}", f"p{i}", duration=40.0, diagnosis="ES") for i in range(4))
    signs = {name: FeatureAnnotation("yes", 3.0) for name in ("tonic", "ictal_vocalization")}
    notes = {v.name: Annotation(v.name, signs) for v in videos}
    return write_folder(Dataset("d", videos, notes), tmp_path / "data")


def run(data: Path, name: str, **states: str) -> Path:
    """A recorded run: by task the state of each of its findings."""

    def of(task: str, state: Any) -> list[Finding]:
        item, value = ("tonic", "yes") if task == "recognition" else ("diagnosis", "ES")
        reason = "" if state == "answered" else "names not one label"
        found = value if state == "answered" else None
        return [Finding(task, f"v{i}", item, state, found, reason, 1, 1) for i in range(4)]

    findings = [f for task, state in states.items() for f in of(task, state)]
    facts = RunFacts(
        *(name, ("sight",), tuple(states), str(data)),
        digest=s3eval.open_dataset(data).digest,
        source="recorded",
    )
    return write_run(data.parent / "runs" / name, facts, findings).parent


def refused(runs: Path, *tasks: str) -> str:
    with pytest.raises(S3EvalError, match="Nothing to compare") as caught:
        s3eval.compare(runs, tasks=tasks, permutations=100, resamples=100)
    return str(caught.value)


def test_a_run_without_readable_answers_is_named_with_its_task(data):
    run(data, "good", recognition="answered", diagnosis="answered")
    runs = run(data, "bad", recognition="answered", diagnosis="unreadable")
    told = refused(runs, "diagnosis")
    assert "bad has no answer to compare in diagnosis: 4 of 4 unreadable (names not one" in told
    assert told.endswith(f"Try: s3eval show {runs / 'bad'}")
    assert "good has" not in told and "recognition" not in told
    assert s3eval.compare(runs, tasks=["recognition"], permutations=100).differences


def test_a_run_that_was_not_asked_a_task_is_named(data):
    run(data, "one", recognition="answered")
    runs = run(data, "other", diagnosis="answered")
    assert "other was not asked recognition" in refused(runs, "recognition")
    told = refused(runs)
    assert "one was not asked diagnosis; other was not asked recognition" in told


def test_where_neither_lacks_a_task_the_runs_share_no_score(data):
    videos = {"one": (0, 1), "other": (2, 3)}
    for name, places in videos.items():
        facts = RunFacts(
            *(name, ("sight",), ("recognition",), str(data)),
            digest=s3eval.open_dataset(data).digest,
            source="recorded",
        )
        findings = [
            Finding("recognition", f"v{i}", "tonic", "answered", "yes", "", 1, 1) for i in places
        ]
        runs = write_run(data.parent / "runs" / name, facts, findings).parent
    told = refused(runs, "recognition")
    assert (
        "one and other answered nothing about the same in recognition: one was asked about 2 "
        "videos and other about 2 others" in told
    )


def sensing(data: Path, name: str, sense: Any, *items: str, diagnosed: bool = False) -> Path:
    """A recorded run of a model with one sense, which answered these features."""
    tasks = ("recognition", "diagnosis") if diagnosed else ("recognition",)
    facts = RunFacts(
        *(name, (sense,), tasks, str(data)),
        digest=s3eval.open_dataset(data).digest,
        source="recorded",
    )
    names = [f"v{i}" for i in range(4)]
    findings = [
        Finding("recognition", v, item, "answered", "yes", "", 1, 1)
        for v in names
        for item in items
    ]
    if diagnosed:
        findings += [Finding("diagnosis", v, "video_only", "answered", "ES") for v in names]
    return write_run(data.parent / "runs" / name, facts, findings).parent


WHY = (
    "ears and eyes answered nothing about the same in recognition: ears hears and eyes sees; ears "
    "answered ictal_vocalization, eyes clonic, figure4, head_turning and 1 more items"
)


def test_runs_of_different_senses_are_told_what_each_answered(data):
    sensing(data, "ears", "hearing", "ictal_vocalization")
    runs = sensing(data, "eyes", "sight", "tonic", "clonic", "head_turning", "figure4")
    told = refused(runs)
    assert WHY in told
    assert told.endswith(f"Try: s3eval show {runs / 'ears'} {runs / 'eyes'}")


def test_a_task_that_two_runs_do_not_share_is_named_beside_what_they_share(data, capsys):
    sensing(data, "ears", "hearing", "ictal_vocalization", diagnosed=True)
    runs = sensing(
        data, "eyes", "sight", "tonic", "clonic", "head_turning", "figure4", diagnosed=True
    )
    comparison = s3eval.compare(runs, permutations=100, resamples=100)
    assert {row.task for row in comparison.differences} == {"diagnosis"}
    assert comparison.unshared == (WHY,) and comparison.as_json()["unshared"] == [WHY]
    with pytest.raises(SystemExit):
        main(["compare", str(runs), "--permutations", "100", "--resamples", "100"])
    assert capsys.readouterr().out.splitlines()[-1] == WHY
    same = s3eval.compare(runs, tasks=["diagnosis"], permutations=100, resamples=100)
    assert same.unshared == () and "unshared" not in same.as_json()


def test_an_item_that_one_run_answered_is_known(data):
    sensing(data, "ears", "hearing", "ictal_vocalization", diagnosed=True)
    runs = sensing(data, "eyes", "sight", "tonic", diagnosed=True)
    for items, told in (
        ("tonic", "Nothing to compare: only eyes answered tonic in recognition"),
        ("mean", "Nothing to compare: ears and eyes answered nothing about the same"),
        ("tonik", "Unknown item in these runs 'tonik'; did you mean 'tonic'?"),
    ):
        with pytest.raises(S3EvalError) as caught:
            s3eval.compare(runs, items=[items], permutations=100, resamples=100)
        assert told in str(caught.value)


def test_a_task_that_no_run_was_asked_is_no_unknown_name(data):
    run(data, "one", recognition="answered")
    runs = run(data, "other", recognition="answered")
    for task, told in (
        ("timing", "None of these runs was asked the task 'timing'. Try: one of recognition"),
        ("timming", "Unknown task in these runs 'timming'; did you mean 'timing'?"),
        ("recogniton", "Unknown task in these runs 'recogniton'; did you mean 'recognition'?"),
    ):
        with pytest.raises(S3EvalError) as caught:
            s3eval.compare(runs, tasks=[task])
        assert told in str(caught.value)


def test_no_run_is_no_result():
    with pytest.raises(S3EvalError, match="Expected a run, but got none"):
        s3eval.score([])
    with pytest.raises(S3EvalError, match="Expected two or more runs, but got none"):
        s3eval.compare([])
