"""``s3eval calibrate``: what a run's probabilities are worth, and whether fitting helps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from s3eval.cli.common import (
    fold_numbers,
    json_option,
    names,
    resamples_option,
    seed_option,
    write_json_output,
)
from s3eval.reporting.tables import print_table
from s3eval.terminal import echo

EPILOG = """\b
Examples:
  s3eval calibrate runs/qwen3-vl-8b
  s3eval calibrate runs --windows noisy-or --items tonic,clonic --curve
  s3eval calibrate runs/qwen3-vl-8b --folds split.csv --test-folds all --json calibration.json

Thresholds, Platt scaling and isotonic regression are fitted on the other folds and applied to
the test fold; "raw" is the model's own yes or no on the same videos.
"""


@click.command("calibrate", epilog=EPILOG)
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--data", help="Folder of the dataset, if it moved since the runs were made.")
@click.option(
    "--folds",
    default="dataset",
    show_default=True,
    help="Folds by patient: 'dataset' (its own) or a split file.",
)
@click.option(
    "--test-folds", default="0", show_default=True, help="Folds tested on: their numbers, or 'all'."
)
@click.option(
    "--windows",
    type=click.Choice(("max", "noisy-or")),
    default="max",
    show_default=True,
    help="How the windows' probabilities become the video's.",
)
@click.option("--tasks", "-t", multiple=True, help="Look at these tasks only.")
@click.option("--items", multiple=True, help="Look at these items only.")
@click.option("--curve", is_flag=True, help="Print the reliability curves too.")
@resamples_option
@seed_option
@json_option
def command(runs: tuple[Path, ...], json_file: str | None, **options: Any) -> None:
    """AUROC, average precision, Brier score and calibration of RUNS that keep probabilities."""
    from s3eval.api.calibrating import calibrate
    from s3eval.reporting.calibration import NO_DECISION, tables_of

    calibrations = calibrate(
        runs,
        folds=options["folds"],
        test_folds=fold_numbers(options["test_folds"]),
        windows=options["windows"],
        tasks=names(options["tasks"]),
        items=names(options["items"]),
        data=options["data"],
        resamples=options["resamples"],
        seed=options["seed"],
    )
    if write_json_output(calibrations.as_json(), json_file):
        return
    for run, tables in tables_of(calibrations.calibrations, options["curve"]):
        for table in tables:
            print_table(table.title, table.columns, table.rows, table.right)
        if not any(c.decisions for c in calibrations.calibrations if c.run == run):
            echo(f"{NO_DECISION}\n")
