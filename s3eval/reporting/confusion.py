"""Confusion counts as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from s3eval.facts.reports import Table
from s3eval.statistics.confusion import Confusion, confusions

if TYPE_CHECKING:
    from s3eval.statistics.scored import Scored

__all__ = ["CONFUSION_LEGEND", "confusion_records", "confusion_tables", "confusions_of"]

CONFUSION_LEGEND = (
    "TP, FP, FN, TN: videos by answer and annotation · none: annotated, and no readable answer · "
    "sens, spec: sensitivity and specificity · PPV, NPV: predictive values · said: share of "
    "positive answers, beside prev, the share annotated so"
)
_COUNTS = ("TP", "FP", "FN", "TN", "none")
_SHARES = ("sens", "spec", "PPV", "NPV", "said", "prev")


def confusions_of(scored: Scored) -> dict[str, list[Confusion]]:
    """By task the confusion counts of a run.

    Args:
        scored: with what it was made of (``evidence``).
    """
    if scored.material is None:
        return {}
    by_task = {}
    for name, findings in scored.run.findings.items():
        task = scored.material.tasks.by_name[name]
        counts = confusions(task, findings, scored.material.context(name))
        if counts:
            by_task[name] = counts
    return by_task


def confusion_tables(scored: Sequence[Scored]) -> list[Table]:
    """A table for each run and task that searches for labels; fits 80 columns where
    every question has an answer."""
    tables = []
    for one in scored:
        for task, counts in confusions_of(one).items():
            # The column of non-answers is left out where there are none: it is the one too many
            # for 80 columns.
            kept = 5 if any(c.unanswered for c in counts) else 4
            rows = [[c.item, *_counts(c)[:kept], *map(_shown, _shares(c))] for c in counts]
            positives = ", ".join(dict.fromkeys(c.positive for c in counts))
            title = f"{one.run.name} · {task} · confusion counts of '{positives}'"
            columns = ["item", *_COUNTS[:kept], *_SHARES]
            tables.append(Table(title, columns, rows, right=columns[1:]))
    return tables


def confusion_records(scored: Scored) -> list[dict[str, Any]]:
    """A record for each item, for ``--json``."""
    return [
        {
            "task": task,
            "item": c.item,
            "positive": c.positive,
            "true_positive": c.true_positive,
            "false_positive": c.false_positive,
            "false_negative": c.false_negative,
            "true_negative": c.true_negative,
            "unanswered": c.unanswered,
            "sensitivity": c.sensitivity,
            "specificity": c.specificity,
            "positive_predictive": c.positive_predictive,
            "negative_predictive": c.negative_predictive,
            "said": c.predicted_prevalence,
            "prevalence": c.prevalence,
        }
        for task, counts in confusions_of(scored).items()
        for c in counts
    ]


def _counts(c: Confusion) -> list[int]:
    return [c.true_positive, c.false_positive, c.false_negative, c.true_negative, c.unanswered]


def _shares(c: Confusion) -> list[float | None]:
    return [
        c.sensitivity,
        c.specificity,
        c.positive_predictive,
        c.negative_predictive,
        c.predicted_prevalence,
        c.prevalence,
    ]


def _shown(share: float | None) -> str:
    return "-" if share is None else f"{share:.2f}"
