"""Paired permutation tests by patient, and Holm's correction.

Under the null hypothesis two runs are alike, so for each patient it is a coin's throw which of
the two produced which answers. Whole patients are swapped, because a patient's videos are not
independent.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from s3eval.facts.tally import Formula
from s3eval.statistics.resampling import CHUNK, batches

__all__ = ["holm", "permutation_p", "permutation_ps", "swaps"]

Floats = NDArray[np.float64]


def swaps(patients: int, permutations: int, seed: int) -> Floats:
    """Which patients are swapped, 0 or 1, shape (permutations, patients).

    When there are no more than ``permutations`` ways, all of them (an exact test); otherwise
    that many drawn at random.

    >>> swaps(2, 100, seed=0).tolist()
    [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]
    """
    return _swapped(patients, permutations, seed).astype(np.float64)


# All pairs of runs are tested with the same swaps. Kept small: one byte for each.
@lru_cache(maxsize=64)
def _swapped(patients: int, permutations: int, seed: int) -> NDArray[np.int8]:
    if patients < 62 and 2**patients <= permutations:
        every = np.arange(2**patients)[:, None] >> np.arange(patients)
        drawn = (every & 1).astype(np.int8)
    else:
        coins = np.random.default_rng(seed).integers(0, 2, (permutations, patients))
        drawn = coins.astype(np.int8)
    drawn.flags.writeable = False
    return drawn


def permutation_p(first: Floats, second: Floats, formula: Formula, swapped: Floats) -> float | None:
    """The two-sided p of "the two runs do not differ" for one metric.

    Args:
        first, second: the runs' sums by patient, (patients, k) each.
        formula: sums to value.
        swapped: from :func:`swaps`.

    Returns:
        the share of swaps whose absolute difference is at least the observed one; with swaps
        drawn at random the observed one is counted in, so p is never 0 and the test never
        exceeds its level. None when the difference is undefined.

    >>> from s3eval.facts.tally import ratio
    >>> a, b = np.array([[1.0, 1]] * 5), np.array([[0.0, 1]] * 5)
    >>> permutation_p(a, b, ratio, swaps(5, 100, seed=0))
    0.0625
    """
    return permutation_ps([(first, second, formula)], swapped)[0]


def permutation_ps(
    metrics: Sequence[tuple[Floats, Floats, Formula]], swapped: Floats
) -> list[float | None]:
    """The same for several metrics of the same patients, in as few products as fit.

    Args:
        metrics: each (first, second, formula), as `permutation_p` takes them.
    """
    gaps = [(_gap(first, second, formula), second - first) for first, second, formula in metrics]
    p_values: list[float | None] = []
    for _, group in batches(gaps, max(1, CHUNK // max(1, len(swapped)))):
        sums = np.concatenate([mine for _, mine in group], axis=1)
        at = 0
        # Transposed, so that each column, which formulas take one by one, lies in one piece.
        moved = (sums.T @ swapped.T).T
        for gap, mine in group:
            width = mine.shape[1]
            observed = float(gap(np.zeros(width)))
            p_values.append(_share(observed, gap(moved[:, at : at + width]), swapped))
            at += width
    return p_values


def _gap(first: Floats, second: Floats, formula: Formula) -> Formula:
    """The difference of the two runs once some sums have moved from the second to the first."""
    start = first.sum(axis=0)
    rest = first.sum(axis=0) + second.sum(axis=0) - start
    return lambda moved: formula(start + moved) - formula(rest - moved)


def _share(observed: float, differences: Floats, swapped: Floats) -> float | None:
    if np.isnan(observed):
        return None
    far = np.abs(differences[~np.isnan(differences)])
    # Sums taken in another order differ in the last bits; equal is what is equal to within them.
    as_far = int((far >= abs(observed) - 1e-12 * max(1.0, abs(observed))).sum())
    patients = swapped.shape[1]
    if len(swapped) == 2**patients and patients < 62:
        return as_far / len(far)
    return (as_far + 1) / (len(far) + 1)


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """Holm's step-down correction; None stays None and does not count in the family.

    >>> holm([0.01, None, 0.04, 0.03])
    [0.03, None, 0.06, 0.06]
    """
    known = [(p, i) for i, p in enumerate(p_values) if p is not None]
    corrected: list[float | None] = [None] * len(p_values)
    highest = 0.0
    for rank, (p, i) in enumerate(sorted(known)):
        highest = max(highest, min(1.0, (len(known) - rank) * p))
        corrected[i] = highest
    return corrected
