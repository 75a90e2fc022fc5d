"""How each headline score comes about: its steps, ending at the score as it is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from s3eval_view.report.cells import Cell, ReportTable, cell, stem
from s3eval_view.report.evidence import measure, words

if TYPE_CHECKING:
    from s3eval.facts.tally import Tally
    from s3eval_view.report.evidence import Evidence, RunEvidence

__all__ = ["arithmetic_tables", "walked"]


def walked(run: RunEvidence, task: str, metric: str) -> Tally | None:
    """The tally of a task's summary: the mean over items where there is one, else the first."""
    mine = [t for t in run.tallies if (t.task, t.metric) == (task, metric)]
    return next((t for t in mine if t.item == "mean"), mine[0] if mine else None)


def arithmetic_tables(evidence: Evidence) -> list[ReportTable]:
    """A table for each task: for each run the steps to the headline score, and the score."""
    tables = []
    for task in evidence.specs:
        metric = evidence.headline(task)
        rows: list[tuple[Cell, ...]] = []
        for run in evidence.runs:
            tally = walked(run, task, metric)
            if tally is None or tally.value is None:
                continue
            stored = run.rows[task, tally.item, metric].value
            rows += [(cell(run.label), cell(s.words), _exact(s.value)) for s in tally.steps()]
            what = f"stored score: {measure(metric)}, {words(tally.item)}"
            rows.append((cell(run.label), cell(what), _exact(stored)))
        if rows:
            tables.append(
                ReportTable(
                    stem(f"arithmetic {task}"),
                    f"{words(task)}: from counts to {measure(metric)}",
                    ("run", "step", "value"),
                    tuple(rows),
                    folded=True,
                    right=frozenset({2}),
                )
            )
    return tables


def _exact(value: float | None) -> Cell:
    return Cell("undefined" if value is None else f"{value:.10g}", (), {"": value})
