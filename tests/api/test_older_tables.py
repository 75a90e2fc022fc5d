"""Runs of one dataset whose tables were edited between them are told apart from other datasets."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import s3eval
from s3eval import S3EvalError


def ask(folder: Path, model: str, out: Path) -> Path:
    data = s3eval.open_dataset(folder)
    s3eval.evaluate(model, "recognition", data, out, progress=False)
    return out / model


def edit(folder: Path) -> None:
    path = folder / "videos.csv"
    path.write_text(path.read_text().replace("b,p1,ES,0,30", "b,p1,ES,0,31"))


@pytest.fixture
def runs(dataset_folder, tmp_path) -> list[Path]:
    return [ask(dataset_folder, m, tmp_path / "runs") for m in ("always-yes", "always-no")]


def refused(action, *arguments, **more) -> str:
    with pytest.raises(S3EvalError) as caught:
        action(*arguments, **more)
    return str(caught.value)


def test_a_comparison_names_the_runs_on_older_tables_and_what_to_do(dataset_folder, tmp_path, runs):
    edit(dataset_folder)
    newer = ask(dataset_folder, "always-yes", tmp_path / "later")
    told = refused(s3eval.compare, [runs[1], newer])
    assert told == (
        f"The dataset's tables changed since this run ({dataset_folder}): "
        "made on older tables: always-no. Try: run it again with the same --out: recorded "
        "answers are kept and reused"
    )
    both = refused(s3eval.compare, [*runs, ask(dataset_folder, "always-no", tmp_path / "later")])
    assert "since these runs" in both and "always-yes, always-no. Try: run them again" in both


def test_where_the_newer_run_comes_first_the_older_one_is_named(dataset_folder, tmp_path, runs):
    edit(dataset_folder)
    newer = ask(dataset_folder, "always-yes", tmp_path / "later")
    assert "made on older tables: always-no." in refused(s3eval.compare, [newer, runs[1]])


def test_run_again_with_the_same_out_they_are_compared(dataset_folder, tmp_path, runs):
    edit(dataset_folder)
    again = [ask(dataset_folder, run.name, run.parent) for run in runs]
    assert s3eval.compare(again, permutations=99, resamples=100).differences


def test_scores_name_every_run_on_older_tables(dataset_folder, runs):
    edit(dataset_folder)
    told = refused(s3eval.score, runs)
    assert "since these runs" in told and "always-yes, always-no" in told


def test_runs_of_two_folders_are_on_different_datasets_and_named(dataset_folder, tmp_path, runs):
    other = tmp_path / "other"
    shutil.copytree(dataset_folder, other)
    edit(other)
    stranger = ask(other, "always-no", tmp_path / "elsewhere")
    told = refused(s3eval.compare, [runs[0], stranger])
    assert told.startswith("These runs were made on different datasets (")
    assert f"{dataset_folder}: always-yes; {other}: always-no" in told


def test_a_copy_of_the_same_tables_is_compared(dataset_folder, tmp_path, runs):
    shutil.copytree(dataset_folder, tmp_path / "copy")
    copied = ask(tmp_path / "copy", "always-no", tmp_path / "elsewhere")
    assert s3eval.compare([runs[0], copied], permutations=99, resamples=100).differences
