"""What the tasks' baselines share: where a label is learnt, and how it is given.

The constant that looks best on the test labels would be fitted to them. So a label that has to
be learnt (a majority, a prevalence, a median) comes from other patients: from the dataset's
training folds where it has any, else from all scored videos but the patient's own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from s3eval.task import Finding, ScoringContext

__all__ = ["answered_alike", "majority", "training_values"]

T = TypeVar("T")


def training_values(
    findings: Iterable[Finding],
    context: ScoringContext,
    truth: Callable[[ScoringContext, str, str], T | None],
) -> Mapping[tuple[str, str], list[T]]:
    """For each (video, item) of the findings the annotated values one may learn from.

    Args:
        truth: the annotated value of a video's item, None where there is none.

    Returns:
        by (video, item): the values of the training folds (videos that have a fold none of the
        findings' videos is in) when the dataset has such videos with a value for the item; else
        those of the findings' videos of all *other* patients.
    """
    dataset = context.dataset
    asked = [f for f in findings if f.video in dataset.annotations]
    tested = {f.video for f in asked}
    by_name = {v.name: v for v in dataset.videos}
    folds = {by_name[n].fold for n in tested if n in by_name}
    patients = {by_name[n].patient for n in tested if n in by_name}
    training = [
        v
        for v in dataset.videos
        if v.fold is not None and v.fold not in folds and v.patient not in patients
    ]
    items = dict.fromkeys(f.item for f in asked)
    learnt = {
        i: [t for v in training if (t := truth(context, v.name, i)) is not None] for i in items
    }
    own = {
        i: [(by_name[n].patient, truth(context, n, i)) for n in sorted(tested) if n in by_name]
        for i in items
    }
    values: dict[tuple[str, str], list[T]] = {}
    of_others: dict[tuple[str, str], list[T]] = {}
    for finding in asked:
        item = finding.item
        patient = by_name[finding.video].patient if finding.video in by_name else ""
        if not learnt[item] and (item, patient) not in of_others:
            others = [t for p, t in own[item] if p != patient and t is not None]
            of_others[item, patient] = others
        values[finding.video, item] = learnt[item] or of_others[item, patient]
    return values


def majority(values: Sequence[str]) -> str | None:
    """The most frequent value (the first in the alphabet of equals); None of none.

    >>> majority(["no", "yes", "no"]), majority([])
    ('no', None)
    """
    counts = Counter(values)
    return min(counts, key=lambda v: (-counts[v], v)) if counts else None


def answered_alike(
    finding: Finding, value: Any, detail: Mapping[str, Any] | None = None
) -> Finding:
    """A baseline's finding in place of a model's; ``detail`` replaces the model's."""
    return replace(
        finding,
        state="answered",
        value=value,
        reason="",
        pieces=1,
        readable=1,
        probability=None,
        detail=dict(detail or {}),
    )
