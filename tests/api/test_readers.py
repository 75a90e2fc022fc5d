"""Readers' answers become runs from Python as `s3eval data readers` does it."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

import s3eval
from s3eval import Annotation, Dataset, FeatureAnnotation, Video
from s3eval.api.readers import record_readers
from s3eval.cli import cli
from s3eval.dataset import write_folder
from s3eval.errors import S3EvalError

ROWS = [
    *("Dr. A,v0,recognition,tonic,yes", "Dr. A,v1,recognition,tonic,no"),
    *("R1,v0,recognition,tonic,yes", "R1,v1,recognition,tonic,", "R1,v2,recognition,tonic,maybe"),
]


@pytest.fixture
def inputs(tmp_path):
    videos = tuple(Video(f"v{i}", f"p{i}", duration=30.0) for i in range(4))
    notes = {v.name: Annotation(v.name, {"tonic": FeatureAnnotation("yes", 3, 5)}) for v in videos}
    data = write_folder(Dataset("d", videos, notes), tmp_path / "data")
    return answers(tmp_path, ROWS), data


def answers(folder, rows):
    file = folder / "answers.csv"
    file.write_text("\n".join(["reader,video,task,item,answer", *rows]) + "\n")
    return file


def test_the_verb_writes_and_prints_what_the_function_does(inputs, tmp_path):
    file, data = inputs
    done = record_readers(file, data, tmp_path / "one", resamples=100)
    arguments = ["data", "readers", str(file), str(data), str(tmp_path / "two")]
    shown = CliRunner().invoke(cli, [*arguments, "--resamples", "100", "--json", "-"])
    assert shown.exit_code == 0, shown.output
    printed = json.loads(shown.stdout)
    assert printed["agreement"] == done.as_json()["agreement"] != []
    for name in ("dr-a", "r1"):
        one, two = tmp_path / "one" / name, tmp_path / "two" / name
        assert (one / "findings.jsonl").read_bytes() == (two / "findings.jsonl").read_bytes()
    assert done.folders == {"Dr. A": str(tmp_path / "one/dr-a"), "R1": str(tmp_path / "one/r1")}


def test_the_runs_say_what_readers_perceived_and_that_nobody_was_asked(inputs, tmp_path):
    file, data = inputs
    done = record_readers(file, data, tmp_path / "out", ["sight"], "release", resamples=100)
    for run in s3eval.open_runs([*done.folders.values()]):
        assert run.facts.senses == ("sight",) and run.facts.protocol == "release"
        assert run.facts.source == "recorded" and run.facts.dataset == str(data)
    states = [f.state for f in done.findings["R1"]]
    assert sorted(states) == ["answered", "skipped", "unreadable"]


def test_readers_and_senses_that_cannot_be_used_are_refused(inputs, tmp_path):
    file, data = inputs
    with pytest.raises(S3EvalError, match="sight, hearing or both"):
        record_readers(file, data, tmp_path / "out", ["smell"])
    twins = answers(tmp_path, ["A b,v0,recognition,tonic,yes", "A-b,v0,recognition,tonic,no"])
    with pytest.raises(S3EvalError, match="share the folder 'a-b'"):
        record_readers(twins, data, tmp_path / "out")
    assert not (tmp_path / "out").exists()
