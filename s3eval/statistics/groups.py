"""Two groups of annotators: kappa by feature and likeness of their distributions (Tables 5, 31)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from s3eval.metrics.agreement import cosine
from s3eval.statistics.raters import cohen
from s3eval.statistics.resampling import intervals
from s3eval.vocabulary import DIAGNOSES, FEATURE_NAMES

if TYPE_CHECKING:
    from s3eval.dataset import Dataset

__all__ = ["FeatureAgreement", "Likeness", "distributions", "feature_agreement"]


@dataclass(frozen=True)
class FeatureAgreement:
    """How two annotations of the same videos agree on one feature.

    Attributes:
        kappa: Cohen's; None where undefined (both use one label only). ``low``, ``high`` its
            interval by patient bootstrap.
        agreement: share of videos with equal labels; ``first_yes`` and ``second_yes`` the
            shares of yes; ``videos`` labelled by both.
    """

    feature: str
    kappa: float | None
    low: float | None
    high: float | None
    agreement: float | None
    first_yes: float | None
    second_yes: float | None
    videos: int
    patients: int


@dataclass(frozen=True)
class Likeness:
    """How alike two groups' feature frequencies are, in one diagnosis or both (Table 5).

    Attributes:
        first, second: the share of videos with each feature, in the order of ``features``.
        pearson, p, cosine: of the two vectors.
        emd: 1-Wasserstein distance between the two sets of normalised frequencies. The features
            have no order, so it is the distance of the values, as in the paper's scale.
        first_videos, second_videos: how many videos stand behind each.
    """

    group: str
    features: Sequence[str]
    first: Sequence[float]
    second: Sequence[float]
    pearson: float | None
    p: float | None
    cosine: float | None
    emd: float | None
    first_videos: int
    second_videos: int


def feature_agreement(
    first: Dataset, second: Dataset, resamples: int = 2000, seed: int = 0
) -> list[FeatureAgreement]:
    """Kappa of every feature over the videos both datasets annotate."""
    shared = sorted(set(first.annotations) & set(second.annotations))
    agreements = []
    for feature in FEATURE_NAMES:
        ratings = {
            v: (one, two)
            for v in shared
            if (one := first.annotation(v).presence(feature))
            and (two := second.annotation(v).presence(feature))
        }
        if not ratings:
            continue
        tally, n = cohen("annotation", feature, ratings), len(ratings)
        around = intervals([tally], first.patients, resamples, seed)[0]
        agreements.append(
            FeatureAgreement(
                feature,
                tally.value,
                around.low,
                around.high,
                sum(a == b for a, b in ratings.values()) / n,
                sum(a == "yes" for a, _ in ratings.values()) / n,
                sum(b == "yes" for _, b in ratings.values()) / n,
                n,
                len({first.patients[v] for v in ratings}),
            )
        )
    return agreements


def distributions(first: Dataset, second: Dataset) -> list[Likeness]:
    """The likeness for ES, for NES, and for both together (the two vectors joined).

    The two groups may have annotated different videos, as in the paper.
    """
    one, two = _frequencies(first), _frequencies(second)
    names = [f for f in FEATURE_NAMES if all((d, f) in one and (d, f) in two for d in DIAGNOSES)]
    likenesses = []
    for group, diagnoses in (*((d, (d,)) for d in DIAGNOSES), ("both", DIAGNOSES)):
        features = [f for _ in diagnoses for f in names]
        a = [one[d, f] for d in diagnoses for f in names]
        b = [two[d, f] for d in diagnoses for f in names]
        r, p = _pearson(a, b)
        counts = [sum(v.diagnosis in diagnoses for v in data.videos) for data in (first, second)]
        likenesses.append(Likeness(group, features, a, b, r, p, cosine(a, b), _emd(a, b), *counts))
    return likenesses


def _frequencies(dataset: Dataset) -> dict[tuple[str, str], float]:
    frequencies = {}
    for diagnosis in DIAGNOSES:
        mine = [v.name for v in dataset.videos if v.diagnosis == diagnosis]
        for feature in FEATURE_NAMES:
            presences = [p for v in mine if (p := dataset.annotation(v).presence(feature))]
            if presences:
                frequencies[diagnosis, feature] = presences.count("yes") / len(presences)
    return frequencies


def _pearson(a: Sequence[float], b: Sequence[float]) -> tuple[float | None, float | None]:
    if len(a) < 3 or len(set(a)) < 2 or len(set(b)) < 2:
        return None, None
    from scipy.stats import pearsonr

    correlation = pearsonr(a, b)
    return float(correlation.statistic), float(correlation.pvalue)


def _emd(a: Sequence[float], b: Sequence[float]) -> float | None:
    if not sum(a) or not sum(b):
        return None
    from scipy.stats import wasserstein_distance

    return float(wasserstein_distance([x / sum(a) for x in a], [x / sum(b) for x in b]))
