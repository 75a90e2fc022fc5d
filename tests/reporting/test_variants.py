"""What the options of a run's model show, for people and in JSON."""

from __future__ import annotations

from pathlib import Path

import pytest

from s3eval.api.comparing import Comparison
from s3eval.reporting.scores import html_of
from s3eval.reporting.variants import variant_lines
from s3eval.running.runs import Run, RunFacts
from s3eval.statistics.comparing import Resampling
from s3eval.statistics.scored import Scored

OPTIONS = {
    "base_url": "http://me:hidden@host/v1",
    "extra_body": {"api_key": "hidden", "file": "/home/alice/Anna/notes"},
    "checkpoint": "/home/alice/patients/Anna/weights",
}
MASKED = {
    "base_url": "http://***@host/v1",
    "extra_body": {"api_key": "***", "file": "/home/alice/Anna/notes"},
    "checkpoint": "/home/alice/patients/Anna/weights",
}


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("/home/alice/Anna/weights", "weights"),
        ("/home/alice/Anna/weights/", "weights"),
        ("~/Anna/weights", "weights"),
        ("../Anna/weights", "weights"),
        (r"C:\ward\Anna\weights", "weights"),
        (r"\\nas\ward\weights", "weights"),
        ("patients/Anna M/weights", "weights"),
        ("file:///home/alice/weights", "weights"),
        ("s3://ward/Anna/weights", "weights"),
        ("/data/Anna M.mp4", "a media file"),
        (["/home/alice/Anna/weights"], '["weights"]'),
        ({"a": {"b": "/home/alice/c"}}, '{"a": {"b": "c"}}'),
        ("org/model-7B", "org/model-7B"),
        ("Is it left/right/none?", "Is it left/right/none?"),
        ("http://localhost:8000/v1", "http://localhost:8000/v1"),
    ],
)
def test_of_a_path_the_last_part_is_shown(value, shown):
    assert variant_lines({"m": {"checkpoint": value}}) == [f"m: checkpoint={shown}"]


def scored() -> Scored:
    facts = RunFacts("m", ("sight",), ("recognition",), "data", options={"model": OPTIONS})
    return Scored(Run(Path("runs/hf-token"), facts, {}), "paper", [])


def test_no_secret_and_no_folder_is_printed_or_in_html():
    line = 'base_url=http://***@host/v1, extra_body={"api_key": "***", "file": "notes"}'
    assert variant_lines({"m": OPTIONS}) == [f"m: {line}, checkpoint=weights"]
    html = html_of([scored()])
    assert "checkpoint=weights" in html
    assert "hidden" not in html and "Anna" not in html


def test_json_holds_paths_and_no_secret():
    assert scored().as_json()["model_options"] == MASKED
    # A run's name is no option's.
    compared = Comparison((), "paper", Resampling(), model_options={"hf-token": OPTIONS})
    assert compared.as_json()["model_options"] == {"hf-token": MASKED}
