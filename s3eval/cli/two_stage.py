"""``s3eval two-stage``: ES/NES from the 20 features, by patient folds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from s3eval.cli.common import (
    json_option,
    names,
    rarely_collected,
    resamples_option,
    seed_option,
    write_json_output,
)
from s3eval.errors import S3EvalError, UnknownNameError
from s3eval.reporting.tables import print_table
from s3eval.terminal import echo

if TYPE_CHECKING:
    from s3eval.dataset import Dataset
    from s3eval.running.runs import Run
    from s3eval.statistics.features import FeatureTable
    from s3eval.statistics.two_stage import Fits, TwoStage
    from s3eval.statistics.two_stage_scores import TwoStageScores
    from s3eval.task import Finding

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
    from s3eval.reporting.progress import steps_shown
    from s3eval.statistics.two_stage import Fits
    from s3eval.statistics.two_stage_scores import as_json, score_two_stage

    tables, classifiers, fits = _tables(runs, options), _classifiers(options["classifiers"]), Fits()
    results: list[tuple[TwoStage, TwoStageScores]] = []
    with steps_shown("classifying", len(tables) * len(classifiers)) as advance:
        for tested, training, dataset in tables:
            for found in _stages(tested, training, dataset, classifiers, options, fits):
                scores = score_two_stage(found, dataset, options["resamples"], options["seed"])
                results.append((found, scores))
                if options["out"]:
                    _save(options["out"], found)
                advance(1)
    if not write_json_output([as_json(*r) for r in results], json_file):
        _show(results)
        if options["out"]:
            echo(f"Predictions: {options['out']}/")


def _tables(
    runs: Sequence[Path], options: dict[str, Any]
) -> list[tuple[FeatureTable, FeatureTable, Any]]:
    """(what is classified, what it is trained on, dataset) of each run that has readings.

    A run without readings of features is told and left out.

    Raises:
        S3EvalError: no run has any; nothing was fitted.
    """
    from s3eval.api.datasets import dataset_of, open_dataset
    from s3eval.plugins import installed
    from s3eval.running.runs import open_runs
    from s3eval.statistics.features import annotated, read_by

    if not runs:
        if not options["data"]:
            raise S3EvalError("Expected RUNS or --data", fix="s3eval two-stage --help")
        dataset = open_dataset(options["data"])
        return [(annotated(dataset), annotated(dataset), dataset)]
    tables, without = [], []
    opened: dict[tuple[str, bool], Dataset] = {}
    for run in open_runs(runs):
        readings = _feature_readings(run)
        if not any(f.state == "answered" for f in readings):
            without.append(run.name)
            continue
        dataset = dataset_of(run, options["data"], opened)[1]
        tested = read_by(run.name, readings)
        trained = tested if options["train"] == "own" else annotated(dataset)
        tables.append((tested, trained, dataset))
    if not tables:
        plugins = installed().of("task")
        reading = [p.spec.name for p in plugins if "features" in p.spec.provides]
        raise S3EvalError(
            "No run has readings of features",
            where=", ".join(without),
            why="none of their tasks provides them",
            fix=f"s3eval run --tasks {reading[0]}" if reading else "",
        )
    if without:
        echo(f"Left out, without readings of features: {', '.join(without)}", err=True)
    return tables


def _feature_readings(run: Run) -> Sequence[Finding]:
    """The findings of the run's task that says which features a video shows."""
    from s3eval.plugins import installed

    for plugin in installed().of("task"):
        if "features" in plugin.spec.provides and run.findings.get(plugin.spec.name):
            return run.findings[plugin.spec.name]
    return ()


def _classifiers(wanted: str) -> tuple[str, ...]:
    from s3eval.statistics.two_stage import CLASSIFIERS

    chosen = names([wanted])
    for name in chosen if chosen != ("all",) else ():
        if name not in CLASSIFIERS:
            raise UnknownNameError(
                "classifier", name, CLASSIFIERS, fix=f"one of {', '.join(CLASSIFIERS)}"
            )
    return chosen if chosen != ("all",) else tuple(CLASSIFIERS)


def _stages(
    tested: FeatureTable,
    training: FeatureTable,
    dataset: Any,
    classifiers: Sequence[str],
    options: dict[str, Any],
    fits: Fits,
) -> Iterator[TwoStage]:
    from s3eval.statistics.folds import folds_of, within
    from s3eval.statistics.two_stage import Setup, two_stage

    if options["folds"] == "within":
        folds, source = within(dataset, set(tested.videos), seed=options["seed"])
    else:
        folds, source = folds_of(dataset, options["folds"])
    for name in classifiers:
        setup = Setup(
            classifier=name,
            missing=options["missing"],
            tune=options["tune"],
            seed=options["seed"],
            importances=options["importances"],
        )
        chosen = _folds(options["test_folds"], folds)
        yield two_stage(tested, training, dataset, folds, setup, source, chosen, fits)


def _folds(text: str, folds: Any) -> list[int] | None:
    if text == "all":
        return None
    try:
        wanted = [int(part) for part in names([text])]
    except ValueError as error:
        raise S3EvalError("Expected --test-folds to be whole numbers or 'all'") from error
    strangers = sorted(set(wanted) - set(folds.values()))
    if strangers:
        raise S3EvalError(f"There is no fold {strangers[0]}", fix=f"one of {set(folds.values())}")
    return wanted


def _save(out: Path, found: TwoStage) -> None:
    import csv
    import io

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    columns = ("video", "patient", "fold", "truth", "predicted", "probability", "score")
    writer.writerow(columns)
    for p in found.predictions:
        writer.writerow([v if (v := getattr(p, c)) is not None else "" for c in columns])
    out.mkdir(parents=True, exist_ok=True)
    trained = found.trained_on.replace(" ", "-")
    name = f"{found.tested_on}.{trained}.{found.setup.classifier}.csv"
    (out / name).write_text(text.getvalue(), encoding="utf-8", newline="\n")


def _show(results: Sequence[tuple[TwoStage, TwoStageScores]]) -> None:
    columns = ["features of", "trained on", "classifier", "videos", "patients", "F1 (ES)"]
    columns += ["95 % interval", "always-ES", "", "accuracy", "AUROC", "Brier", "F1 by fold"]
    rows = []
    for found, scores in results:
        f1, accuracy = scores.row("f1"), scores.row("accuracy")
        brier = scores.measures.get("brier")
        rows.append(
            (
                found.tested_on,
                found.trained_on,
                found.setup.classifier,
                f1.videos,
                f1.patients,
                _two(f1.value),
                "-" if f1.low is None else f"{_two(f1.low)} to {_two(f1.high)}",
                _two(f1.chance.get("always-ES")),
                f1.symbol,
                _two(accuracy.value),
                _two(scores.measures["auroc"].value),
                _two(brier.value if brier else None),
                " ".join(f"{fold}:{_two(own)}" for fold, (own, _, _) in scores.by_fold.items()),
            )
        )
    first = results[0][0]
    print_table(
        f"Two-stage diagnosis; folds: {first.folds_from}, patients whole",
        columns,
        rows,
        ("videos", "patients", "F1 (ES)", "always-ES", "accuracy", "AUROC", "Brier"),
    )
    echo("≤ chance: not better than the best chance level. ~: better, but the interval of ")
    echo("the paired advantage holds 0.")
    for note, of in _notes([found for found, _ in results]).items():
        echo(f"{note}: {_whose(of, [found for found, _ in results])}")
    for found, _ in results:
        if found.impurity or found.permutation:
            _importances(found)


def _notes(results: Sequence[TwoStage]) -> dict[str, list[TwoStage]]:
    """Each note once, with the results that it is about."""
    notes: dict[str, list[TwoStage]] = {}
    for found in results:
        mine = []
        if found.dropped:
            mine.append(f"never read and left out of training ({', '.join(found.dropped)})")
        few: dict[int, list[int]] = {}
        for fold, chosen in found.parameters.items():
            if set(chosen) == {"n_neighbors"}:
                few.setdefault(chosen["n_neighbors"], []).append(fold)
        for videos, folds in few.items():
            mine.append(
                f"{_folds_named(folds)}: only {videos} training videos, all of them its neighbours"
            )
        reasons: dict[str, list[int]] = {}
        for fold, reason in found.untested.items():
            reasons.setdefault(reason, []).append(fold)
        mine += [f"{_folds_named(folds)} not tested, {why}" for why, folds in reasons.items()]
        for note in mine:
            notes.setdefault(note, []).append(found)
    return notes


def _folds_named(folds: Sequence[int]) -> str:
    return f"fold{'s' if len(folds) > 1 else ''} {', '.join(map(str, folds))}"


def _whose(some: Sequence[TwoStage], everything: Sequence[TwoStage]) -> str:
    """Runs, and their classifiers where a note is not about all that were used."""
    if len(some) == len(everything) > 1:
        return "all"
    used = {f.setup.classifier for f in everything}
    by_run: dict[str, set[str]] = {}
    for found in some:
        by_run.setdefault(found.tested_on, set()).add(found.setup.classifier)
    return ", ".join(
        run if len(used) > 1 and mine == used else f"{run} ({', '.join(sorted(mine))})"
        for run, mine in by_run.items()
    )


def _importances(found: TwoStage) -> None:
    order = list(found.impurity or found.permutation)[:10]
    rows = [(f, _three(found.impurity.get(f)), _three(found.permutation.get(f))) for f in order]
    columns = ("feature", "impurity", "permutation")
    title = f"\nImportances, {found.tested_on}, {found.setup.classifier}, the first 10"
    print_table(title, columns, rows, columns[1:])


def _two(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _three(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
