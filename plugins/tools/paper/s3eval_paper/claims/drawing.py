"""Statistics of several runs under the same draws of patients."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from s3eval.running.loading import load_tasks
from s3eval.running.scoring import tally_findings
from s3eval.statistics.resampling import Cohort, interval, patient_draws, resampled_values

if TYPE_CHECKING:
    from s3eval.dataset import Dataset
    from s3eval.facts.tally import Tally
    from s3eval.task import Finding
    from s3eval.vocabulary import Protocol

__all__ = ["Drawn", "Draws", "mean_change", "shared", "tallies_of"]

Floats = NDArray[np.float64]
Key = tuple[str, str, str]


@dataclass(frozen=True)
class Drawn:
    """A statistic with its interval by patient, and what it rests on."""

    value: float | None
    low: float | None
    high: float | None
    videos: int
    patients: int


@dataclass(frozen=True)
class Draws:
    """The same draws of patients for every statistic.

    Attributes:
        cohort: the patients of all videos concerned.
        weights: (1 + resamples + patients, patients): the sample, the draws, and the sample
            without each patient in turn (for BCa intervals).
        resamples: how many of the rows are draws.
    """

    cohort: Cohort
    weights: Floats
    resamples: int

    @classmethod
    def of(cls, dataset: Dataset, tallies: Iterable[Tally], resamples: int, seed: int) -> Draws:
        """The draws of the patients of these tallies' videos."""
        patients = {v.name: v.patient for v in dataset.videos}
        cohort = Cohort.of(patients, sorted({v for t in tallies for v in t.videos}))
        n = len(cohort)
        rows = [np.ones((1, n)), patient_draws(n, resamples, seed), 1.0 - np.eye(n)]
        return cls(cohort, np.concatenate(rows), resamples)

    def values(self, tallies: Sequence[Tally]) -> Floats:
        """Every tally's value under every row of weights, (tallies, rows)."""
        return resampled_values(tallies, self.cohort, self.weights)

    def around(self, values: Floats, tallies: Sequence[Tally]) -> Drawn:
        """A statistic of tallies, given under every row of weights, with its interval."""
        videos = {v for t in tallies for v in t.videos}
        own = sorted({self.cohort.place[v] for v in videos})
        value = None if np.isnan(values[0]) else float(values[0])
        drawn, jack = values[1 : 1 + self.resamples], values[1 + self.resamples :]
        bounds = interval(value, drawn, jack[own])
        return Drawn(value, bounds.low, bounds.high, len(videos), len(own))


def tallies_of(
    dataset: Dataset, findings: Iterable[Finding], protocol: Protocol = "release"
) -> dict[Key, Tally]:
    """The metrics of findings by (task, item, metric)."""
    by_task: dict[str, list[Finding]] = {}
    for f in findings:
        by_task.setdefault(f.task, []).append(f)
    made = tally_findings(by_task, dataset, protocol, load_tasks(by_task)).tallies
    return {(t.task, t.item, t.metric): t for t in made}


def shared(
    runs: Sequence[Iterable[Finding]], task: str, items: Collection[str] = ()
) -> list[list[Finding]]:
    """Of every run the findings of a task on the videos and items that all of them have."""
    mine = [[f for f in run if f.task == task and (not items or f.item in items)] for run in runs]
    places = [{(f.video, f.item) for f in of} for of in mine]
    common = set.intersection(*places) if places else set()
    return [[f for f in of if (f.video, f.item) in common] for of in mine]


def mean_change(
    dataset: Dataset,
    pairs: Sequence[tuple[list[Finding], list[Finding]]],
    key: Key,
    other: Key,
    resamples: int,
    seed: int,
    change: Callable[[Floats, Floats], Floats],
) -> Drawn | None:
    """The mean over models of a change between two scores, patients drawn for all together."""
    made = [(tallies_of(dataset, a).get(key), tallies_of(dataset, b).get(other)) for a, b in pairs]
    known = [(a, b) for a, b in made if a is not None and b is not None]
    if not known:
        return None
    every = [t for pair in known for t in pair]
    draws = Draws.of(dataset, every, resamples, seed)
    first, second = draws.values([a for a, _ in known]), draws.values([b for _, b in known])
    return draws.around(np.mean(change(first, second), axis=0), every)
