"""Agreement of raters as sums over videos, so that it has intervals by patient like any score.

Cohen's kappa for two raters, Fleiss' kappa for the same number of raters on every video, and
Krippendorff's alpha (nominal) for any number with gaps. All are 1 for perfect agreement, 0 for
what chance gives, and undefined where only one label was ever used.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from s3eval.facts.tally import Formula, Tally

__all__ = ["agreement_tallies", "cohen", "fleiss", "krippendorff"]

Floats = NDArray[np.float64]
#: Labels of one video, one a rater; None where a rater gave none.
Ratings = Mapping[str, Sequence[str | None]]


def _beyond_chance(observed: Floats, expected: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        known = 1 - expected > 1e-12
        return np.where(known, (observed - expected) / np.where(known, 1 - expected, 1.0), np.nan)


def _share(above: Floats, below: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(below > 0, above / np.where(below > 0, below, 1.0), np.nan)


def _labels(ratings: Ratings) -> list[str]:
    return sorted({label for mine in ratings.values() for label in mine if label is not None})


def cohen(task: str, item: str, ratings: Ratings) -> Tally:
    """Cohen's kappa of two raters over the videos both labelled (paper, Table 31).

    >>> both = {"a": ("yes", "yes"), "b": ("no", "no"), "c": ("yes", "no"), "d": ("no", "no")}
    >>> cohen("recognition", "tonic", both).value
    0.5
    """
    labels = _labels(ratings)
    at = {label: i for i, label in enumerate(labels)}
    videos = [v for v, mine in sorted(ratings.items()) if None not in mine and len(mine) == 2]
    rows = np.zeros((len(videos), len(labels) ** 2))
    for i, video in enumerate(videos):
        one, two = (at[str(label)] for label in ratings[video])
        rows[i, one * len(labels) + two] = 1.0
    return Tally(task, item, "cohens_kappa", tuple(videos), rows, _cohen(len(labels)))


def _cohen(labels: int) -> Formula:
    def formula(sums: Floats) -> Floats:
        table = sums.reshape(*sums.shape[:-1], labels, labels)
        n = table.sum(axis=(-2, -1))
        observed = _share(np.trace(table, axis1=-2, axis2=-1), n)
        by_chance = (table.sum(axis=-1) * table.sum(axis=-2)).sum(axis=-1)
        return _beyond_chance(observed, _share(by_chance, n**2))

    return formula


def fleiss(task: str, item: str, ratings: Ratings) -> Tally:
    """Fleiss' kappa over the videos that all raters labelled (Fleiss 1971).

    >>> three = {"a": ("y", "y", "y"), "b": ("n", "n", "y"), "c": ("n", "n", "n")}
    >>> round(fleiss("recognition", "tonic", three).value, 3)
    0.55
    """
    labels = _labels(ratings)
    most = max((len(mine) for mine in ratings.values()), default=0)
    videos = [
        v for v, mine in sorted(ratings.items()) if None not in mine and len(mine) == most > 1
    ]
    rows = np.zeros((len(videos), len(labels) + 2))
    for i, video in enumerate(videos):
        counts = Counter(ratings[video])
        rows[i, :-2] = [counts[label] for label in labels]
        pairs = sum(c * (c - 1) for c in counts.values())
        rows[i, -2:] = pairs / (most * (most - 1)), 1.0
    return Tally(task, item, "fleiss_kappa", tuple(videos), rows, _fleiss)


def _fleiss(sums: Floats) -> Floats:
    counts, n = sums[..., :-2], sums[..., -1]
    shares = _share(counts, counts.sum(axis=-1)[..., None])
    return _beyond_chance(_share(sums[..., -2], n), (shares**2).sum(axis=-1))


def krippendorff(task: str, item: str, ratings: Ratings) -> Tally:
    """Krippendorff's alpha for nominal labels, over videos with at least two labels.

    Each video adds its coincidences, pairs of labels by different raters divided by one less
    than its number of labels (Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability").

    >>> gaps = {"a": ("y", "y", None), "b": ("n", "n", "y"), "c": ("n", None, "n")}
    >>> round(krippendorff("recognition", "tonic", gaps).value, 3)
    0.5
    """
    labels = _labels(ratings)
    at = {label: i for i, label in enumerate(labels)}
    given = {v: [at[x] for x in mine if x is not None] for v, mine in sorted(ratings.items())}
    videos = [v for v, mine in given.items() if len(mine) > 1]
    rows = np.zeros((len(videos), len(labels) ** 2))
    for i, video in enumerate(videos):
        counts = np.bincount(given[video], minlength=len(labels)).astype(float)
        pairs = np.outer(counts, counts) - np.diag(counts)
        rows[i] = (pairs / (len(given[video]) - 1)).ravel()
    formula = _krippendorff(len(labels))
    return Tally(task, item, "krippendorff_alpha", tuple(videos), rows, formula)


def _krippendorff(labels: int) -> Formula:
    def formula(sums: Floats) -> Floats:
        table = sums.reshape(*sums.shape[:-1], labels, labels)
        counts = table.sum(axis=-1)
        n = counts.sum(axis=-1)
        observed = _share(np.trace(table, axis1=-2, axis2=-1), n)
        expected = _share((counts * (counts - 1)).sum(axis=-1), n * (n - 1))
        return _beyond_chance(observed, expected)

    return formula


def agreement_tallies(task: str, item: str, ratings: Ratings) -> list[Tally]:
    """The measures that fit: Cohen's for two raters, Fleiss' for more, alpha where there are gaps.

    Args:
        ratings: by video one label a rater, in the same order of raters throughout.
    """
    raters = max((len(mine) for mine in ratings.values()), default=0)
    gaps = any(None in mine for mine in ratings.values())
    if raters < 2:
        return []
    tallies = [cohen(task, item, ratings) if raters == 2 else fleiss(task, item, ratings)]
    return [*tallies, krippendorff(task, item, ratings)] if gaps or raters > 2 else tallies
