"""``s3eval data split``: patient-level folds, frozen to a file, and a leak check of any split."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from s3eval.cli.common import json_option, write_json_output
from s3eval.errors import S3EvalError
from s3eval.reporting.tables import print_table
from s3eval.terminal import echo

if TYPE_CHECKING:
    from s3eval.dataset import Dataset
    from s3eval.statistics.splits import Split

EPILOG = """\b
Examples:
  s3eval data split mine split.csv                 a test set and 4 folds, seed 0
  s3eval data split mine split.csv --folds 5 --test 0.25 --seed 7
  s3eval data split mine split.csv --check         is a patient on both sides? (exit code 1)
  s3eval data split mine --check                   the same for the dataset's own fold column
"""


@click.command("split", epilog=EPILOG)
@click.argument("dataset")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--folds", type=click.IntRange(2), default=4, show_default=True)
@click.option("--test", type=float, default=0.2, show_default=True, help="Share of the test set.")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--check", is_flag=True, help="Make nothing; look for leaks in FILE.")
@click.option("--force", is_flag=True, help="Replace FILE.")
@json_option
def command(
    dataset: str,
    file: Path | None,
    folds: int,
    test: float,
    seed: int,
    check: bool,
    force: bool,
    json_file: str | None,
) -> None:
    """Split DATASET by patient, stratified by diagnosis, into FILE; fold 0 is the test set."""
    from s3eval.api.datasets import open_dataset
    from s3eval.statistics.splits import Split, make_split, read_split, write_split

    opened = open_dataset(dataset)
    if check:
        own = {v.name: v.fold for v in opened.videos if v.fold is not None}
        _check(opened, read_split(file) if file else Split(own), str(file or dataset), json_file)
        return
    if file is None:
        raise S3EvalError("Expected a FILE to write the split to", fix="s3eval data split --help")
    if file.exists() and not force:
        raise S3EvalError("This file exists", where=file, fix="another name, or --force")
    split = make_split(opened, folds, test, seed)
    write_split(split, opened, file)
    if not write_json_output(_facts(split, opened, []), json_file):
        _show(split, opened, f"Split of {opened.name}, seed {seed}, sha256 {split.digest[:12]}")


def _check(dataset: Dataset, split: Split, where: str, json_file: str | None) -> None:
    from s3eval.statistics.splits import check_split

    if not split.folds:
        raise S3EvalError("No video has a fold", where=where)
    problems = check_split(split, dataset)
    if not write_json_output(_facts(split, dataset, problems), json_file):
        _show(split, dataset, f"{where}, sha256 {split.digest[:12]}")
        for problem in problems:
            echo(problem)
        if not problems:
            echo("No patient is in two folds; every fold has both diagnoses.")
    if problems:
        raise click.exceptions.Exit(1)


def _facts(split: Split, dataset: Dataset, problems: list[str]) -> dict[str, object]:
    from s3eval.statistics.splits import fold_facts

    return {
        "seed": split.seed,
        "sha256": split.digest,
        "folds": [asdict(f) for f in fold_facts(split.folds, dataset)],
        "problems": problems,
    }


def _show(split: Split, dataset: Dataset, title: str) -> None:
    from s3eval.statistics.splits import fold_facts

    rows = [
        (
            f"{f.fold} (test)" if f.fold == 0 else f.fold,
            f.videos,
            f.patients,
            f.es,
            f.nes,
            "-" if f.es_share is None else f"{f.es_share:.2f}",
        )
        for f in fold_facts(split.folds, dataset)
    ]
    columns = ("fold", "videos", "patients", "ES", "NES", "share of ES")
    print_table(title, columns, rows, columns[1:])
