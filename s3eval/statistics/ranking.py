"""AUROC, average precision, Brier score and calibration error, under patient weights.

Each takes weights of shape (m, n), one row a resample, and gives m values, so an interval is one
call; one row of ones gives the score itself, equal to scikit-learn's.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

__all__ = ["BINS", "auroc", "average_precision", "brier", "calibration_error", "reliability"]

Floats = NDArray[np.float64]
Labels = NDArray[np.bool_]
BINS = 10


def _over(above: Floats, below: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(below > 0, above / np.where(below > 0, below, 1.0), np.nan)


def auroc(truth: Labels, score: Floats, weights: Floats) -> Floats:
    """The chance that a positive video scores above a negative one, ties counting half, [0, 1].

    Args:
        truth: (n,) True for the positive class; ``score`` (n,) grows with it.
        weights: (m, n), not negative.

    Returns:
        (m,), NaN where a row has no positive or no negative.

    >>> auroc(np.array([True, False]), np.array([0.9, 0.1]), np.ones((1, 2))).tolist()
    [1.0]
    """
    levels, place = np.unique(score, return_inverse=True)
    sums = _by_level(place, len(levels))
    positive, negative = sums(weights * truth), sums(weights * ~truth)
    below = np.cumsum(negative, axis=1) - negative
    wins = (positive * (below + negative / 2)).sum(axis=1)
    return _over(wins, positive.sum(axis=1) * negative.sum(axis=1))


def average_precision(truth: Labels, score: Floats, weights: Floats) -> Floats:
    """The precision at each threshold weighted by the recall it adds, in [0, 1].

    Its chance level is the share of positives, not 0.5. NaN where a row has no positive.

    >>> average_precision(np.array([True, False]), np.array([0.1, 0.9]), np.ones((1, 2))).tolist()
    [0.5]
    """
    levels, place = np.unique(-score, return_inverse=True)
    sums = _by_level(place, len(levels))
    positive, every = sums(weights * truth), sums(weights)
    precision = np.nan_to_num(_over(np.cumsum(positive, axis=1), np.cumsum(every, axis=1)))
    return _over((precision * positive).sum(axis=1), positive.sum(axis=1))


def _by_level(place: NDArray[np.intp], levels: int) -> Callable[[Floats], Floats]:
    one_hot = np.zeros((len(place), levels))
    one_hot[np.arange(len(place)), place.ravel()] = 1.0
    return lambda weights: weights @ one_hot


def brier(truth: Labels, probability: Floats, weights: Floats) -> Floats:
    """The mean squared distance of the probability from the truth, in [0, 1], lower is better.

    >>> brier(np.array([True, False]), np.array([0.5, 0.5]), np.ones((1, 2))).tolist()
    [0.25]
    """
    return _over(weights @ (probability - truth) ** 2, weights.sum(axis=1))


def _bin(probability: Floats, bins: int) -> NDArray[np.intp]:
    return np.minimum((probability * bins).astype(np.intp), bins - 1)


def calibration_error(
    truth: Labels, probability: Floats, weights: Floats, bins: int = BINS
) -> Floats:
    """Expected calibration error over equal-width bins, in [0, 1], lower is better.

    Sum over bins of (share of videos) x |mean probability - share of positives|.

    >>> p, y = np.array([0.8, 0.8, 0.8, 0.8]), np.array([True, True, True, False])
    >>> calibration_error(y, p, np.ones((1, 4))).round(3).tolist()
    [0.05]
    """
    sums = _by_level(_bin(probability, bins), bins)
    gaps = np.abs(sums(weights * probability) - sums(weights * truth))
    return _over(gaps.sum(axis=1), weights.sum(axis=1))


def reliability(
    truth: Labels, probability: Floats, bins: int = BINS
) -> list[dict[str, float | int | None]]:
    """The reliability curve: for each bin its range, mean probability, share and count.

    >>> curve = reliability(np.array([True, False]), np.array([0.95, 0.05]), bins=2)
    >>> [(b["low"], b["videos"], b["probability"], b["positives"]) for b in curve]
    [(0.0, 1, 0.05, 0.0), (0.5, 1, 0.95, 1.0)]
    """
    place = _bin(probability, bins)
    curve: list[dict[str, float | int | None]] = []
    for b in range(bins):
        mine = place == b
        n = int(mine.sum())
        curve.append(
            {
                "low": b / bins,
                "high": (b + 1) / bins,
                "videos": n,
                "probability": float(probability[mine].mean()) if n else None,
                "positives": float(truth[mine].mean()) if n else None,
            }
        )
    return curve
