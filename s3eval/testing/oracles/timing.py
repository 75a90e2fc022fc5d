"""Errors of predicted times (Task 4; paper, Section 3.2.4; Tables 16, 22, 30)."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from s3eval.errors import S3EvalError

__all__ = ["TimingScores", "timing_scores"]


@dataclass(frozen=True)
class TimingScores:
    """How far predicted times are from the true ones.

    Attributes:
        mae: mean |predicted - true| over the parsed ones, seconds, >= 0; None when none parsed.
        median: median of the same; None when none parsed.
        coverage: parsed / n, in [0, 1]; None when n is 0.
        n: times asked for; ``parsed`` of them were readable.
        errors: the absolute errors of the parsed ones, seconds, in order.
    """

    mae: float | None
    median: float | None
    coverage: float | None
    n: int
    parsed: int
    errors: tuple[float, ...]

    def within(self, tolerance: float) -> float | None:
        """Share of **all** n whose error is at most ``tolerance`` seconds; unread ones miss.

        In [0, 1], higher is better; None when n is 0.

        >>> timing_scores([30.0, None], [31.0, 30.0]).within(5)
        0.5
        """
        if not self.n:
            return None
        return sum(error <= tolerance for error in self.errors) / self.n


def timing_scores(predicted: Sequence[float | None], truth: Sequence[float]) -> TimingScores:
    """Score predicted times in seconds, None where the answer held no time.

    The published MAE is over the parsed ones only (both protocols); ``paper`` shows the coverage
    beside it, since a model that answers only when sure looks better. The release prints 0
    where nothing parsed; here it is None.

    Raises:
        S3EvalError: the two differ in length.

    Source: paper, Section 3.2.4; Tables 16 and 22.

    >>> found = timing_scores([28.0, 36.0, None], [30.0, 30.0, 30.0])
    >>> found.mae, found.median, round(found.coverage, 2)
    (4.0, 4.0, 0.67)
    >>> timing_scores([None], [30.0]).mae is None
    True
    """
    if len(predicted) != len(truth):
        raise S3EvalError(
            f"Expected as many predictions as truths, but got {len(predicted)} and {len(truth)}"
        )
    errors = tuple(abs(p - t) for p, t in zip(predicted, truth, strict=True) if p is not None)
    return TimingScores(
        mae=statistics.fmean(errors) if errors else None,
        median=float(statistics.median(errors)) if errors else None,
        coverage=len(errors) / len(truth) if truth else None,
        n=len(truth),
        parsed=len(errors),
        errors=errors,
    )
