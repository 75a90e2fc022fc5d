"""A metric as sums over videos.

Every score of the benchmark is a function of sums of per-video rows: precision of counted
true and false positives, a mean error of (sum, count), corpus BLEU of n-gram counts. Kept that
way, one object gives the score (sum all rows), its patient bootstrap (weighted sums of rows, one
matrix product for thousands of resamples), its permutation test, and its counts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Counts", "Tally"]

#: (..., k) sums to (...) values; NaN where the metric is undefined. Vectorised, side-effect free.
Formula = Callable[[NDArray[np.float64]], NDArray[np.float64]]


@dataclass(frozen=True)
class Counts:
    """The denominators shown beside every score.

    asked = answered + failed + skipped; readable <= answered; scored <= readable.
    """

    asked: int = 0
    answered: int = 0
    readable: int = 0
    scored: int = 0
    failed: int = 0
    skipped: int = 0


@dataclass(frozen=True, eq=False)
class Tally:
    """One metric of one item.

    Attributes:
        task, item, metric: e.g. ("recognition", "tonic", "f1"); item "mean" for means over items.
        unit: "", "s", "points"...
        higher_is_better: direction of the metric; None where neither (counts).
        videos: the videos scored, shape (n,).
        rows: float64, shape (n, k): what each video contributes.
        formula: sums (..., k) to values (...), NaN where undefined.
        counts: denominators.
        note: what a reader must know ("12 unparsed dropped").

    >>> t = Tally("timing", "tonic", "mae", ("a", "b"), np.array([[4.0, 1], [2.0, 1]]), ratio)
    >>> t.value
    3.0
    """

    task: str
    item: str
    metric: str
    videos: tuple[str, ...]
    rows: NDArray[np.float64]
    formula: Formula
    unit: str = ""
    higher_is_better: bool | None = True
    counts: Counts = field(default_factory=Counts)
    note: str = ""
    detail: dict[str, Any] = field(default_factory=dict)

    @property
    def value(self) -> float | None:
        """The score: the formula of the summed rows; None when it is undefined."""
        if not len(self.videos):
            return None
        found = float(self.formula(self.rows.sum(axis=0)))
        return None if np.isnan(found) else found

    def resampled(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """The values under weights, shape (resamples, n) -> (resamples,)."""
        return self.formula(weights @ self.rows)


def ratio(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """sums[..., 0] / sums[..., 1], NaN where the denominator is 0: means of anything."""
    below = sums[..., 1]
    if (below > 0).all():
        quotient: NDArray[np.float64] = sums[..., 0] / below
        return quotient
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(below > 0, sums[..., 0] / below, np.nan)
