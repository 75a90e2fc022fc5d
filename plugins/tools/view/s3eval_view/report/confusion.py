"""Confusion counts of labels: sensitivity, specificity, predictive values, share of yes answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from s3eval_view.report.cells import Cell, ReportTable, cell
from s3eval_view.report.evidence import in_order, words

if TYPE_CHECKING:
    from s3eval_view.report.evidence import Evidence, Known, RunEvidence

__all__ = ["Confusion", "confusion_of", "confusion_table"]


@dataclass(frozen=True)
class Confusion:
    """One item of one run: videos by what was answered and what is annotated.

    Other labels than the positive one ("no", "na") count as negative. Videos without an
    annotation take no part; ``unanswered`` have one, and no readable answer.
    """

    task: str
    item: str
    positive: str
    true_positive: int
    false_positive: int
    false_negative: int
    true_negative: int
    unanswered: int

    @property
    def scored(self) -> int:
        """Videos with answer and annotation."""
        return self.true_positive + self.false_positive + self.false_negative + self.true_negative

    @property
    def sensitivity(self) -> float | None:
        """Share of the annotated positives that were found, in [0, 1]."""
        return _share(self.true_positive, self.true_positive + self.false_negative)

    @property
    def specificity(self) -> float | None:
        """Share of the annotated negatives that were called so, in [0, 1]."""
        return _share(self.true_negative, self.true_negative + self.false_positive)

    @property
    def positive_predictive(self) -> float | None:
        """Share of the positive answers that are right, in [0, 1]."""
        return _share(self.true_positive, self.true_positive + self.false_positive)

    @property
    def negative_predictive(self) -> float | None:
        """Share of the negative answers that are right, in [0, 1]."""
        return _share(self.true_negative, self.true_negative + self.false_negative)

    @property
    def said(self) -> float | None:
        """Share of positive answers, in [0, 1]."""
        return _share(self.true_positive + self.false_positive, self.scored)

    @property
    def prevalence(self) -> float | None:
        """Share of annotated positives among the scored videos, in [0, 1]."""
        return _share(self.true_positive + self.false_negative, self.scored)


def _share(part: int, whole: int) -> float | None:
    """A share; None of nothing.

    >>> _share(1, 2), _share(0, 0)
    (0.5, None)
    """
    return part / whole if whole else None


def confusion_of(run: RunEvidence, task: str) -> dict[str, Confusion]:
    """By item the counts of a run, for the items that search for a label."""
    groups: dict[str, list[Known]] = {}
    for known in run.known(task):
        if known.item.kind == "label" and known.item.positive and known.truth is not None:
            groups.setdefault(known.item.name, []).append(known)
    found = {}
    for name in in_order(list(groups)):
        theirs = groups[name]
        positive = theirs[0].item.positive
        pairs = [
            (k.finding.value == positive, k.truth == positive)
            for k in theirs
            if k.finding.state == "answered"
        ]
        found[name] = Confusion(
            task,
            name,
            positive,
            pairs.count((True, True)),
            pairs.count((True, False)),
            pairs.count((False, True)),
            pairs.count((False, False)),
            len(theirs) - len(pairs),
        )
    return found


_COLUMNS = (
    "item", "TP", "FP", "FN", "TN", "no answer", "sensitivity", "specificity",
    "PPV", "NPV", "said", "prevalence",
)  # fmt: skip


def confusion_table(evidence: Evidence, task: str, run: RunEvidence, name: str) -> ReportTable:
    """The counts of a run's items of one task."""
    rows = []
    found = confusion_of(run, task)
    for one in found.values():
        counts = (one.true_positive, one.false_positive, one.false_negative, one.true_negative)
        shares = (
            one.sensitivity,
            one.specificity,
            one.positive_predictive,
            one.negative_predictive,
            one.said,
            one.prevalence,
        )
        rows.append(
            (
                Cell(words(one.item), (), {"": one.item}),
                *(cell(n) for n in (*counts, one.unanswered)),
                *(cell(s) for s in shares),
            )
        )
    positives = ", ".join(dict.fromkeys(one.positive for one in found.values()))
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
