"""scikit-learn's random forest, the same trees to the last node, grown with less overhead.

With a few hundred videos of 20 features, most of the time of a forest goes into the copying and
checking of each tree's settings, not into growing it. Here one tree is copied and checked, and
the others are grown by scikit-learn's own tree builder from the same random numbers.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier

__all__ = ["Forest"]

Floats = NDArray[np.float64]
# What the nodes of a tree are; equal trees have these equal.
_NODES = ("children_left", "children_right", "feature", "threshold", "value")


class Forest(RandomForestClassifier):  # type: ignore[misc]
    """A `RandomForestClassifier` of fully grown trees of Gini impurity, two or more labels.

    ``n_estimators``, ``min_samples_leaf`` and ``random_state`` (a whole number) may be set; with
    any other setting, use scikit-learn's class.

    >>> x, y = np.array([[0.0], [1.0], [1.0], [0.0]]), np.array([False, True, True, False])
    >>> mine = Forest(n_estimators=20, random_state=0).fit(x, y)
    >>> theirs = RandomForestClassifier(n_estimators=20, random_state=0).fit(x, y)
    >>> bool((mine.predict_proba(x) == theirs.predict_proba(x)).all())
    True
    """

    def fit(self, X: Floats, y: NDArray[Any], sample_weight: None = None) -> Forest:  # noqa: N803
        """Grow the trees.

        The builder is not part of scikit-learn's public interface and may change with its
        version. The first tree is therefore grown both ways: where they differ, or the builder
        is not found, scikit-learn grows all.
        """
        wanted = self.n_estimators
        try:
            first = self.set_params(n_estimators=1)._whole(X, y)
        finally:
            self.set_params(n_estimators=wanted)
        try:
            trees = _grown(first, X, y, wanted, self.random_state)
        except (ImportError, TypeError, AttributeError, ValueError):
            trees = []
        if not trees or not _alike(first.tree_, trees[0].tree_):
            self._whole(X, y)
            return self
        self.estimators_ = trees
        return self

    def _whole(self, x: Floats, y: NDArray[Any]) -> Any:
        """Fitted by scikit-learn throughout; the first tree."""
        super().fit(x, y)
        return self.estimators_[0]

    def predict_proba(self, X: Floats) -> Floats:  # noqa: N803
        """The trees' mean probabilities, (n, labels), added in the same order."""
        rows = np.ascontiguousarray(X, dtype=np.float32)
        total = np.zeros((len(rows), self.n_classes_))
        for tree in self.estimators_:
            total += tree.tree_.predict(rows)[:, : self.n_classes_]
        total /= len(self.estimators_)
        return total


def _alike(one: Any, other: Any) -> bool:
    return all(np.array_equal(getattr(one, a), getattr(other, a)) for a in _NODES)


def _grown(first: Any, x: Floats, y: NDArray[Any], wanted: int, seed: int) -> list[Any]:
    """Trees like the first, each of its own random numbers; the first one again among them.

    Args:
        first: a fitted tree, whose settings hold for all.
        seed: of the forest.
    """
    from sklearn.tree._criterion import Gini
    from sklearn.tree._splitter import BestSplitter
    from sklearn.tree._tree import DepthFirstTreeBuilder, Tree

    rows = np.ascontiguousarray(x, dtype=np.float32)
    labels = np.unique(y, return_inverse=True)[1].reshape(-1, 1).astype(np.float64)
    classes = np.array([first.n_classes_], dtype=np.intp)
    leaf = int(first.min_samples_leaf)
    split = max(int(first.min_samples_split), 2 * leaf)
    # One generator, seeded anew: making one takes longer than growing a tree.
    seeds, random = np.random.RandomState(seed), np.random.RandomState(0)
    trees = []
    for _ in range(wanted):
        own = seeds.randint(np.iinfo(np.int32).max)
        random.seed(own)
        drawn = random.randint(0, len(rows), len(rows))
        random.seed(own)
        weights = np.bincount(drawn, minlength=len(rows)).astype(np.float64)
        splitter = BestSplitter(Gini(1, classes), first.max_features_, leaf, 0.0, random, None)
        grown = Tree(rows.shape[1], classes, 1)
        builder = DepthFirstTreeBuilder(splitter, split, leaf, 0.0, np.iinfo(np.int32).max, 0.0)
        builder.build(grown, rows, labels, weights, None)
        tree = copy.copy(first)
        tree.random_state, tree.tree_ = own, grown
        trees.append(tree)
    return trees
