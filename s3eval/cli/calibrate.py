"""``s3eval calibrate``: what a run's probabilities are worth, and whether fitting helps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from s3eval.cli.common import json_option, names, resamples_option, seed_option, write_json_output
from s3eval.errors import S3EvalError, refuse_unknown
from s3eval.reporting.tables import print_table
from s3eval.terminal import echo

if TYPE_CHECKING:
    from s3eval.running.runs import Run
    from s3eval.statistics.calibration import Calibration, Measured

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
    from s3eval.api.datasets import dataset_of
    from s3eval.running.loading import load_tasks
    from s3eval.running.runs import open_runs
    from s3eval.statistics.calibration import calibrate
    from s3eval.statistics.folds import folds_of
    from s3eval.task import TruthContext

    found: list[Calibration] = []
    tasks, items = names(options["tasks"]), names(options["items"])
    opened = open_runs(runs)
    for run in opened:
        dataset = dataset_of(run, options["data"])[1]
        folds, _ = folds_of(dataset, options["folds"])
        rows = [
            f
            for name, mine in run.findings.items()
            if not tasks or name in tasks
            for f in mine
            if not items or f.item in items
        ]
        known = load_tasks({f.task for f in rows})
        context = TruthContext(run.facts.protocol, frozenset(run.facts.senses))  # type: ignore[arg-type]
        found += calibrate(
            run.name,
            rows,
            known.by_name,
            dataset,
            context,
            folds,
            options["windows"],
            _test_folds(options["test_folds"], folds.values()),
            options["resamples"],
            options["seed"],
        )
    if not found:
        _refuse_unknown(tasks, items, opened)
        raise S3EvalError(
            "No probability in these runs",
            why="only models whose token probabilities can be seen give them",
        )
    if not write_json_output([asdict(c) for c in found], json_file):
        _show(found, options["curve"])


def _refuse_unknown(tasks: Sequence[str], items: Sequence[str], runs: Sequence[Run]) -> None:
    """Refuse a task or item that none of the runs has."""
    asked_of = dict.fromkeys(task for run in runs for task in run.findings)
    known = dict.fromkeys(f.item for run in runs for mine in run.findings.values() for f in mine)
    refuse_unknown("task in these runs", tasks, asked_of)
    refuse_unknown("item in these runs", items, known)


def _test_folds(text: str, known: Any) -> tuple[int, ...]:
    there = sorted(set(known))
    if text == "all":
        return tuple(there)
    try:
        wanted = tuple(int(part) for part in names([text]))
    except ValueError as error:
        raise S3EvalError("Expected --test-folds to be whole numbers or 'all'") from error
    strangers = [f for f in wanted if f not in there]
    if strangers:
        raise S3EvalError(f"There is no fold {strangers[0]}", fix=f"one of {there}")
    return wanted


def _with_interval(measured: Measured | None) -> str:
    if measured is None or measured.value is None:
        return "-"
    if measured.low is None or measured.high is None:
        return f"{measured.value:.2f}"
    return f"{measured.value:.2f} [{measured.low:.2f}, {measured.high:.2f}]"


def _show(found: Sequence[Calibration], curves: bool) -> None:
    for run in dict.fromkeys(c.run for c in found):
        mine = [c for c in found if c.run == run]
        title = f"{run}: probabilities, windows combined by {mine[0].windows}"
        columns = ["item", "videos", "patients", "positive", "AUROC", "average precision"]
        columns += ["Brier", "chance", "calibration error"]
        rows = [
            (
                f"{c.task} {c.item}",
                f"{c.videos}" + (f" ({c.without} without)" if c.without else ""),
                c.patients,
                c.positives,
                _with_interval(c.measures["auroc"]),
                _over(c, "average_precision"),
                _with_interval(c.measures["brier"]),
                f"{c.chance['brier']:.2f}",
                _with_interval(c.measures["calibration_error"]),
            )
            for c in mine
        ]
        print_table(title, columns, rows, ("videos", "patients", "positive", "chance"))
        _show_decisions(run, mine)
        for c in mine if curves else ():
            print_table(
                f"{run}: reliability of {c.task} {c.item}",
                ("from", "to", "videos", "mean probability", "share positive", ""),
                [
                    (b["low"], b["high"], b["videos"], *map(_two, shares), _bar(b["positives"]))
                    for b in c.curve
                    if (shares := (b["probability"], b["positives"]))
                ],
                ("from", "to", "videos", "mean probability", "share positive"),
            )


def _two(value: float | int | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _bar(share: float | int | None) -> str:
    return "" if share is None else "█" * round(20 * float(share))


def _show_decisions(run: str, found: Sequence[Calibration]) -> None:
    rows = [
        (
            f"{c.task} {c.item}",
            d.method,
            d.fitted_on or "",
            " ".join(f"{t:.2f}" for t in d.thresholds.values()),
            *(
                _with_interval(d.scores[m])
                for m in ("f1", "accuracy", "brier", "calibration_error")
            ),
        )
        for c in found
        for d in c.decisions
    ]
    if not rows:
        echo("No decision was fitted: the run has no probabilities in the other folds.\n")
        return
    columns = ["item", "decision", "fitted on videos", "threshold", "F1", "accuracy", "Brier"]
    columns += ["calibration error"]
    title = f"{run}: decisions on {found[0].tested_on}, fitted on the other folds"
    print_table(title, columns, rows, ("fitted on videos", "threshold"))


def _over(found: Calibration, name: str) -> str:
    return f"{_with_interval(found.measures[name])} over {found.chance[name]:.2f}"
