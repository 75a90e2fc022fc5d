"""``s3eval log``: what has no usable answer, and why."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from s3eval import api
from s3eval.cli import cli
from s3eval.errors import UnknownNameError
from s3eval.model import Answer
from s3eval.running.store import AnswerStore, StoredAnswer


def log(*arguments):
    return CliRunner().invoke(cli, ["log", *map(str, arguments)], catch_exceptions=False).stdout


def lost(made):
    (run,) = api.open_runs([made.runs[0]])
    return [f for some in run.findings.values() for f in some if f.state != "answered"]


def test_failures_are_grouped_by_their_reason(made):
    shown = log(made.runs[0], "--failed")
    (line,) = [x for x in shown.splitlines() if x.startswith("one ")]
    assert f" {len(lost(made))} " in line
    assert "\x1b" not in shown and "\\x1b[31m" in line


def test_each_failure_in_json(made):
    found = json.loads(log(made.runs[0], "--failed", "--json", "-"))
    assert {(e["video"], e["item"]) for e in found} == {(f.video, f.item) for f in lost(made)}


def test_windows_that_failed_under_a_finding_are_listed(made, tmp_path):
    from shutil import copytree

    run = copytree(made.runs[1], tmp_path / "asked")
    with AnswerStore(run / "answers.sqlite") as store:
        store.put(StoredAnswer("k", "v01", 0.0, 30.0, "tonic", Answer.failed("out of memory")))
        store.put(StoredAnswer("l", "v01", 25.0, 55.0, "tonic", Answer.of("yes")))
    found = [e for e in json.loads(log(run, "--failed", "--json", "-")) if e["clip"]]
    assert [(e["clip"], e["text"]) for e in found] == [("0-30 s", "out of memory")]


def test_lines_left_out_are_counted(made):
    assert "further lines not shown" in log(made.runs[0], "--limit", "3")


def test_an_unknown_video_is_refused_with_the_nearest(made):
    with pytest.raises(UnknownNameError, match="did you mean"):
        log(made.runs[0], "--video", "v0l")
