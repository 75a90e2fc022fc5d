"""What the probabilities of the runs are worth (`s3eval.statistics.calibration`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from s3eval.statistics.calibration import Calibration, Measured, calibrate
from s3eval_view.report.cells import Cell, ReportTable, cell, number
from s3eval_view.report.evidence import words

if TYPE_CHECKING:
    from s3eval_view.report.evidence import Evidence

__all__ = ["calibration_table", "calibrations"]

_MEASURES = ("auroc", "average_precision", "brier", "calibration_error")


def calibrations(evidence: Evidence, resamples: int) -> list[Calibration]:
    """Every run's items that have probabilities; [] where no run keeps any."""
    calibrated: list[Calibration] = []
    for run in evidence.runs:
        rows = [f for mine in run.scored.run.findings.values() for f in mine]
        if not any(f.probability is not None for f in rows):
            continue
        material = run.material
        folds = {v.name: v.fold for v in run.dataset.videos if v.fold is not None}
        calibrated += calibrate(
            run.label,
            rows,
            material.tasks.by_name,
            run.dataset,
            material.truth_context,
            folds,
            resamples=resamples,
            seed=run.scored.run.facts.seed,
        )
    return calibrated


def calibration_table(calibrated: Sequence[Calibration]) -> ReportTable:
    """A row a run and item: ranking and calibration of its probabilities."""
    rows = []
    for one in calibrated:
        label = f"{one.run} · {words(one.task)}: {words(one.item)}"
        measured = [_measured(one.measures.get(m)) for m in _MEASURES]
        rows.append(
            (cell(label), cell(one.videos), cell(one.without), *measured, cell(one.chance["brier"]))
        )
    columns = (
        "run · item",
        "videos",
        "without probability",
        "AUROC",
        "average precision",
        "Brier",
        "calibration error",
        "Brier of prevalence",
    )
    return ReportTable(
        "calibration",
        "Probabilities: ranking and calibration",
        columns,
        tuple(rows),
        "Windows are combined by their maximum. 95 % intervals by patient.",
        folded=True,
        right=frozenset(range(1, len(columns))),
    )


def _measured(one: Measured | None) -> Cell:
    if one is None:
        return Cell("–")
    small = (f"[{number(one.low)}, {number(one.high)}]",) if one.low is not None else ()
    return Cell(number(one.value), small, {"": one.value, "low": one.low, "high": one.high})
