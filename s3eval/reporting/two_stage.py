"""Second stages as tables and remarks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from s3eval.facts.reports import Table

if TYPE_CHECKING:
    from s3eval.statistics.two_stage import TwoStage
    from s3eval.statistics.two_stage_scores import TwoStageScores

__all__ = ["remarks", "tables_of"]


def tables_of(results: Sequence[tuple[TwoStage, TwoStageScores]]) -> list[Table]:
    """The scores of every second stage, and after them the features that decide most."""
    columns = ["features of", "trained on", "classifier", "videos", "patients", "F1 (ES)"]
    columns += ["95 % interval", "always-ES", "", "accuracy", "AUROC", "Brier", "F1 by fold"]
    rows = []
    for result, scores in results:
        f1, accuracy = scores.row("f1"), scores.row("accuracy")
        brier = scores.measures.get("brier")
        rows.append(
            (
                result.tested_on,
                result.trained_on,
                result.setup.classifier,
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
    scores_table = Table(
        f"Two-stage diagnosis; folds: {first.folds_from}, patients whole",
        columns,
        rows,
        ("videos", "patients", "F1 (ES)", "always-ES", "accuracy", "AUROC", "Brier"),
    )
    decisive = [result for result, _ in results if result.impurity or result.permutation]
    return [scores_table, *(_importances(result) for result in decisive)]


def remarks(results: Sequence[TwoStage]) -> list[str]:
    """What the marks of the table mean, and each note once with the results it is about."""
    return [
        "≤ chance: not better than the best chance level. ~: better, but the interval of ",
        "the paired advantage holds 0.",
        *(f"{note}: {_whose(of, results)}" for note, of in _notes(results).items()),
    ]


def _notes(results: Sequence[TwoStage]) -> dict[str, list[TwoStage]]:
    """Each note once, with the results that it is about."""
    notes: dict[str, list[TwoStage]] = {}
    for result in results:
        mine = []
        if result.dropped:
            mine.append(f"never read and left out of training ({', '.join(result.dropped)})")
        if result.further:
            mine.append(f"read, but none of the 20 features ({', '.join(result.further)})")
        few: dict[int, list[int]] = {}
        for fold, chosen in result.parameters.items():
            if set(chosen) == {"n_neighbors"}:
                few.setdefault(chosen["n_neighbors"], []).append(fold)
        for videos, folds in few.items():
            mine.append(
                f"{_folds_named(folds)}: only {videos} training videos, all of them its neighbours"
            )
        reasons: dict[str, list[int]] = {}
        for fold, reason in result.untested.items():
            reasons.setdefault(reason, []).append(fold)
        mine += [f"{_folds_named(folds)} not tested, {why}" for why, folds in reasons.items()]
        for note in mine:
            notes.setdefault(note, []).append(result)
    return notes


def _folds_named(folds: Sequence[int]) -> str:
    return f"fold{'s' if len(folds) > 1 else ''} {', '.join(map(str, folds))}"


def _whose(some: Sequence[TwoStage], everything: Sequence[TwoStage]) -> str:
    """Runs, and their classifiers where a note is not about all that were used."""
    if len(some) == len(everything) > 1:
        return "all"
    used = {f.setup.classifier for f in everything}
    by_run: dict[str, set[str]] = {}
    for result in some:
        by_run.setdefault(result.tested_on, set()).add(result.setup.classifier)
    return ", ".join(
        run if len(used) > 1 and mine == used else f"{run} ({', '.join(sorted(mine))})"
        for run, mine in by_run.items()
    )


def _importances(result: TwoStage) -> Table:
    order = list(result.impurity or result.permutation)[:10]
    rows = [(f, _three(result.impurity.get(f)), _three(result.permutation.get(f))) for f in order]
    columns = ("feature", "impurity", "permutation")
    title = f"\nImportances, {result.tested_on}, {result.setup.classifier}, the first 10"
    return Table(title, columns, rows, columns[1:])


def _two(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _three(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
