"""Agreement of two raters, two rankings or two distributions (Tables 5, 10, 31; paper, A and D).

Every function takes two sequences of the same length n and gives None where the measure is
undefined (too few values, or no variation), never 0 or NaN.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from s3eval.errors import S3EvalError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = [
    "PairwiseAccuracy",
    "cohens_kappa",
    "cosine",
    "earth_movers_distance",
    "kendall",
    "pairwise_accuracy",
    "pearson",
    "spearman",
]


def cohens_kappa(one: Sequence[str], other: Sequence[str]) -> float | None:
    """Agreement of two raters beyond chance: (observed - expected) / (1 - expected).

    In [-1, 1], 1 perfect, symmetric. None for no pairs, and where both raters give one and the
    same label throughout, since chance agreement is then already perfect.
    Source: Table 31; J. Cohen (1960). Computed here, since scikit-learn takes a second to import.

    >>> cohens_kappa(["yes", "no", "yes", "no"], ["yes", "no", "no", "no"])
    0.5
    >>> cohens_kappa(["no", "no"], ["no", "no"]) is None
    True
    """
    _same_length(one, other)
    if not one or len({*one, *other}) < 2:
        return None
    import numpy

    labels, codes = numpy.unique([*one, *other], return_inverse=True)
    pairs = codes[: len(one)] * len(labels) + codes[len(one) :]
    observed = numpy.bincount(pairs, minlength=len(labels) ** 2).astype(float)
    observed = observed.reshape(len(labels), len(labels))
    expected = numpy.outer(observed.sum(axis=0), observed.sum(axis=1)) / len(one)
    # 1 - disagreement / disagreement by chance, which is the same and exact where both agree.
    differ = ~numpy.eye(len(labels), dtype=bool)
    return _number(1 - observed[differ].sum() / expected[differ].sum())


def pearson(one: Sequence[float], other: Sequence[float]) -> float | None:
    """Linear correlation, in [-1, 1], symmetric; None for n < 2 or a constant side.

    Source: Tables 5 and 10. Computed by SciPy.

    >>> round(pearson([1, 2, 3], [2, 4, 7]), 3)
    0.993
    """
    _same_length(one, other)
    if len(one) < 2 or len({*one}) < 2 or len({*other}) < 2:
        return None
    from scipy import stats

    with warnings.catch_warnings():
        # Nearly constant input warns; what comes out is then NaN and becomes None.
        warnings.simplefilter("ignore")
        return _number(stats.pearsonr(list(one), list(other)).statistic)


def spearman(one: Sequence[float], other: Sequence[float]) -> float | None:
    """Correlation of mean ranks, in [-1, 1], symmetric; None for n < 2 or a constant side.

    Source: Table 10. Computed here, since SciPy's statistics take most of a second to import;
    equal to SciPy's.

    >>> spearman([1, 2, 3], [1, 10, 100])
    1.0
    """
    _same_length(one, other)
    if _is_constant(one) or _is_constant(other):
        return None
    import numpy

    with numpy.errstate(divide="ignore", invalid="ignore"):
        ranks = numpy.column_stack([_ranks(one), _ranks(other)])
        return _number(numpy.asarray(numpy.corrcoef(ranks, rowvar=False))[1, 0])


def kendall(one: Sequence[float], other: Sequence[float]) -> float | None:
    """Kendall's tau-b (corrected for ties), in [-1, 1], symmetric; None as for Pearson.

    Source: Table 10; M. Kendall (1945). Computed here as Spearman's is, pair by pair; equal to
    SciPy's.

    >>> round(kendall([1, 2, 2, 3], [1, 2, 3, 4]), 3)
    0.913
    """
    _same_length(one, other)
    if _is_constant(one) or _is_constant(other):
        return None
    import numpy

    # Ranks, so that no difference of two large or small values is lost in rounding.
    a, b = _ranks(one), _ranks(other)
    alike = tied_a = tied_b = 0
    for i in range(1, len(a)):
        order_a, order_b = numpy.sign(a[i] - a[:i]), numpy.sign(b[i] - b[:i])
        alike += int(order_a @ order_b)
        tied_a += i - int(numpy.count_nonzero(order_a))
        tied_b += i - int(numpy.count_nonzero(order_b))
    pairs = len(a) * (len(a) - 1) // 2
    tau = alike / math.sqrt(pairs - tied_a) / math.sqrt(pairs - tied_b)
    return max(-1.0, min(1.0, tau))


def _is_constant(values: Sequence[float]) -> bool:
    """Whether nothing can correlate with them: fewer than two, all the same, or not a number."""
    return len({*values}) < 2 or any(math.isnan(v) for v in values)


def _ranks(values: Sequence[float]) -> NDArray[np.float64]:
    """The place of each value, from 1; of equal values the mean of their places."""
    import numpy

    _, codes, counts = numpy.unique(
        numpy.asarray(values, dtype=float), return_inverse=True, return_counts=True
    )
    last = numpy.cumsum(counts)
    ranks: NDArray[np.float64] = (last - (counts - 1) / 2)[codes]
    return ranks


def cosine(one: Sequence[float], other: Sequence[float]) -> float | None:
    """Cosine of the angle of two vectors, in [-1, 1] ([0, 1] for counts), symmetric.

    None for empty or all-zero vectors. Source: Table 5.

    >>> cosine([1, 0], [0, 1])
    0.0
    """
    _same_length(one, other)
    lengths = math.hypot(*one) * math.hypot(*other) if one else 0.0
    if not lengths:
        return None
    product = math.fsum(a * b for a, b in zip(one, other, strict=True)) / lengths
    return max(-1.0, min(1.0, product))


def earth_movers_distance(
    one: Sequence[float], other: Sequence[float], positions: Sequence[float] | None = None
) -> float | None:
    """Least work that turns one distribution into the other (1-Wasserstein distance).

    Args:
        one, other: non-negative weights of the same n bins; each is normalised to sum to 1.
        positions: where the bins lie, 0, 1, 2, ... when not given; the result has their unit.

    >= 0, lower is better, symmetric, 0 for equal distributions; None when a side has no weight.
    Source: Table 5. Computed by SciPy.

    >>> earth_movers_distance([1, 0, 0], [0, 0, 1])
    2.0
    """
    _same_length(one, other)
    if not one or sum(one) <= 0 or sum(other) <= 0:
        return None
    from scipy.stats import wasserstein_distance

    places = list(range(len(one))) if positions is None else list(positions)
    return _number(wasserstein_distance(places, places, list(one), list(other)))


@dataclass(frozen=True)
class PairwiseAccuracy:
    """Share of ordered pairs, in [0, 1]; ``value`` is None when no pair can be ordered.

    Attributes:
        correct, n: pairs ordered alike, of the pairs whose expert ratings differ.
        ties: pairs among n that the metric does not separate (counted as wrong).
    """

    value: float | None
    correct: int
    n: int
    ties: int


def pairwise_accuracy(metric: Sequence[float], expert: Sequence[float]) -> PairwiseAccuracy:
    """How often the metric orders two texts as the expert does.

    Over all pairs whose expert ratings differ, the share that the metric puts in the same
    order; a tie of the metric is wrong. Source: Table 10 (recomputed from Table 11).

    >>> pairwise_accuracy([1.0, 2.0, 2.0], [1, 2, 3])
    PairwiseAccuracy(value=0.6666666666666666, correct=2, n=3, ties=1)
    """
    _same_length(metric, expert)
    correct = n = ties = 0
    for i in range(len(metric)):
        for j in range(i):
            wanted = expert[i] - expert[j]
            if wanted:
                metric_gap = metric[i] - metric[j]
                n += 1
                ties += metric_gap == 0
                correct += wanted * metric_gap > 0
    return PairwiseAccuracy(correct / n if n else None, correct, n, ties)


def _number(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def _same_length(one: Sequence[object], other: Sequence[object]) -> None:
    if len(one) != len(other):
        raise S3EvalError(
            f"Expected two sequences of one length, but got {len(one)} and {len(other)}"
        )
