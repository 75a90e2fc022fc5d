"""Errors of answered times against the annotation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from s3eval_view.report.cells import Cell, ReportTable, cell
from s3eval_view.report.evidence import words

if TYPE_CHECKING:
    from s3eval_view.report.evidence import Evidence, RunEvidence

__all__ = ["WITHIN", "error_table", "errors_of"]

#: Seconds within which an answer is called near.
WITHIN = (1.0, 5.0, 10.0, 30.0)
_ENDS = (5, 25, 50, 75, 95)


def errors_of(run: RunEvidence, task: str) -> NDArray[np.float64]:
    """Answered minus annotated, in the item's unit (seconds), over all number items of a task.

    An answered time may carry in its detail the target and the prediction within the clip that
    was shown; these are compared then, as the task's own scores do.
    """
    errors = []
    for known in run.known(task):
        finding = known.finding
        if known.item.kind != "number" or finding.state != "answered":
            continue
        target, within = finding.detail.get("target"), finding.detail.get("predicted_in_clip")
        if target is not None and within is not None:
            errors.append(float(within) - float(target))
        elif known.truth is not None:
            errors.append(float(finding.value) - float(known.truth))
    return np.array(errors, dtype=np.float64)


def error_table(evidence: Evidence, task: str, name: str) -> ReportTable:
    """Quantiles of the signed error and shares of near answers, a row a run."""
    rows = []
    for run in evidence.runs:
        errors = errors_of(run, task)
        if not len(errors):
            continue
        ends = [float(q) for q in np.percentile(errors, _ENDS)]
        near = [float((np.abs(errors) <= s).mean()) for s in WITHIN]
        rows.append(
            (
                cell(run.label),
                cell(len(errors)),
                *(cell(e, 1) for e in ends),
                *(Cell(f"{100 * s:.0f} %", (), {"": s}) for s in near),
            )
        )
    columns = (
        "run",
        "answers",
        *(f"{q} %" if q != 50 else "median" for q in _ENDS),
        *(f"within {s:g} s" for s in WITHIN),
    )
    return ReportTable(
        name,
        f"{words(task)}: answered minus annotated time, seconds, over all items",
        columns,
        tuple(rows),
        "Positive: too late. 5 %: a twentieth of the errors is below this. Shares are of the "
        "answers with a time.",
        right=frozenset(range(1, len(columns))),
    )
