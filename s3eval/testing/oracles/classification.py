"""Precision, recall, F1 and accuracy of yes/no answers and of answers with more labels.

Tasks 1, 3 and 7 (paper, Sections 3.2.1, 3.2.3 and D.2; Tables 2, 13, 15, 19, 21).
"""

from __future__ import annotations

import warnings
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from s3eval.errors import S3EvalError

__all__ = ["ClassScores", "binary_scores", "coverage", "macro_scores", "paired"]


@dataclass(frozen=True)
class ClassScores:
    """Scores of ``n`` scored pairs, each in [0, 1] without unit, higher is better.

    All four are None exactly when ``n`` is 0: nothing was scored, which is not a score of 0.
    """

    precision: float | None
    recall: float | None
    f1: float | None
    accuracy: float | None
    n: int


NOTHING = ClassScores(None, None, None, None, 0)


def paired(
    truth: Sequence[str | None],
    predicted: Sequence[str | None],
    allowed: Collection[str] | None = None,
) -> tuple[list[str], list[str]]:
    """The pairs that count: both sides present and, if ``allowed`` is given, in it.

    Args:
        truth, predicted: labels of the same n videos; None where there is none.
        allowed: the labels that count on both sides, e.g. {"yes", "no"}.

    Returns:
        the kept truths and predictions; how many were dropped is the difference in length.

    Raises:
        S3EvalError: the two differ in length.

    >>> paired(["yes", "na", "no"], ["no", "yes", "Fail"], {"yes", "no"})
    (['yes'], ['no'])
    """
    _same_length(truth, predicted)
    kept = [
        (t, p)
        for t, p in zip(truth, predicted, strict=True)
        if t is not None and p is not None and (allowed is None or (t in allowed and p in allowed))
    ]
    return [t for t, _ in kept], [p for _, p in kept]


def binary_scores(truth: Sequence[str], predicted: Sequence[str], positive: str) -> ClassScores:
    """Scores for one positive label; every other label is the negative.

    precision = TP / (TP + FP), recall = TP / (TP + FN), F1 = 2PR / (P + R), accuracy =
    correct / n; a zero denominator gives 0 (``zero_division`` of the protocol), but no pairs
    at all give None. Computed by scikit-learn.

    Args:
        truth, predicted: n labels each; filter them with :func:`paired` first.
        positive: the label searched for: "yes" (Task 1), "right" (Task 3), "ES" (Task 7).

    Source: paper, Section 3.2.1 and D.2; Tables 13, 15, 19, 21 and Table 2 (Task 7).

    >>> binary_scores(["yes", "yes", "no"], ["yes", "no", "no"], "yes")
    ClassScores(precision=1.0, recall=0.5, f1=0.6666666666666666, accuracy=0.6666666666666666, n=3)
    >>> binary_scores([], [], "yes").f1 is None
    True
    """
    _same_length(truth, predicted)
    if not truth:
        return NOTHING
    from sklearn.metrics import accuracy_score, precision_recall_fscore_support

    p, r, f1, _ = precision_recall_fscore_support(
        [t == positive for t in truth],
        [x == positive for x in predicted],
        average="binary",
        zero_division=0,
    )
    accuracy = accuracy_score(truth, predicted)
    return ClassScores(float(p), float(r), float(f1), float(accuracy), len(truth))


def macro_scores(
    truth: Sequence[str], predicted: Sequence[str], labels: Sequence[str] | None = None
) -> ClassScores:
    """Scores averaged over labels, each label weighing the same however rare it is.

    Args:
        truth, predicted: n labels each.
        labels: the labels averaged over; None means all that occur on either side.

    A label with a zero denominator contributes 0; no pairs at all give None.

    Source: verbal_responsiveness of Task 1 (yes, no, na) and the onset body part of Task 3
    (paper, Section 3.2.3; Tables 15, 19, 21).

    >>> macro_scores(["head", "face"], ["head", "arms"])
    ClassScores(precision=0.3333333333333333, recall=0.3333333333333333, f1=0.3333333333333333, \
accuracy=0.5, n=2)
    """
    _same_length(truth, predicted)
    if not truth:
        return NOTHING
    from sklearn.metrics import accuracy_score, precision_recall_fscore_support

    with warnings.catch_warnings():
        # Many distinct answers look like a regression target to scikit-learn; they are labels.
        warnings.filterwarnings("ignore", message="The number of unique classes")
        p, r, f1, _ = precision_recall_fscore_support(
            truth, predicted, labels=labels, average="macro", zero_division=0
        )
    accuracy = accuracy_score(truth, predicted)
    return ClassScores(float(p), float(r), float(f1), float(accuracy), len(truth))


def coverage(
    predicted: Sequence[str | None], allowed: Collection[str] | None = None
) -> float | None:
    """Share of all answers asked for that can be scored; the rest failed or could not be read.

    Args:
        predicted: n answers, None where there is none.
        allowed: the labels that count; None means any.

    In [0, 1], higher is better; None for no answers. To be shown beside every score above, since
    a model that answers only when sure looks better on what it answers.

    >>> coverage(["yes", None, "Fail", "no"], {"yes", "no"})
    0.5
    """
    if not predicted:
        return None
    return sum(p is not None and (allowed is None or p in allowed) for p in predicted) / len(
        predicted
    )


def _same_length(truth: Sequence[object], predicted: Sequence[object]) -> None:
    if len(truth) != len(predicted):
        raise S3EvalError(
            f"Expected as many predictions as truths, but got {len(predicted)} and {len(truth)}"
        )
