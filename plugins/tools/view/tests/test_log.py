"""``s3eval log``: what has no usable answer, and why."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from s3eval import api
from s3eval.cli import cli
from s3eval.errors import UnknownNameError
from s3eval.model import Answer
from s3eval.running.runs import RunFacts, write_run
from s3eval.running.store import AnswerStore, StoredAnswer
from s3eval.task import Finding
from s3eval.vocabulary import FEATURE_NAMES

FEATURES = FEATURE_NAMES[:6]


def log(*arguments):
    return CliRunner().invoke(cli, ["log", *map(str, arguments)], catch_exceptions=False).stdout


def lost(made):
    (run,) = api.open_runs([made.runs[0]])
    return [f for some in run.findings.values() for f in some if f.state != "answered"]


def test_failures_are_grouped_by_their_reason(made):
    shown = log(made.runs[0], "--failed")
    (line,) = [x for x in shown.splitlines() if " unreadable " in x]
    assert f" {len(lost(made))} " in line
    assert "\x1b" not in shown and "\\x1b[31m" in line


def test_each_failure_in_json(made):
    entries = json.loads(log(made.runs[0], "--failed", "--json", "-"))
    found = [e for e in entries if e["state"] != "not annotated"]
    # Both arms are no side, sleep has no onset, and some videos show no sign to put in order.
    unscored = {(e["task"], e["item"]) for e in entries if e not in found}
    assert unscored == {
        ("spatial", "arm_movement"),
        ("timing", "occur_during_sleep"),
        ("sequence", "sequence"),
    }
    assert {(e["video"], e["item"]) for e in found} == {(f.video, f.item) for f in lost(made)}


def test_windows_that_failed_under_a_finding_are_listed(made, tmp_path):
    from shutil import copytree

    run = copytree(made.runs[1], tmp_path / "asked")
    with AnswerStore(run / "answers.sqlite") as store:
        store.put(StoredAnswer("k", "v01", 0.0, 30.0, "tonic", Answer.failed("out of memory")))
        store.put(StoredAnswer("l", "v01", 25.0, 55.0, "tonic", Answer.of("yes")))
    found = [e for e in json.loads(log(run, "--failed", "--json", "-")) if e["clip"]]
    assert [(e["clip"], e["text"]) for e in found] == [("0-30 s", "out of memory")]


def one_task_run(folder, data, findings):
    """A recorded run of recognition on this dataset."""
    facts = RunFacts("invented", ("sight",), ("recognition",), str(data), source="recorded")
    return write_run(folder, facts, findings)


def of_item(item, state, value=None, reason=""):
    return [Finding("recognition", v, item, state, value, reason, 1, 1) for v in ("v01", "v02")]


def test_what_was_not_asked_and_what_is_not_annotated_are_groups_of_their_own(made, tmp_path):
    not_asked = of_item("tonic", "skipped", reason="1 of 1 not asked: it does not see")
    answered = of_item("verbal_responsiveness", "answered", "no")
    shown = log(one_task_run(tmp_path / "run", made.data, [*not_asked, *answered]), "--failed")
    assert "Nothing failed" not in shown and "no usable answer" not in shown
    assert "retry-failed" not in shown
    skipped, unannotated = (x for x in shown.splitlines() if " video " in x)
    assert " skipped  " in skipped and " 2  1 of 1 not asked: it does not see" in skipped
    assert "not annotated" in unannotated and unannotated.endswith("verbal_responsiveness 2")


def test_nothing_failed_is_told_where_that_is_all(made, tmp_path):
    run = one_task_run(tmp_path / "run", made.data, of_item(FEATURES[0], "answered", "no"))
    assert log(run, "--failed") == "Nothing failed: every answer could be read.\n"
    none = one_task_run(tmp_path / "none", made.data, [])
    assert log(none, "--failed") == "No findings.\n"


def test_without_the_dataset_it_is_told_that_annotation_is_not_known(made, tmp_path):
    gone = tmp_path / "gone"
    run = one_task_run(tmp_path / "run", gone, of_item("tonic", "answered", "no"))
    done = CliRunner().invoke(cli, ["log", str(run), "--failed"], catch_exceptions=False)
    assert "which answers have no annotation cannot be told" in done.stderr


def test_lines_left_out_are_counted(made):
    assert "further lines not shown" in log(made.runs[0], "--limit", "3")


def test_an_unknown_video_is_refused_with_the_nearest(made):
    with pytest.raises(UnknownNameError, match="did you mean"):
        log(made.runs[0], "--video", "v0l")
