"""The report quality index: its components, and what its penalties take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from s3eval.judge import ReadReport, ReportFacts
from s3eval.metrics.rqi import RQI, WEIGHTS, seizure_rqi
from s3eval_view.report.cells import ReportTable, cell
from s3eval_view.report.evidence import words

if TYPE_CHECKING:
    from s3eval_view.report.evidence import Evidence, RunEvidence

__all__ = ["components", "quality_table"]


def components(run: RunEvidence, task: str) -> dict[str, float]:
    """Mean points of each component (its weight times its mean), the base and the index."""
    rows = {r.metric: r.value for r in run.scored.rows if r.task == task}
    points = {}
    for name, weight in WEIGHTS.items():
        value = rows.get(f"rqi_{name}")
        if value is not None:
            points[name] = weight * value
    for name in ("rqi_base", "rqi"):
        value = rows.get(name)
        if value is not None:
            points[name] = value
    return points


def quality_table(evidence: Evidence, task: str, name: str) -> ReportTable:
    """A row a run: components in points, base, index, and the penalties."""
    rows = []
    for run in evidence.runs:
        points = components(run, task)
        if "rqi" not in points:
            continue
        lost = points["rqi_base"] - points["rqi"] if "rqi_base" in points else None
        indices = _indices(run, task)
        hallucinated = next(
            (r.value for r in run.scored.rows if (r.task, r.metric) == (task, "hallucinated")), None
        )
        rows.append(
            (
                cell(run.label),
                *(cell(points.get(c), 1) for c in WEIGHTS),
                cell(points.get("rqi_base"), 1),
                cell(lost, 1),
                cell(points["rqi"]),
                cell(hallucinated),
                *(cell(v) for v in _penalties(indices)),
            )
        )
    columns = (
        "run",
        *(f"{c} (of {w:g})" for c, w in WEIGHTS.items()),
        "base",
        "taken by penalties",
        "RQI",
        "hallucinated features",
        "p hallucination",
        "p off-topic",
        "p length",
        "capped as hazard",
    )
    return ReportTable(
        name,
        f"{words(task)}: Seizure-RQI in points, means over videos",
        columns,
        tuple(rows),
        "p: mean multiplier, 1 takes nothing; – where no judge read for these scores. Points may "
        "differ from the product of the means, being means of products.",
        right=frozenset(range(1, len(columns))),
    )


def _indices(run: RunEvidence, task: str) -> list[RQI]:
    """The index of each report that a judge read, for these scores or when they were recorded."""
    indices = []
    for known in run.known(task):
        detail = known.finding.detail
        report = _read(run, known.finding.value, detail.get("extraction"))
        reference = _read(run, known.truth, detail.get("reference_extraction"))
        if known.truth is not None and report is not None and reference is not None:
            annotated = run.dataset.annotation(known.finding.video).sequence
            indices.append(seizure_rqi(report, reference, run.material.protocol, annotated))
    return indices


def _read(run: RunEvidence, text: object, recorded: Any) -> ReportFacts | None:
    if isinstance(text, str):
        reading = run.readings.get(ReadReport(text))
        if isinstance(reading, ReportFacts):
            return reading
    return ReportFacts.from_recorded(recorded)


def _penalties(indices: list[RQI]) -> tuple[float | int | None, ...]:
    if not indices:
        return None, None, None, None
    means = [float(np.mean([getattr(i, p) for i in indices])) for p in ("p_hall", "p_off", "p_len")]
    return *means, sum(i.hazard for i in indices)
