"""Confusion counts of labels: sensitivity, specificity, predictive values, share of yes answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from s3eval.tasks.items import asked_of, by_item, truths_of
from s3eval.vocabulary import FEATURE_NAMES

if TYPE_CHECKING:
    from s3eval.task import Finding, ScoringContext, Task

__all__ = ["Confusion", "confusions", "counted"]


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
    def predicted_prevalence(self) -> float | None:
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


def counted(
    task: str, item: str, positive: str, labelled: Iterable[tuple[Finding, Any]]
) -> Confusion:
    """The counts of an item.

    Args:
        positive: the label that is searched for.
        labelled: findings with their annotated labels.

    >>> from s3eval.task import Finding
    >>> one = Finding("recognition", "a", "tonic", "answered", "yes")
    >>> two = Finding("recognition", "b", "tonic", "failed")
    >>> found = counted("recognition", "tonic", "yes", [(one, "no"), (two, "yes")])
    >>> found.false_positive, found.unanswered, found.specificity
    (1, 1, 0.0)
    """
    every = list(labelled)
    pairs = [(f.value == positive, true == positive) for f, true in every if f.state == "answered"]
    return Confusion(
        task,
        item,
        positive,
        pairs.count((True, True)),
        pairs.count((True, False)),
        pairs.count((False, True)),
        pairs.count((False, False)),
        len(every) - len(pairs),
    )


def confusions(task: Task, findings: Sequence[Finding], context: ScoringContext) -> list[Confusion]:
    """The counts of every item of a task that searches for a label, features in their order."""
    counts = []
    for name, of_item in by_item(asked_of(findings, context), FEATURE_NAMES).items():
        item = task.item(name)
        if item is None or item.kind != "label" or not item.positive:
            continue
        truths = truths_of(task, of_item, context)
        labelled = [(f, truths[f.video]) for f in of_item if f.video in truths]
        if labelled:
            counts.append(counted(task.name, name, item.positive, labelled))
    return counts
