"""ES or NES by a classifier on the features: scores and importances, where they are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from s3eval.statistics.features import annotated, read_by
from s3eval.statistics.folds import folds_of
from s3eval.statistics.two_stage import Fits, Setup, TwoStage, two_stage
from s3eval.statistics.two_stage_scores import score_two_stage
from s3eval_view.report.cells import Cell, ReportTable, cell, number
from s3eval_view.report.evidence import words

if TYPE_CHECKING:
    from s3eval.facts.videos import Dataset
    from s3eval_view.report.evidence import Evidence

__all__ = ["two_stage_tables"]


def two_stage_tables(evidence: Evidence, classifier: str, resamples: int) -> list[ReportTable]:
    """A table of scores and, for each run with features, one of importances."""
    rows: list[tuple[Cell, ...]] = []
    tables: list[ReportTable] = []
    for label, result, dataset in _stages(evidence, classifier):
        scores = score_two_stage(result, dataset, resamples, result.setup.seed)
        f1 = scores.row("f1")
        around = (f"[{number(f1.low)}, {number(f1.high)}]",) if f1.low is not None else ()
        shown = Cell(f"{number(f1.value)} {f1.symbol}".strip(), around, {"": f1.value})
        rows.append(
            (
                cell(label),
                cell(f1.videos),
                shown,
                cell(f1.chance.get("always-ES")),
                cell(scores.measures["auroc"].value),
            )
        )
        tables.append(_importances(label, result, len(tables)))
    columns = ("features of", "videos", "F1 (ES)", "always ES", "AUROC")
    main = ReportTable(
        "two-stage",
        f"Two-stage diagnosis by {classifier}, trained on annotation, patients whole",
        columns,
        tuple(rows),
        right=frozenset(range(1, len(columns))),
    )
    return [main, *tables] if rows else []


def _stages(evidence: Evidence, classifier: str) -> Iterator[tuple[str, TwoStage, Dataset]]:
    fits = Fits()  # all runs are tested by what is trained on one annotation
    for task in evidence.providing("features"):
        for run in evidence.runs:
            if not run.findings(task):
                continue
            seed = run.scored.run.facts.seed
            folds, source = folds_of(run.dataset, "dataset")
            tested = read_by(run.label, run.findings(task))
            setup = Setup(classifier=classifier, seed=seed)
            training = annotated(run.dataset)
            result = two_stage(tested, training, run.dataset, folds, setup, source, fits=fits)
            if result.predictions:
                yield run.label, result, run.dataset


def _importances(label: str, result: TwoStage, place: int) -> ReportTable:
    order = list(result.impurity or result.permutation)
    rows = [
        (
            Cell(words(f), (), {"": f}),
            cell(result.impurity.get(f), 3),
            cell(result.permutation.get(f), 3),
        )
        for f in order
    ]
    return ReportTable(
        f"two-stage-importances-{place + 1}",
        f"Two-stage importances · {label}",
        ("feature", "impurity", "permutation"),
        tuple(rows),
        "Impurity: mean decrease over folds, sum 1. Permutation: loss of balanced accuracy on "
        "the held-out videos when the feature is shuffled.",
        folded=True,
        right=frozenset((1, 2)),
    )
