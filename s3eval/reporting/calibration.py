"""Calibration as tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from s3eval.facts.reports import Table

if TYPE_CHECKING:
    from s3eval.statistics.calibration import Calibration, Measured

__all__ = ["NO_DECISION", "tables_of"]

#: Said of a run for which there is no table of decisions.
NO_DECISION = "No decision was fitted: the run has no probabilities in the other folds."


def tables_of(
    calibrations: Sequence[Calibration], curves: bool = False
) -> list[tuple[str, list[Table]]]:
    """By run its tables: what probabilities are worth, decisions where any was fitted, curves."""
    return [
        (run, _of_run(run, [c for c in calibrations if c.run == run], curves))
        for run in dict.fromkeys(c.run for c in calibrations)
    ]


def _of_run(run: str, mine: Sequence[Calibration], curves: bool) -> list[Table]:
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
    tables = [Table(title, columns, rows, ("videos", "patients", "positive", "chance"))]
    tables += _decisions(run, mine)
    for c in mine if curves else ():
        tables.append(
            Table(
                f"{run}: reliability of {c.task} {c.item}",
                ("from", "to", "videos", "mean probability", "share positive", ""),
                [
                    (b["low"], b["high"], b["videos"], *map(_two, shares), _bar(b["positives"]))
                    for b in c.curve
                    if (shares := (b["probability"], b["positives"]))
                ],
                ("from", "to", "videos", "mean probability", "share positive"),
            )
        )
    return tables


def _decisions(run: str, calibrations: Sequence[Calibration]) -> list[Table]:
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
        for c in calibrations
        for d in c.decisions
    ]
    if not rows:
        return []
    columns = ["item", "decision", "fitted on videos", "threshold", "F1", "accuracy", "Brier"]
    columns += ["calibration error"]
    title = f"{run}: decisions on {calibrations[0].tested_on}, fitted on the other folds"
    return [Table(title, columns, rows, ("fitted on videos", "threshold"))]


def _with_interval(measured: Measured | None) -> str:
    if measured is None or measured.value is None:
        return "-"
    if measured.low is None or measured.high is None:
        return f"{measured.value:.2f}"
    return f"{measured.value:.2f} [{measured.low:.2f}, {measured.high:.2f}]"


def _two(value: float | int | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _bar(share: float | int | None) -> str:
    return "" if share is None else "█" * round(20 * float(share))


def _over(calibration: Calibration, name: str) -> str:
    return f"{_with_interval(calibration.measures[name])} over {calibration.chance[name]:.2f}"
