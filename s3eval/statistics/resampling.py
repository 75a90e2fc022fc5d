"""Intervals by patient: whole patients are drawn with replacement, never single videos.

Videos of a patient resemble each other, so an interval that draws videos is too narrow. Every
metric is a formula of sums over videos (`s3eval.facts.tally`), so a resample is a row of
patient counts times the patients' sums: thousands of resamples of all scores of a run are one
matrix product.

The interval is BCa (Efron 1987), widened for few patients as Hesterberg (2015, The American
Statistician 69:371, "expanded percentile") widens the percentile interval: the normal quantile is
replaced by sqrt(n / (n - 1)) times Student's t quantile at n - 1 degrees. docs/statistics.md
tells the coverage found by simulation, of this and of the methods not chosen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from numbers import Integral
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from s3eval.errors import S3EvalError
from s3eval.facts.tally import Formula, Tally

__all__ = [
    "Cohort",
    "Interval",
    "Method",
    "batches",
    "check_draws",
    "interval",
    "intervals",
    "patient_draws",
    "resampled_values",
    "weighted",
]

Floats = NDArray[np.float64]
Method = Literal["bca", "percentile", "expanded", "expanded-bca"]
METHOD: Method = "expanded-bca"
# Doubles held at once by one chunk of resampled sums (4 MiB): more takes memory, and no less time.
CHUNK = 2**19


@dataclass(frozen=True, eq=False)
class Cohort:
    """The patients that are drawn, in a fixed order, and whose video is whose.

    >>> c = Cohort.of({"v1": "P1", "v2": "P1", "v3": "P2"})
    >>> len(c), c.sums(("v1", "v2", "v3"), np.array([[1.0], [2.0], [4.0]])).tolist()
    (2, [[3.0], [4.0]])
    """

    patients: tuple[str, ...]
    place: Mapping[str, int]

    @classmethod
    def of(cls, patients: Mapping[str, str], videos: Iterable[str] | None = None) -> Cohort:
        """The cohort of these videos (all of the mapping's when None).

        Args:
            patients: patient by video name (`Dataset.patients`).
            videos: the videos that count.
        """
        mine = {v: patients[v] for v in (patients if videos is None else videos)}
        names = tuple(sorted(set(mine.values())))
        order = {name: i for i, name in enumerate(names)}
        return cls(names, {video: order[patient] for video, patient in mine.items()})

    def __len__(self) -> int:
        return len(self.patients)

    def sums(self, videos: Sequence[str], rows: Floats) -> Floats:
        """Rows summed by patient: (n, k) to (patients, k)."""
        out = np.zeros((len(self), rows.shape[1]))
        np.add.at(out, [self.place[v] for v in videos], rows)
        return out

    def count(self, videos: Iterable[str]) -> int:
        """How many patients these videos are of."""
        return len({self.place[v] for v in videos})


@dataclass(frozen=True)
class Interval:
    """A confidence interval.

    Attributes:
        low, high: its ends; None where the resamples cannot tell (see ``note``).
        level: its nominal coverage, 0.95.
        method: how it was made.
        patients: how many patients stand behind it.
        resamples: how many were drawn, of which ``undefined`` gave no value.
        error: the standard deviation of the resampled values.
        note: why there is no interval; "" otherwise.
    """

    low: float | None
    high: float | None
    level: float = 0.95
    method: str = METHOD
    patients: int = 0
    resamples: int = 0
    undefined: int = 0
    error: float | None = None
    note: str = ""


def check_draws(count: int, name: str = "resamples") -> None:
    """Refuse a number of draws that nothing can rest on.

    Args:
        name: what is counted: "resamples" or "permutations".

    Raises:
        S3EvalError: it is no whole number above 0.

    >>> check_draws(0)
    Traceback (most recent call last):
    s3eval.errors.S3EvalError: Expected resamples to be a whole number above 0, but got 0.
    """
    if isinstance(count, bool) or not isinstance(count, Integral) or count < 1:
        raise S3EvalError(f"Expected {name} to be a whole number above 0, but got {count!r}")


# All scores of a run, and of the runs beside it, are drawn alike.
@lru_cache(maxsize=64)
def patient_draws(patients: int, resamples: int, seed: int) -> Floats:
    """How often each patient is drawn, shape (resamples, patients); every row sums to patients.

    The array is not writable.

    >>> patient_draws(3, 2, seed=0).sum(axis=1).tolist()
    [3.0, 3.0]
    """
    drawn = np.random.default_rng(seed).integers(0, patients, size=(resamples, patients))
    flat = (drawn + patients * np.arange(resamples)[:, None]).ravel()
    counts = np.bincount(flat, minlength=resamples * patients)
    draws = counts.reshape(resamples, patients).astype(np.float64)
    draws.flags.writeable = False
    return draws


def resampled_values(
    tallies: Sequence[Tally], cohort: Cohort, weights: Floats, chunk: int = CHUNK
) -> Floats:
    """Every tally's value under every row of patient weights.

    Args:
        tallies: the metrics, t of them.
        weights: (resamples, patients).
        chunk: the most doubles of resampled sums held at a time.

    Returns:
        (t, resamples), NaN where a metric is undefined.
    """
    metrics = [(t.formula, cohort.sums(t.videos, t.rows)) for t in tallies]
    values = np.empty((len(metrics), len(weights)))
    for start, group in batches(metrics, max(1, chunk // max(1, len(weights)))):
        sums = np.concatenate([mine for _, mine in group], axis=1)
        if sums.size and sums.shape[1] * len(weights) > chunk:
            values[start] = weighted(group[0][0], weights, sums, chunk)
            continue
        drawn = weights @ sums
        at = 0
        for i, (formula, mine) in enumerate(group, start):
            values[i] = formula(drawn[:, at : at + mine.shape[1]])
            at += mine.shape[1]
    return values


def weighted(formula: Formula, weights: Floats, sums: Floats, chunk: int = CHUNK) -> Floats:
    """The formula of the weighted sums, a chunk of weights at a time.

    Args:
        weights: (m, patients); ``sums`` (patients, k); ``chunk`` the most doubles held.

    Returns:
        (m,).
    """
    step = max(1, chunk // max(1, sums.shape[1]))
    parts = [formula(weights[i : i + step] @ sums) for i in range(0, len(weights), step)]
    return np.concatenate(parts) if parts else np.empty(0)


_Metrics = Sequence[tuple[Formula, Floats]]


def batches(metrics: _Metrics, columns: int) -> Iterator[tuple[int, _Metrics]]:
    """Runs of metrics whose sums together have at most ``columns`` columns, at least one each."""
    start, width = 0, 0
    for i, (_, sums) in enumerate(metrics):
        if i > start and width + sums.shape[1] > columns:
            yield start, metrics[start:i]
            start, width = i, 0
        width += sums.shape[1]
    if metrics:
        yield start, metrics[start:]


def intervals(
    tallies: Sequence[Tally],
    patients: Mapping[str, str],
    resamples: int = 2000,
    seed: int = 0,
    level: float = 0.95,
    method: Method = METHOD,
) -> list[Interval]:
    """The interval of every tally, all from the same draws of patients.

    Args:
        patients: patient by video name.
        resamples: how many times the patients are drawn.
        seed: of the draws; the same seed gives the same intervals.
        level: nominal coverage in (0, 1).

    >>> from s3eval.facts.tally import ratio
    >>> rows = np.array([[1.0, 1], [0, 1], [1, 1], [0, 1]])
    >>> t = Tally("recognition", "tonic", "accuracy", ("a", "b", "c", "d"), rows, ratio)
    >>> found = intervals([t], dict(zip("abcd", ["P1", "P2", "P3", "P4"])), resamples=200)[0]
    >>> 0 <= found.low < t.value < found.high <= 1
    True
    """
    if not tallies:
        return []
    cohort = Cohort.of(patients, sorted({v for t in tallies for v in t.videos}))
    if not len(cohort):
        return [Interval(None, None, level, method, note="no video was scored")] * len(tallies)
    drawn = resampled_values(tallies, cohort, patient_draws(len(cohort), resamples, seed))
    left_out = resampled_values(tallies, cohort, 1.0 - np.eye(len(cohort)))
    return [
        interval(tally.value, values, jack[_own(cohort, tally)], level=level, method=method)
        for tally, values, jack in zip(tallies, drawn, left_out, strict=True)
    ]


def _own(cohort: Cohort, tally: Tally) -> list[int]:
    """The places of the patients that contribute to a tally."""
    return sorted({cohort.place[v] for v in tally.videos})


def interval(
    value: float | None,
    drawn: Floats,
    left_out: Floats,
    level: float = 0.95,
    method: Method = METHOD,
) -> Interval:
    """The interval of one statistic from its resampled values.

    Args:
        value: the statistic on the whole sample.
        drawn: its values on the resamples, shape (resamples,), NaN where undefined.
        left_out: its values with one patient left out, shape (patients,); used by BCa.
    """
    defined = drawn[~np.isnan(drawn)]
    facts = {
        "level": level,
        "method": method,
        "patients": len(left_out),
        "resamples": len(drawn),
        "undefined": len(drawn) - len(defined),
    }
    why = _no_interval(value, defined, len(drawn), len(left_out))
    if why or value is None:
        return Interval(None, None, note=why, **facts)  # type: ignore[arg-type]
    lower, upper = _levels(value, defined, left_out, level, method)
    low, high = (float(q) for q in np.quantile(defined, [lower, upper]))
    return Interval(low, high, error=float(defined.std(ddof=1)), **facts)  # type: ignore[arg-type]


def _no_interval(value: float | None, defined: Floats, resamples: int, patients: int) -> str:
    if value is None:
        return "the score is undefined"
    if patients < 2:
        return "all scored videos are of one patient"
    if 2 * len(defined) < resamples:
        return "undefined in most resamples"
    if defined.max() - defined.min() <= 1e-12 * max(1.0, abs(value)):
        # [1.00, 1.00] would claim certainty; the truth is that no patient differs from another.
        return "the same in every resample"
    return ""


def _levels(
    value: float, drawn: Floats, left_out: Floats, level: float, method: Method
) -> tuple[float, float]:
    """The quantiles of the resampled values that the interval's ends are."""
    from scipy.special import ndtr, ndtri, stdtrit

    n, tail = len(left_out), (1 - level) / 2
    if method in ("expanded", "expanded-bca"):
        z = np.sqrt(n / (n - 1)) * stdtrit(n - 1, 1 - tail)
    else:
        z = ndtri(1 - tail)
    if method in ("percentile", "expanded"):
        return float(ndtr(-z)), float(ndtr(z))
    # Ties count half: discrete scores often equal the observed value exactly.
    below = np.mean(drawn < value) + 0.5 * np.mean(drawn == value)
    bias = float(ndtri(np.clip(below, 1 / (len(drawn) + 1), len(drawn) / (len(drawn) + 1))))
    skew = _acceleration(left_out)
    ends = [bias + (bias + q) / max(1e-9, 1 - skew * (bias + q)) for q in (-z, z)]
    return float(ndtr(ends[0])), float(ndtr(ends[1]))


def _acceleration(left_out: Floats) -> float:
    """BCa's acceleration from leave-one-patient-out values; 0 where it cannot be told."""
    known = left_out[~np.isnan(left_out)]
    if len(known) < 2:
        return 0.0
    away = known.mean() - known
    scale = float((away**2).sum()) ** 1.5
    return float((away**3).sum() / (6 * scale)) if scale > 0 else 0.0
