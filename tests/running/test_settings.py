"""The settings beside a run repeat it."""

from __future__ import annotations

import sys

import pytest

from s3eval import Annotation, Dataset, FeatureAnnotation, Video
from s3eval.cli import main
from s3eval.dataset import write_folder
from s3eval.running.settings import Settings

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@pytest.fixture
def data(tmp_path):
    videos = tuple(Video(f"v{i}", f"p{i}", duration=40.0, diagnosis="ES") for i in range(3))
    notes = {
        v.name: Annotation(v.name, {"tonic": FeatureAnnotation("yes", 3.0, 5.0)}) for v in videos
    }
    return write_folder(Dataset("d", videos, notes), tmp_path / "data")


def run(*arguments: object) -> None:
    with pytest.raises(SystemExit) as done:
        main(["run", *map(str, arguments)])
    assert done.value.code in (0, None)


def test_run_toml_repeats_the_run(data, tmp_path):
    run(
        "--model", "always-yes", "--tasks", "recognition,timing", "--data", data, "--seed", 3,
        "--task-option", "timing.placement=random", "--sampling", "window_frames=12",
        "--videos", "v0,v2", "--protocol", "release", "--out", tmp_path / "one",
    )  # fmt: skip
    first = tmp_path / "one" / "always-yes"
    run("--config", first / "run.toml", "--out", tmp_path / "two")
    second = tmp_path / "two" / "always-yes"
    for file in ("run.toml", "findings.jsonl"):
        assert (first / file).read_bytes() == (second / file).read_bytes(), file


def test_defaults_are_left_out_and_options_are_tables():
    settings = Settings(
        "m", ("a", "b"), "d", model_options={"threshold": 0.5, "none": None}, judge="lexicon"
    )
    assert tomllib.loads(settings.as_toml()) == {
        "model": "m",
        "tasks": "a,b",
        "data": "d",
        "judge": "lexicon",
        "model-option": {"threshold": 0.5},
    }
