"""Formulas of sums over videos: what `Tally` computes a metric by.

Every formula works over leading axes, so a bootstrap is one matrix product (weights @ rows) and
one call. Each equals the library it stands for (scikit-learn, sacrebleu) on the plain sums; the
tests hold them to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from s3eval.errors import S3EvalError
from s3eval.facts.tally import Formula

__all__ = ["BINARY", "binary_formula", "macro_formula", "mean_formula"]

Floats = NDArray[np.float64]
BINARY = ("precision", "recall", "f1", "accuracy")


def _over(above: Floats, below: Floats, otherwise: float = 0.0) -> Floats:
    """above / below, and ``otherwise`` where below is 0 (scikit-learn's zero_division)."""
    if (below > 0).all():
        return above / below  # Resampling asks thousands of times, nearly always for this.
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(below > 0, above / np.where(below > 0, below, 1.0), otherwise)


def _counted(columns: Sequence[Floats]) -> Floats:
    """The sum of a few columns of counts: whole numbers, so that their order changes no bit.

    NumPy's own sum over so short an axis takes many times as long.
    """
    total = columns[0]
    for column in columns[1:]:
        total = total + column
    return total


def _added(columns: Sequence[Floats]) -> Floats:
    """The sum of a few columns of fractions."""
    if len(columns) < 8:
        return _counted(columns)
    # NumPy adds so many in another order, and stored figures were made with it.
    many: Floats = np.stack(columns, axis=-1).sum(axis=-1)
    return many


def binary_formula(metric: str) -> Formula:
    """(..., 4) sums of tp, fp, fn, tn to precision, recall, f1 or accuracy in [0, 1].

    precision tp/(tp+fp), recall tp/(tp+fn), f1 2tp/(2tp+fp+fn), each 0 where its denominator is
    0 (zero_division 0); accuracy (tp+tn)/n. All NaN where nothing was counted.

    >>> float(binary_formula("f1")(np.array([2.0, 1.0, 1.0, 6.0])))
    0.6666666666666666
    """
    if metric not in BINARY:
        raise S3EvalError(f"Expected metric to be one of {BINARY}, but got {metric!r}")

    def formula(sums: Floats) -> Floats:
        tp, fp, fn, tn = (sums[..., i] for i in range(4))
        # Added by hand: a sum over so short an axis takes longer than all the rest.
        if metric == "f1":
            above = 2 * tp
            below = above + fp + fn
        elif metric == "accuracy":
            above, below = tp + tn, tp + fp + fn + tn
        else:
            above, below = tp, tp + (fp if metric == "precision" else fn)
        if (below > 0).all():
            return above / below  # Where the denominator is not 0, something was counted.
        value = _over(above, below)
        return np.where(tp + fp + fn + tn > 0, value, np.nan)

    return formula


def macro_formula(metric: str, labels: int) -> Formula:
    """(..., labels²) counts of a flattened confusion matrix (truth × prediction) to a macro mean.

    precision, recall and f1 are averaged over the labels that occur in truth or prediction
    (scikit-learn's default), zero_division 0; accuracy is the diagonal's share.

    >>> float(macro_formula("recall", 2)(np.array([1.0, 1.0, 0.0, 2.0])))
    0.75
    """
    if metric not in BINARY:
        raise S3EvalError(f"Expected metric to be one of {BINARY}, but got {metric!r}")

    def formula(sums: Floats) -> Floats:
        if not labels:  # Nothing was annotated or answered.
            return np.full(sums.shape[:-1], np.nan)
        cells = [[sums[..., labels * i + j] for j in range(labels)] for i in range(labels)]
        hit = [cells[i][i] for i in range(labels)]
        true = [_counted(row) for row in cells]
        predicted = [_counted(column) for column in zip(*cells, strict=True)]
        if metric == "accuracy":
            return _over(_counted(hit), _counted(true), np.nan)
        values, seen = [], []
        for of_label, t, p in zip(hit, true, predicted, strict=True):
            either = t + p
            if metric == "f1":
                value = _over(2 * of_label, either)
            else:
                value = _over(of_label, p if metric == "precision" else t)
            seen.append(either > 0)
            values.append(np.where(seen[-1], value, 0.0))
        return _over(_added(values), _counted([s.astype(np.float64) for s in seen]), np.nan)

    return formula


def mean_formula(parts: Sequence[Formula], starts: Any, missing: float | None) -> Formula:
    """The unweighted mean of several formulas over sums that stand side by side.

    Args:
        starts: the column at which each formula's sums begin, and the end of the last.
        missing: what an undefined value counts as; None leaves it out of the mean.
    """

    def formula(sums: Floats) -> Floats:
        values = np.empty((*sums.shape[:-1], len(parts)))
        for i, (part, a, b) in enumerate(zip(parts, starts, starts[1:], strict=False)):
            values[..., i] = part(sums[..., a:b])
        total: Floats = values.sum(axis=-1)
        if not np.isnan(total).any():
            return total / len(parts)
        known = ~np.isnan(values)
        if missing is not None:
            filled: Floats = np.where(known, values, missing).mean(axis=-1)
            return filled
        return _over(np.where(known, values, 0.0).sum(axis=-1), known.sum(axis=-1), np.nan)

    return formula
