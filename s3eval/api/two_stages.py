"""ES or NES from the 20 features: what ``s3eval two-stage`` does."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from s3eval.api.calibrating import chosen_folds
from s3eval.api.datasets import dataset_of, open_dataset
from s3eval.api.results import ShownAsTables, frame_of
from s3eval.api.runs import open_runs
from s3eval.errors import S3EvalError, UnknownNameError
from s3eval.plugins import installed
from s3eval.reporting.two_stage import tables_of
from s3eval.statistics.features import FeatureTable, annotated, read_by
from s3eval.statistics.resampling import check_draws

if TYPE_CHECKING:
    import pandas

    from s3eval.facts.reports import Table
    from s3eval.facts.videos import Dataset
    from s3eval.running.runs import Run
    from s3eval.statistics.two_stage import Fits, TwoStage
    from s3eval.statistics.two_stage_scores import TwoStageScores
    from s3eval.task import Finding

__all__ = ["SecondStages", "Stages", "two_stage"]

Progress = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]


@dataclass(frozen=True)
class Stages:
    """How second stages are made.

    Attributes:
        train: "annotation", or "own" for a model's own readings.
        classifiers: their names; empty for all.
        folds: "dataset" (its own), a split file, or "within" (drawn anew from the videos read).
        test_folds: numbers of the folds tested on, or "all".
        missing: what stands for a feature that is neither yes nor no.
        tune: whether hyper-parameters are chosen on inner folds.
        importances: whether it is found out which features decide most.
        resamples, seed: of intervals, and of everything drawn at random.

    Raises:
        S3EvalError: no resamples.
    """

    train: Literal["annotation", "own"] = "annotation"
    classifiers: tuple[str, ...] = ()
    folds: str = "dataset"
    test_folds: str | Collection[int] = "all"
    missing: Literal["indicator", "most-frequent", "no"] = "indicator"
    tune: bool = True
    importances: bool = True
    resamples: int = 2000
    seed: int = 0

    def __post_init__(self) -> None:
        check_draws(self.resamples)


@dataclass(frozen=True, repr=False)
class SecondStages(ShownAsTables):
    """Second stages with their scores.

    Attributes:
        results: one for each run (or the annotation) and classifier.
        without: runs that have no readings of features and were left out.
    """

    results: tuple[tuple[TwoStage, TwoStageScores], ...]
    without: tuple[str, ...] = field(default=())

    def to_frame(self) -> pandas.DataFrame:
        """A row for each prediction of a held-out video."""
        return frame_of(
            [
                {"features_of": result.tested_on, "trained_on": result.trained_on}
                | {"classifier": result.setup.classifier}
                | {name: getattr(p, name) for name in _COLUMNS}
                for result, _ in self.results
                for p in result.predictions
            ]
        )

    def as_json(self) -> list[dict[str, Any]]:
        """Everything, for ``--json``."""
        from s3eval.statistics.two_stage_scores import as_json

        return [as_json(result, scores) for result, scores in self.results]

    def tables(self) -> list[Table]:
        """Scores of every second stage, and the features that decide most."""
        return tables_of(self.results)


def two_stage(
    runs: str | os.PathLike[str] | Iterable[str | os.PathLike[str]] = (),
    *,
    data: str | None = None,
    stages: Stages | None = None,
    out: Path | None = None,
    progress: Progress | None = None,
) -> SecondStages:
    """Diagnose ES or NES by the 20 features, on patients that the classifier has not seen.

    Args:
        runs: run folders; none for the annotated features of ``data``.
        data: the dataset; for runs only where it moved.
        out: a folder for the predictions; None to write none.
        progress: shows how many are fitted.

    Raises:
        S3EvalError: neither runs nor data, no readings of features, unknown names or folds, a
            patient on both sides of a split.
    """
    from s3eval.statistics.two_stage import Fits
    from s3eval.statistics.two_stage_scores import score_two_stage

    chosen, fits = stages or Stages(), Fits()
    several = [runs] if isinstance(runs, (str, os.PathLike)) else [*runs]
    tables, without = _tables(several, data, chosen.train)
    classifiers = _classifiers(chosen.classifiers)
    results: list[tuple[TwoStage, TwoStageScores]] = []
    total = len(tables) * len(classifiers)
    shown = progress("classifying", total) if progress else nullcontext(lambda done: None)
    with shown as advance:
        for tested, training, dataset in tables:
            for result in _stages(tested, training, dataset, classifiers, chosen, fits):
                scores = score_two_stage(result, dataset, chosen.resamples, chosen.seed)
                results.append((result, scores))
                if out:
                    _save(out, result)
                advance(1)
    return SecondStages(tuple(results), tuple(without))


def _tables(
    runs: Sequence[str | os.PathLike[str]], data: str | None, train: str
) -> tuple[list[tuple[FeatureTable, FeatureTable, Dataset]], list[str]]:
    """(what is classified, what it is trained on, dataset) of each run that has readings.

    Returns:
        these, and the names of runs without readings of features.

    Raises:
        S3EvalError: no run has any; nothing was fitted.
    """
    if not runs:
        if not data:
            raise S3EvalError("Expected RUNS or --data", fix="s3eval two-stage --help")
        dataset = open_dataset(data)
        return [(annotated(dataset), annotated(dataset), dataset)], []
    tables, without = [], []
    opened: dict[tuple[str, bool], Dataset] = {}
    every = open_runs(runs)
    for run in every:
        readings = _feature_readings(run)
        if not any(f.state == "answered" for f in readings):
            without.append(run.name)
            continue
        dataset = dataset_of(run, data, opened)[1]
        tested = read_by(run.name, readings)
        tables.append((tested, tested if train == "own" else annotated(dataset), dataset))
    if not tables:
        plugins = installed().of("task")
        reading = [p.spec.name for p in plugins if "features" in p.spec.provides]
        raise S3EvalError(
            "No run has readings of features",
            where=", ".join(without),
            why=_why_none_reads(every),
            fix=f"s3eval run --tasks {reading[0]}" if reading else "",
        )
    return tables, without


def _why_none_reads(runs: Sequence[Run]) -> str:
    known = installed().names("task")
    unknown = sorted({task for run in runs for task in run.findings} - {*known})
    if not unknown:
        return "none of their tasks provides them"
    tasks = ", ".join(f"'{task}'" for task in unknown)
    return f"none of their tasks that are installed here provides them; not installed: {tasks}"


def _feature_readings(run: Run) -> Sequence[Finding]:
    """The findings of the run's task that says which features a video shows."""
    for plugin in installed().of("task"):
        if "features" in plugin.spec.provides and run.findings.get(plugin.spec.name):
            return run.findings[plugin.spec.name]
    return ()


def _classifiers(wanted: Sequence[str]) -> tuple[str, ...]:
    from s3eval.statistics.two_stage import CLASSIFIERS

    for name in wanted:
        if name not in CLASSIFIERS:
            raise UnknownNameError(
                "classifier", name, CLASSIFIERS, fix=f"one of {', '.join(CLASSIFIERS)}"
            )
    return tuple(wanted or CLASSIFIERS)


def _stages(
    tested: FeatureTable,
    training: FeatureTable,
    dataset: Dataset,
    classifiers: Sequence[str],
    chosen: Stages,
    fits: Fits,
) -> Iterator[TwoStage]:
    from s3eval.statistics.folds import folds_of, within
    from s3eval.statistics.two_stage import Setup
    from s3eval.statistics.two_stage import two_stage as fitted

    if chosen.folds == "within":
        folds, source = within(dataset, set(tested.videos), seed=chosen.seed)
    else:
        folds, source = folds_of(dataset, chosen.folds)
    on = None
    if chosen.test_folds != "all":
        on = [*chosen_folds(chosen.test_folds, folds.values())]
    for name in classifiers:
        setup = Setup(
            classifier=name,
            missing=chosen.missing,
            tune=chosen.tune,
            seed=chosen.seed,
            importances=chosen.importances,
        )
        yield fitted(tested, training, dataset, folds, setup, source, on, fits)


_COLUMNS = ("video", "patient", "fold", "truth", "predicted", "probability", "score")


def _save(out: Path, result: TwoStage) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for p in result.predictions:
        writer.writerow([v if (v := getattr(p, c)) is not None else "" for c in _COLUMNS])
    out.mkdir(parents=True, exist_ok=True)
    trained = result.trained_on.replace(" ", "-")
    name = f"{result.tested_on}.{trained}.{result.setup.classifier}.csv"
    (out / name).write_text(text.getvalue(), encoding="utf-8", newline="\n")
