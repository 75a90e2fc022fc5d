"""A metric as sums over videos.

Every score of the benchmark is a function of sums of per-video rows: precision of counted
true and false positives, a mean error of (sum, count), corpus BLEU of n-gram counts. Kept that
way, one object gives the score (sum all rows), its patient bootstrap (weighted sums of rows, one
matrix product for thousands of resamples), its permutation test, and its counts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Counts", "Step", "Tally"]

#: (..., k) sums to (...) values; NaN where the metric is undefined. Vectorised, side-effect free.
Formula = Callable[[NDArray[np.float64]], NDArray[np.float64]]


@dataclass(frozen=True)
class Step:
    """One line of a score's arithmetic.

    Attributes:
        words: what is computed of what, with its numbers: "F1 = 2 × 7 / (2 × 7 + 1 + 3)".
        value: what comes out, None where it is undefined.
    """

    words: str
    value: float | None


#: The summed rows, shape (k,), to the steps from them to the score.
Explained = Callable[[NDArray[np.float64]], Sequence[Step]]


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
        columns: what each of the k numbers of a row is; () where the task does not say.
        explained: the formula as steps to read, None where the task does not say. It computes
            them by itself, so that they can be held against the formula.

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
    columns: tuple[str, ...] = ()
    explained: Explained | None = None

    def steps(self) -> list[Step]:
        """The arithmetic from the summed rows to the score; [] where nothing was scored.

        >>> rows = np.array([[4.0, 1], [2.0, 1]])
        >>> t = Tally("timing", "tonic", "mae", ("a", "b"), rows, ratio)
        >>> t.steps()
        [Step(words='the formula of the sums 6, 2', value=3.0)]
        """
        if not len(self.videos):
            return []
        sums = self.rows.sum(axis=0)
        if self.explained is not None:
            return list(self.explained(sums))
        listed = ", ".join(f"{x:g}" for x in sums)
        return [Step(f"the formula of the sums {listed}", self.value)]

    @property
    def value(self) -> float | None:
        """The score: the formula of the summed rows; None when it is undefined."""
        if not len(self.videos):
            return None
        score = float(self.formula(self.rows.sum(axis=0)))
        return None if np.isnan(score) else score

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
