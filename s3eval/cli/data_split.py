"""``s3eval data split``: patient-level folds, frozen to a file, and a leak check of any split."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from s3eval.cli.common import json_option, seed_option, write_json_output
from s3eval.errors import S3EvalError
from s3eval.reporting.tables import print_table
from s3eval.terminal import echo

if TYPE_CHECKING:
    from s3eval.api.splitting import DatasetSplit

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
@click.option(
    "--folds",
    type=click.IntRange(2),
    default=4,
    show_default=True,
    help="Folds beside the test set.",
)
@click.option(
    "--test", type=float, default=0.2, show_default=True, help="Share of videos in the test set."
)
@seed_option
@click.option("--check", is_flag=True, help="Write nothing; report patients on both sides of FILE.")
@click.option("--force", is_flag=True, help="Replace FILE if it exists.")
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
    from s3eval.api.splitting import check_split_of, split_dataset

    if check:
        _show_check(check_split_of(dataset, file), str(file or dataset), json_file)
        return
    if file is None:
        raise S3EvalError("Expected a FILE to write the split to", fix="s3eval data split --help")
    done = split_dataset(dataset, file, folds, test, seed, force)
    if not write_json_output(done.as_json(), json_file):
        _show(done, f"Split of {done.dataset.name}, seed {seed}, sha256 {done.split.digest[:12]}")


def _show_check(checked: DatasetSplit, where: str, json_file: str | None) -> None:
    if not write_json_output(checked.as_json(), json_file):
        _show(checked, f"{where}, sha256 {checked.split.digest[:12]}")
        for problem in checked.problems:
            echo(problem)
        if not checked.problems:
            echo("No patient is in two folds; every fold has both diagnoses.")
    if checked.problems:
        raise click.exceptions.Exit(1)


def _show(done: DatasetSplit, title: str) -> None:
    rows = [
        (
            f"{f.fold} (test)" if f.fold == 0 else f.fold,
            f.videos,
            f.patients,
            f.es,
            f.nes,
            "-" if f.es_share is None else f"{f.es_share:.2f}",
        )
        for f in done.folds
    ]
    columns = ("fold", "videos", "patients", "ES", "NES", "share of ES")
    print_table(title, columns, rows, columns[1:])
