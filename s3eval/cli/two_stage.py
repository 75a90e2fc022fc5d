"""``s3eval two-stage``: ES/NES from the 20 features, by patient folds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from s3eval.cli.common import (
    fold_numbers,
    json_option,
    names,
    rarely_collected,
    resamples_option,
    seed_option,
    write_json_output,
)
from s3eval.reporting.tables import print_table
from s3eval.terminal import echo

EPILOG = """\b
Examples:
  s3eval two-stage --data mine                          annotated features, every fold in turn
  s3eval two-stage runs/internvl3.5-8b                  a model's readings, trained on annotation
  s3eval two-stage runs --train own --out two-stage     trained on the model's own readings
  s3eval two-stage --data mine --folds split.csv --classifiers random-forest,svm

A split in which a patient stands on both sides is refused. The score of always saying ES stands
beside every result; a result not above it is marked.
"""


@click.command("two-stage", epilog=EPILOG)
@click.argument("runs", nargs=-1, type=click.Path(path_type=Path))
@click.option("--data", "-d", help="Dataset: a folder, or FORMAT:PATH (default: the runs' own).")
@click.option(
    "--train",
    type=click.Choice(("annotation", "own")),
    default="annotation",
    show_default=True,
    help="What the classifier is trained on: annotation, or the model's own readings.",
)
@click.option(
    "--classifiers", default="all", show_default=True, help="Names of classifiers, or 'all'."
)
@click.option(
    "--folds",
    default="dataset",
    show_default=True,
    help="Folds by patient: 'dataset' (its own), a split file, or 'within' (drawn anew from the "
    "videos read).",
)
@click.option(
    "--test-folds",
    default="all",
    show_default=True,
    help="Folds tested on: their numbers, or 'all'.",
)
@click.option(
    "--missing",
    type=click.Choice(("indicator", "most-frequent", "no")),
    default="indicator",
    show_default=True,
    help="What stands for a feature that is neither yes nor no.",
)
@click.option("--tune/--no-tune", default=True, help="Choose hyper-parameters on inner folds.")
@click.option(
    "--importances/--no-importances", default=True, help="Show which features decide most."
)
@click.option("--out", "-o", type=click.Path(path_type=Path), help="Folder for the predictions.")
@resamples_option
@seed_option
@json_option
@rarely_collected
def command(runs: tuple[Path, ...], json_file: str | None, **options: Any) -> None:
    """Diagnose ES or NES by the 20 features: as RUNS read them or, without RUNS, as annotated."""
    from s3eval.api.two_stages import Stages, two_stage
    from s3eval.reporting.progress import steps_shown
    from s3eval.reporting.two_stage import remarks

    classifiers = names([options["classifiers"]])
    stages = Stages(
        train=options["train"],
        classifiers=() if classifiers == ("all",) else classifiers,
        folds=options["folds"],
        test_folds=fold_numbers(options["test_folds"]),
        missing=options["missing"],
        tune=options["tune"],
        importances=options["importances"],
        resamples=options["resamples"],
        seed=options["seed"],
    )
    out = options["out"]
    made = two_stage(runs, data=options["data"], stages=stages, out=out, progress=steps_shown)
    if made.without:
        echo(f"Left out, without readings of features: {', '.join(made.without)}", err=True)
    if write_json_output(made.as_json(), json_file):
        return
    scores, *importances = made.tables()
    print_table(scores.title, scores.columns, scores.rows, scores.right)
    for line in remarks([result for result, _ in made.results]):
        echo(line)
    for table in importances:
        print_table(table.title, table.columns, table.rows, table.right)
    if out:
        echo(f"Predictions: {out}/")
