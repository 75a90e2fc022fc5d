"""Confusion counts of labels: sensitivity, specificity, predictive values, share of yes answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from s3eval.reporting.scores import in_order
from s3eval.statistics.confusion import Confusion, counted
from s3eval_view.report.cells import Cell, ReportTable, cell
from s3eval_view.report.evidence import words

if TYPE_CHECKING:
    from s3eval_view.report.evidence import Evidence, Known, RunEvidence

__all__ = ["Confusion", "confusion_of", "confusion_table"]


def confusion_of(run: RunEvidence, task: str) -> dict[str, Confusion]:
    """By item the counts of a run, for the items that search for a label."""
    groups: dict[str, list[Known]] = {}
    for known in run.known(task):
        if known.item.kind == "label" and known.item.positive and known.truth is not None:
            groups.setdefault(known.item.name, []).append(known)
    confusions = {}
    for name in in_order(groups):
        members = groups[name]
        positive = members[0].item.positive
        labelled = [(k.finding, k.truth) for k in members]
        confusions[name] = counted(task, name, positive, labelled)
    return confusions


_COLUMNS = (
    "item", "TP", "FP", "FN", "TN", "no answer", "sensitivity", "specificity",
    "PPV", "NPV", "said", "prevalence",
)  # fmt: skip


def confusion_table(evidence: Evidence, task: str, run: RunEvidence, name: str) -> ReportTable:
    """The counts of a run's items of one task."""
    rows = []
    confusions = confusion_of(run, task)
    for one in confusions.values():
        counts = (one.true_positive, one.false_positive, one.false_negative, one.true_negative)
        shares = (
            one.sensitivity,
            one.specificity,
            one.positive_predictive,
            one.negative_predictive,
            one.predicted_prevalence,
            one.prevalence,
        )
        rows.append(
            (
                Cell(words(one.item), (), {"": one.item}),
                *(cell(n) for n in (*counts, one.unanswered)),
                *(cell(s) for s in shares),
            )
        )
    positives = ", ".join(dict.fromkeys(one.positive for one in confusions.values()))
    return ReportTable(
        name,
        f"{words(task)} · {run.label}: confusion counts",
        _COLUMNS,
        tuple(rows),
        f"Positive: {positives}. TP, FP, FN, TN: videos; PPV, NPV: predictive values; said: the "
        "share of positive answers, to be read against prevalence, the share annotated so.",
        folded=len(evidence.runs) > 1,
        right=frozenset(range(1, len(_COLUMNS))),
    )
