"""Metrics against expert ratings (paper, Tables 10 and 11), with intervals over videos.

The intervals draw whole videos (or patients) with replacement. Drawing one twice is the same as
giving its ratings the weight 2, so every statistic is written for weighted items, and thousands
of resamples are a few matrix products.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from s3eval.errors import S3EvalError
from s3eval.metrics.agreement import kendall, pairwise_accuracy, pearson, spearman
from s3eval.published import Rating
from s3eval.statistics.resampling import interval, patient_draws

__all__ = ["STATISTICS", "Agreement", "Rating", "agreements", "as_json"]

Floats = NDArray[np.float64]
STATISTICS = ("pearson", "spearman", "kendall", "pairwise_accuracy")


@dataclass(frozen=True)
class Agreement:
    """How a metric agrees with the experts.

    Attributes:
        metric: its column.
        n: texts with both a value and a rating; ``missing`` have no value.
        groups: videos (or patients) that are drawn.
        values: by statistic; None where undefined (a constant side).
        intervals: by statistic (low, high), None where the resamples cannot tell.
        pairs: pairs of texts whose ratings differ (pairwise accuracy's denominator).
    """

    metric: str
    n: int
    missing: int
    groups: int
    values: Mapping[str, float | None]
    intervals: Mapping[str, tuple[float, float] | None] = field(default_factory=dict)
    pairs: int = 0


def agreements(ratings: Sequence[Rating], resamples: int = 2000, seed: int = 0) -> list[Agreement]:
    """Every metric against the ratings, in column order.

    Raises:
        S3EvalError: there are no ratings.

    >>> rows = [Rating("m", str(i), str(i), {"rqi": float(v)}, e)
    ...         for i, (v, e) in enumerate([(10, 1), (20, 2), (15, 2), (40, 5)])]
    >>> found = agreements(rows, resamples=50)[0]
    >>> found.n, round(found.values["pairwise_accuracy"], 2)
    (4, 1.0)
    """
    if not ratings:
        raise S3EvalError("There are no ratings to compare with")
    names = dict.fromkeys(name for r in ratings for name in r.metrics)
    return [_agreement(name, ratings, resamples, seed) for name in names]


def _agreement(name: str, ratings: Sequence[Rating], resamples: int, seed: int) -> Agreement:
    rated = [(r.metrics[name], r) for r in ratings if r.metrics.get(name) is not None]
    x = [float(v) for v, _ in rated if v is not None]
    y = [r.expert for _, r in rated]
    accuracy = pairwise_accuracy(x, y)
    values = {
        "pearson": pearson(x, y),
        "spearman": spearman(x, y),
        "kendall": kendall(x, y),
        "pairwise_accuracy": accuracy.value,
    }
    groups = sorted({r.group for _, r in rated})
    place = {g: i for i, g in enumerate(groups)}
    owner = np.array([place[r.group] for _, r in rated], dtype=np.intp)
    intervals: dict[str, tuple[float, float] | None] = dict.fromkeys(STATISTICS)
    if resamples and len(groups) > 1:
        draws = patient_draws(len(groups), resamples, seed)
        out = 1.0 - np.eye(len(groups))
        both = np.concatenate([draws, out])[:, owner]
        for statistic, function in _WEIGHTED.items():
            resampled = function(np.array(x), np.array(y), both)
            ends = interval(values[statistic], resampled[:resamples], resampled[resamples:])
            if ends.low is not None and ends.high is not None:
                intervals[statistic] = (ends.low, ends.high)
    missing = len(ratings) - len(rated)
    return Agreement(name, len(x), missing, len(groups), values, intervals, accuracy.n)


def _signs(values: Floats) -> Floats:
    return np.sign(values[:, None] - values[None, :])


def _pairs(weights: Floats, matrix: Floats) -> Floats:
    """Half of w' M w for every row w: the weighted sum over pairs."""
    return np.asarray(((weights @ matrix) * weights).sum(axis=1) / 2)


def _divide(above: Floats, below: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(below > 1e-12, above / below, np.nan)


def weighted_pearson(x: Floats, y: Floats, weights: Floats) -> Floats:
    """Pearson correlation under each row of weights, shape (m, n) -> (m,); NaN if undefined."""
    return _moments(np.broadcast_to(x, weights.shape), np.broadcast_to(y, weights.shape), weights)


def weighted_spearman(x: Floats, y: Floats, weights: Floats) -> Floats:
    """Spearman correlation under each row of weights: Pearson of the resample's mean ranks."""
    return _moments(_ranks(x, weights), _ranks(y, weights), weights)


def _ranks(values: Floats, weights: Floats) -> Floats:
    less = (values[:, None] < values[None, :]).astype(np.float64)
    equal = (values[:, None] == values[None, :]).astype(np.float64)
    return np.asarray(weights @ less + (weights @ equal + 1) / 2)


def _moments(x: Floats, y: Floats, weights: Floats) -> Floats:
    total = weights.sum(axis=1, keepdims=True)
    dx = x - (weights * x).sum(axis=1, keepdims=True) / total
    dy = y - (weights * y).sum(axis=1, keepdims=True) / total
    above = (weights * dx * dy).sum(axis=1)
    return _divide(above, np.sqrt((weights * dx**2).sum(axis=1) * (weights * dy**2).sum(axis=1)))


def weighted_kendall(x: Floats, y: Floats, weights: Floats) -> Floats:
    """Kendall's tau-b under each row of weights; a text drawn twice is tied with itself."""
    sx, sy = _signs(x), _signs(y)
    untied = _pairs(weights, sx**2) * _pairs(weights, sy**2)
    return _divide(_pairs(weights, sx * sy), np.sqrt(untied))


def weighted_pairwise(x: Floats, y: Floats, weights: Floats) -> Floats:
    """Pairwise accuracy under each row of weights."""
    sx, sy = _signs(x), _signs(y)
    right = (sx * sy > 0).astype(np.float64)
    return _divide(_pairs(weights, right), _pairs(weights, sy**2))


_WEIGHTED: dict[str, Callable[[Floats, Floats, Floats], Floats]] = {
    "pearson": weighted_pearson,
    "spearman": weighted_spearman,
    "kendall": weighted_kendall,
    "pairwise_accuracy": weighted_pairwise,
}


def as_json(agreement: Agreement) -> dict[str, Any]:
    """An agreement as plain data."""
    return {
        "metric": agreement.metric,
        "n": agreement.n,
        "missing": agreement.missing,
        "groups": agreement.groups,
        "pairs": agreement.pairs,
        **{
            name: {"value": agreement.values[name], "interval": agreement.intervals.get(name)}
            for name in STATISTICS
        },
    }
