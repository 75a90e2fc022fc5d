"""Datasets are split and splits are checked from Python as `s3eval data split` does it."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from s3eval import Dataset, Video
from s3eval.api.splitting import check_split_of, split_dataset
from s3eval.cli import cli
from s3eval.dataset import write_folder
from s3eval.errors import S3EvalError


def invented(folds=None):
    videos = tuple(
        Video(f"v{i}", f"p{i // 2}", diagnosis="NES" if i % 4 > 1 else "ES", fold=folds and i % 2)
        for i in range(24)
    )
    return Dataset("d", videos, {})


def test_the_verb_writes_and_prints_what_the_function_does(tmp_path):
    folder = write_folder(invented(), tmp_path / "data")
    done = split_dataset(folder, tmp_path / "one.csv", folds=2, seed=3)
    arguments = ["data", "split", str(folder), str(tmp_path / "two.csv"), "--folds", "2"]
    shown = CliRunner().invoke(cli, [*arguments, "--seed", "3", "--json", "-"])
    assert shown.exit_code == 0, shown.output
    assert json.loads(shown.stdout) == done.as_json()
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()
    assert sum(fold.videos for fold in done.folds) == 24
    assert check_split_of(folder, tmp_path / "one.csv").problems == ()


def test_a_file_that_exists_is_replaced_only_when_asked(tmp_path):
    file = tmp_path / "split.csv"
    first = split_dataset(invented(), file, folds=2)
    with pytest.raises(S3EvalError, match="This file exists"):
        split_dataset(invented(), file, folds=2, seed=1)
    assert check_split_of(invented(), file).split.digest == first.split.digest
    again = split_dataset(invented(), file, folds=2, seed=1, overwrite=True)
    assert check_split_of(invented(), file).split.digest == again.split.digest
    assert again.split.digest != first.split.digest


def test_a_patient_in_two_folds_is_a_problem_and_exit_code_1(tmp_path):
    folder = write_folder(invented(folds=True), tmp_path / "data")
    checked = check_split_of(folder)
    assert any("is in folds 0, 1" in problem for problem in checked.problems)
    shown = CliRunner().invoke(cli, ["data", "split", str(folder), "--check"])
    assert shown.exit_code == 1
    assert all(problem in shown.output for problem in checked.problems)


def test_a_dataset_without_folds_has_no_split_to_check():
    with pytest.raises(S3EvalError, match=r"No video has a fold \(d\)"):
        check_split_of(invented())
