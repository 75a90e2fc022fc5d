"""Agreement of raters on a scale (1 to 5), as sums over what is rated, with intervals by patient.

Weighted kappa for two raters; intraclass correlation for any number, all of whom rated the same.
As sums they are resampled by patient like every score, which pingouin's ICC and scikit-learn's
kappa are not. A test holds kappa against scikit-learn, and ICC against the analysis of variance and
the example that Shrout and Fleiss print.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from s3eval.facts.tally import Formula, Tally

__all__ = ["intraclass_correlations", "scale_agreement", "weighted_kappa"]

Floats = NDArray[np.float64]
#: By what is rated, a number for each rater, in one order of raters; None where one gave none.
Numbers = Mapping[str, Sequence[float | None]]


def weighted_kappa(
    task: str, item: str, ratings: Numbers, scale: Sequence[float], weights: str = "quadratic"
) -> Tally:
    """Cohen's weighted kappa of two raters, over what both rated (J. Cohen 1968).

    1 minus the observed over the expected disagreement; a disagreement weighs the squared
    distance on the scale (``quadratic``) or the distance (``linear``). In [-1, 1]; undefined
    where no disagreement is expected.

    Args:
        ratings: of two raters.
        scale: the values there are, in order; others are an error of the caller.

    >>> both = {"a": (1, 1), "b": (2, 3), "c": (5, 5), "d": (4, 3)}
    >>> round(weighted_kappa("report", "rating", both, [1, 2, 3, 4, 5]).value, 3)
    0.889
    """
    at = {float(value): i for i, value in enumerate(scale)}
    size = len(at)
    places = np.arange(size)
    distances = np.abs(places[:, None] - places[None, :]).astype(float)
    apart = distances**2 if weights == "quadratic" else distances
    rated = [name for name, mine in sorted(ratings.items()) if None not in mine and len(mine) == 2]
    rows = np.zeros((len(rated), size**2))
    for i, name in enumerate(rated):
        one, two = (at[float(x)] for x in ratings[name] if x is not None)
        rows[i, one * size + two] = 1.0
    metric = f"{weights}_kappa"
    return Tally(task, item, metric, tuple(rated), rows, _weighted(apart))


def _weighted(apart: Floats) -> Formula:
    size = len(apart)

    def formula(sums: Floats) -> Floats:
        table = sums.reshape(*sums.shape[:-1], size, size)
        n = table.sum(axis=(-2, -1))
        observed = (table * apart).sum(axis=(-2, -1))
        both = table.sum(axis=-1)[..., :, None] * table.sum(axis=-2)[..., None, :]
        above, below = observed * n, (both * apart).sum(axis=(-2, -1))
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(below > 1e-12, 1 - above / np.where(below > 0, below, 1.0), np.nan)

    return formula


def intraclass_correlations(task: str, item: str, ratings: Numbers) -> list[Tally]:
    """ICC(2,1) and ICC(2,k): absolute agreement of one rater, and of the mean of all k.

    Two-way random effects (Shrout and Fleiss 1979; McGraw and Wong's ICC(A,1) and ICC(A,k)), over
    what all raters rated. At most 1; below 0 where raters differ more than what they rate.
    Undefined for fewer than two rated or raters, and where nothing varies.

    >>> rated = {"a": (1, 2, 1), "b": (3, 3, 4), "c": (5, 4, 5)}
    >>> [round(t.value, 3) for t in intraclass_correlations("report", "rating", rated)]
    [0.889, 0.96]
    """
    raters = max((len(mine) for mine in ratings.values()), default=0)
    rated = [n for n, mine in sorted(ratings.items()) if None not in mine and len(mine) == raters]
    values = np.array([ratings[name] for name in rated], float).reshape(len(rated), raters)
    # All that the mean squares need: how many, each rater's sum, squares, squared row sums.
    rows = np.column_stack(
        [np.ones(len(rated)), values, (values**2).sum(axis=1), values.sum(axis=1) ** 2]
    )
    return [
        Tally(task, item, metric, tuple(rated), rows, _icc(raters, of_mean))
        for metric, of_mean in (("icc_single", False), ("icc_mean", True))
    ]


def _icc(k: int, of_mean: bool) -> Formula:
    def formula(sums: Floats) -> Floats:
        n, totals = sums[..., 0], sums[..., 1 : 1 + k]
        squares, rows = sums[..., 1 + k], sums[..., 2 + k]
        with np.errstate(divide="ignore", invalid="ignore"):
            common = totals.sum(axis=-1) ** 2 / (n * k)
            between = (rows / k - common) / (n - 1)
            raters = ((totals**2).sum(axis=-1) / n - common) / (k - 1)
            rest = squares - rows / k - (totals**2).sum(axis=-1) / n + common
            error = rest / ((n - 1) * (k - 1))
            above = between - error
            shared = k * (raters - error) / n
            below = between + (shared / k if of_mean else (k - 1) * error + shared)
            known = (n > 1) & (k > 1) & (np.abs(below) > 1e-12)
            return np.where(known, above / np.where(known, below, 1.0), np.nan)

    return formula


def scale_agreement(
    task: str, item: str, ratings: Numbers, raters: Sequence[str], scale: Sequence[float]
) -> list[Tally]:
    """ICC over all raters, and quadratic weighted kappa of every pair (item "A and B").

    Args:
        raters: their names, in the order of the ratings.
    """
    if len(raters) < 2:
        return []
    tallies = intraclass_correlations(task, item, ratings)
    for one, two in combinations(range(len(raters)), 2):
        pair = {name: (mine[one], mine[two]) for name, mine in ratings.items()}
        named = f"{raters[one]} and {raters[two]}"
        tallies.append(weighted_kappa(task, named, pair, scale))
    return tallies
