"""The forest that is grown with less overhead is scikit-learn's, to the last digit."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier

from s3eval.statistics import forest
from s3eval.statistics.forest import Forest


def table(videos, features, seed=0):
    rng = np.random.default_rng(seed)
    values = (rng.random((videos, features)) < 0.4) * 1.0
    return values, rng.random(videos) < 0.6, (rng.random((40, features)) < 0.4) * 1.0


def same(mine, theirs, unseen):
    assert len(mine.estimators_) == len(theirs.estimators_)
    assert np.array_equal(mine.predict_proba(unseen), theirs.predict_proba(unseen))
    assert np.array_equal(mine.predict(unseen), theirs.predict(unseen))
    assert np.array_equal(mine.feature_importances_, theirs.feature_importances_)


@pytest.mark.parametrize("leaf", [1, 3, 5])
@pytest.mark.parametrize(("videos", "features", "seed"), [(300, 22, 0), (60, 20, 7), (9, 3, 1)])
def test_every_tree_is_scikit_learns(videos, features, seed, leaf):
    x, y, unseen = table(videos, features, seed)
    settings = {"n_estimators": 40, "min_samples_leaf": leaf, "random_state": seed}
    mine = Forest(**settings).fit(x, y)
    theirs = RandomForestClassifier(**settings).fit(x, y)
    same(mine, theirs, unseen)
    for one, other in zip(mine.estimators_, theirs.estimators_, strict=True):
        assert np.array_equal(one.tree_.threshold, other.tree_.threshold)
        assert np.array_equal(one.tree_.feature, other.tree_.feature)


def test_only_the_first_tree_is_checked_and_copied(monkeypatch):
    counted = []
    whole = Forest._whole
    monkeypatch.setattr(
        Forest, "_whole", lambda self, x, y: counted.append(self.n_estimators) or whole(self, x, y)
    )
    x, y, _ = table(50, 20)
    Forest(n_estimators=40, random_state=0).fit(x, y)
    assert counted == [1]


@pytest.mark.parametrize("broken", ["another seed", "another builder"])
def test_a_scikit_learn_that_grows_otherwise_grows_all_itself(monkeypatch, broken):
    grown = forest._grown

    def otherwise(first, x, y, wanted, seed):
        if broken == "another builder":
            raise TypeError("takes other arguments")
        return grown(first, x, y, wanted, seed + 1)

    monkeypatch.setattr(forest, "_grown", otherwise)
    x, y, unseen = table(80, 20)
    mine = Forest(n_estimators=30, random_state=5).fit(x, y)
    same(mine, RandomForestClassifier(n_estimators=30, random_state=5).fit(x, y), unseen)
    assert mine.get_params()["n_estimators"] == 30
