"""Which features a second stage goes by: impurity of its training, loss when one is shuffled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["averaged", "impurity", "permutation"]

Floats = NDArray[np.float64]
REPEATS = 5


def impurity(fitted: Any, features: Sequence[str]) -> dict[str, float]:
    """Mean decrease in impurity; a feature's "unknown" column counts towards the feature."""
    decreases = getattr(fitted["classify"], "feature_importances_", None)
    if decreases is None:
        return {}
    fill = fitted["fill"]
    columns = list(features)
    if getattr(fill, "indicator_", None) is not None:
        columns += [features[i] for i in fill.indicator_.features_]
    total = dict.fromkeys(features, 0.0)
    for feature, value in zip(columns, decreases, strict=True):
        total[feature] += float(value)
    return total


def permutation(
    fitted: Any, x: Floats, y: NDArray[np.bool_], features: Sequence[str], seed: int
) -> dict[str, float]:
    """Loss of balanced accuracy on held-out videos when a feature is shuffled among them.

    The shuffles and the means are those of scikit-learn's ``permutation_importance`` with
    ``scoring="balanced_accuracy"``. Every shuffled table is predicted in one call, and equal
    rows once: features are yes or no, so that most of the rows recur.
    """
    if len(set(y.tolist())) < 2:
        return {}
    tables = [x, *_shuffled(x, seed)]
    rows = np.where(np.isnan(stacked := np.concatenate(tables)), -1.0, stacked)
    _, first, place = np.unique(rows, axis=0, return_index=True, return_inverse=True)
    predicted = fitted.predict(stacked[first])[place.ravel()].reshape(len(tables), len(x))
    right = predicted == y
    balanced = (right[:, ~y].sum(axis=1) / (~y).sum() + right[:, y].sum(axis=1) / y.sum()) / 2
    losses = (balanced[0] - balanced[1:]).reshape(x.shape[1], REPEATS).mean(axis=1)
    return dict(zip(features, (float(v) for v in losses), strict=True))


def _shuffled(x: Floats, seed: int) -> list[Floats]:
    """Copies with one column shuffled, `REPEATS` of each column in turn."""
    from sklearn.utils import check_random_state

    drawn = check_random_state(seed).randint(np.iinfo(np.int32).max + 1)
    tables = []
    for column in range(x.shape[1]):
        random, table, order = check_random_state(drawn), x.copy(), np.arange(len(x))
        for _ in range(REPEATS):
            random.shuffle(order)
            table[:, column] = table[order, column]
            tables.append(table.copy())
    return tables


def averaged(by_fold: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The means over folds, highest first; folds without any are left out."""
    known = [f for f in by_fold if f]
    if not known:
        return {}
    means = {k: float(np.mean([f[k] for f in known])) for k in known[0]}
    return dict(sorted(means.items(), key=lambda pair: (-pair[1], pair[0])))
