"""Claims 2a and 2b: Seizure-RQI against the experts' ratings of Table 11."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from s3eval.statistics.permutation import holm, swaps
from s3eval.statistics.resampling import interval, patient_draws
from s3eval_paper.claims.claim import (
    CONTRADICTED,
    SUPPORTED,
    UNTOLD,
    Claim,
    Table,
    Verdict,
    by_interval,
    rounded,
)
from s3eval_paper.claims.margins import CORRELATED, LEVEL
from s3eval_paper.claims.rediagnosis import Depth
from s3eval_paper.release.ratings import Rated, match_printed

__all__ = ["correlation", "ordered_alike", "report_index", "swapped_leads"]

Floats = NDArray[np.float64]
PERMUTATIONS = 9999


@dataclass(frozen=True)
class _Reports:
    """The rated reports: figures by metric, shape (reports,), and each report's patient."""

    figures: dict[str, Floats]
    patient: NDArray[np.intp]
    patients: int
    videos: int
    known: bool

    @property
    def metrics(self) -> list[str]:
        return ["rqi", *(m for m in self.figures if m not in ("expert", "rqi"))]


def _printed(rated: Sequence[Rated]) -> _Reports:
    """Table 11, by patient where the release tells whose video is whose, else by video."""
    from s3eval_paper.tables import Cell, cells

    members: dict[tuple[str, str], list[Cell]] = {}
    for c in cells("11"):
        members.setdefault((c.model, c.item), []).append(c)
    rows = match_printed(members, rated)
    known = len(rows) == len(members)
    values = {key: {c.metric: c.value for c in of} for key, of in members.items()}
    keys = sorted(values)
    groups = [rows[k].patient if known else k[1] for k in keys]
    names = sorted(set(groups))
    figures = {m: np.array([values[k][m] for k in keys]) for m in values[keys[0]]}
    place = np.array([names.index(g) for g in groups], dtype=np.intp)
    return _Reports(figures, place, len(names), len({item for _, item in keys}), known)


def report_index(depth: Depth, rated: Sequence[Rated] = ()) -> list[Claim]:
    """RQI and the text metrics against the ratings of the 60 printed reports.

    Args:
        rated: the release's own file of them, where it is; it tells the patients.
    """
    reports = _printed(rated)
    n = reports.patients
    parts = [np.ones((1, n)), patient_draws(n, depth.resamples, depth.seed), 1.0 - np.eye(n)]
    weights = np.concatenate(parts)[:, reports.patient]
    measures: dict[str, Callable[[Any, Any, Any], Any]] = {
        "Pearson r": correlation,
        "pairwise accuracy": ordered_alike,
    }
    expert, tables = reports.figures["expert"], []
    own, leads, tests = {}, {}, {}
    for name, measure in measures.items():
        values = {m: measure(reports.figures[m], expert, weights) for m in reports.metrics}
        own[name] = {m: _around(v, depth) for m, v in values.items()}
        others = reports.metrics[1:]
        leads[name] = {m: _around(values["rqi"] - values[m], depth) for m in others}
        tests[name] = swapped_leads(reports.figures, reports.patient, measure, others, depth.seed)
        rows = []
        for m in reports.metrics:
            cells = [m, _written(float(values[m][0]), own[name][m])]
            if m in leads[name]:
                p, corrected = tests[name][m]
                cells += [_written(float(values["rqi"][0] - values[m][0]), leads[name][m])]
                cells += [rounded(p, 3), rounded(corrected, 3)]
            rows.append((*cells, *[""] * (5 - len(cells))))
        columns = ("metric", name, "RQI's lead", "p (paired)", "p (Holm)")
        title = f"Agreement with the expert ratings of Table 11, {name}"
        tables.append(Table(title, columns, tuple(rows)))
    basis = _basis(reports)
    return [
        _correlates(own["Pearson r"], basis, tuple(tables)),
        _ahead(leads, tests, basis),
    ]


def _basis(reports: _Reports) -> str:
    people = (
        f"{reports.patients} patients"
        if reports.known
        else f"{reports.videos} videos (whose they are is not in this part of the release; the "
        "paper speaks of 20 patients)"
    )
    reports_ = len(reports.patient)
    return f"{reports_} reports of three models on {people}, as printed to two decimals"


def _correlates(own: dict[str, Any], basis: str, tables: tuple[Table, ...]) -> Claim:
    rqi = own["rqi"]
    verdict = by_interval(rqi.low, rqi.high)
    if verdict == UNTOLD and rqi.high is not None and rqi.high < CORRELATED.value:
        verdict = CONTRADICTED
    others = [m for m, bounds in own.items() if m != "rqi" and bounds.low is not None]
    hold = [m for m in others if own[m].low <= 0 <= own[m].high]
    return Claim(
        "2a",
        "Seizure-RQI correlates with the experts",
        "“Seizure RQI demonstrates robust alignment, achieving a Pearson correlation of 0.57” "
        "(Section 4.3; Tables 10 and 11)",
        verdict,
        "Supported if the interval of Pearson's r with the ratings is above 0; contradicted if it "
        f"lies below {CORRELATED.value} ({CORRELATED.source}) and holds 0, or below 0.",
        f"The interval of RQI's correlation, {_ends(rqi)}, "
        f"{'does not hold' if verdict == SUPPORTED else 'holds'} 0; those of {len(hold)} of "
        f"{len(others)} text metrics do. How strong the agreement is the sample leaves open. "
        f"Basis: {basis}.",
        tables,
    )


def _ahead(leads: Any, tests: Any, basis: str) -> Claim:
    accuracy, p = leads["pairwise accuracy"], tests["pairwise accuracy"]
    ahead = [m for m, (_, corrected) in p.items() if corrected < LEVEL.value]
    above = [m for m, lead in accuracy.items() if lead.low is not None and lead.low > 0]
    verdict: Verdict = UNTOLD
    if len(ahead) == len(p) and all(lead.value_at > 0 for lead in accuracy.values()):
        verdict = SUPPORTED
    elif any(lead.high is not None and lead.high < 0 for lead in accuracy.values()):
        verdict = CONTRADICTED
    listed = ", ".join(f"{m} {single:.3f} ({holm_p:.3f})" for m, (single, holm_p) in p.items())
    pearson = ", ".join(f"{m} {a:.3f} ({b:.3f})" for m, (a, b) in tests["Pearson r"].items())
    return Claim(
        "2b",
        "Seizure-RQI is significantly ahead of text metrics",
        "“a pairwise accuracy of 0.74, significantly outperforming generic baselines (accuracy ≈ "
        "0.54)” (Section 4.3; Tables 10 and 11)",
        verdict,
        "Supported if RQI's lead in pairwise accuracy over every text metric is shown by a paired "
        "permutation test (the two metrics exchanged patient by patient, as ranks; Holm over the "
        f"text metrics, {LEVEL.value}); contradicted if the interval of a lead lies below 0.",
        f"The lead is in the claimed direction. The paired test gives p, and in brackets Holm's, "
        f"for pairwise accuracy: {listed}; for Pearson's r: {pearson}. The intervals of "
        f"{len(above)} of {len(accuracy)} leads in pairwise accuracy are above 0; where the "
        "interval of a lead ends near 0, whether it excludes it depends on how it is made, so "
        f"that the test decides. Basis: {basis}.",
    )


def swapped_leads(
    figures: dict[str, Floats],
    patient: NDArray[np.intp],
    measure: Callable[[Any, Any, Any], Any],
    others: Sequence[str],
    seed: int,
) -> dict[str, tuple[float, float]]:
    """(p, Holm's p) of RQI's lead over each other metric, the two exchanged patient by patient.

    Metrics have different scales, so their ranks over all reports are exchanged.
    """
    flips = swaps(int(patient.max()) + 1, PERMUTATIONS, seed)[:, patient] > 0.5
    each = _ROWWISE[measure]
    expert = figures["expert"]
    rqi_ranks = rankdata(figures["rqi"])
    p_values: list[float | None] = []
    for other in others:
        other_ranks = rankdata(figures[other])
        observed = float(each(rqi_ranks[None], expert)[0] - each(other_ranks[None], expert)[0])
        drawn = each(np.where(flips, other_ranks, rqi_ranks), expert)
        drawn = drawn - each(np.where(flips, rqi_ranks, other_ranks), expert)
        as_far = int((np.abs(drawn) >= abs(observed) - 1e-12).sum())
        p_values.append((as_far + 1) / (len(drawn) + 1))
    corrected = holm(p_values)
    return {m: (p or 0.0, c or 0.0) for m, p, c in zip(others, p_values, corrected, strict=True)}


def _row_correlations(a: Floats, b: Floats) -> Floats:
    """Pearson's r of every row of (m, n) with (n,), shape (m,)."""
    da, db = a - a.mean(axis=1, keepdims=True), b - b.mean()
    correlations: Floats = (da @ db) / np.sqrt((da**2).sum(axis=1) * (db**2).sum())
    return correlations


def _row_orders(a: Floats, b: Floats) -> Floats:
    """`ordered_alike` of every row of (m, n) with (n,), shape (m,)."""
    left, right = np.triu_indices(len(b), 1)
    wanted = np.sign(b[left] - b[right])
    left, right, wanted = left[wanted != 0], right[wanted != 0], wanted[wanted != 0]
    parts = [
        (np.sign(some[:, left] - some[:, right]) == wanted).mean(axis=1)
        for some in np.array_split(a, max(1, len(a) // 1000))
    ]
    return np.concatenate(parts)


@dataclass(frozen=True)
class _Interval:
    value_at: float
    low: float | None
    high: float | None


def _around(values: Any, depth: Depth) -> _Interval:
    drawn, jack = values[1 : 1 + depth.resamples], values[1 + depth.resamples :]
    bounds = interval(float(values[0]), drawn, jack)
    return _Interval(float(values[0]), bounds.low, bounds.high)


def _ends(bounds: Any) -> str:
    return f"[{rounded(bounds.low)}, {rounded(bounds.high)}]"


def _written(value: float, bounds: Any) -> str:
    return f"{value:.2f} {_ends(bounds)}"


def correlation(a: Any, b: Any, weights: Any) -> Any:
    """Pearson's r of (n,) and (n,) under (m, n) weights, shape (m,).

    >>> correlation(np.array([1.0, 2, 3]), np.array([2.0, 4, 7]), np.ones((1, 3))).round(3).tolist()
    [0.993]
    """
    total = weights.sum(axis=1)
    da = a[None, :] - (weights @ a / total)[:, None]
    db = b[None, :] - (weights @ b / total)[:, None]
    cross = (weights * da * db).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return cross / np.sqrt((weights * da**2).sum(axis=1) * (weights * db**2).sum(axis=1))


def ordered_alike(a: Any, b: Any, weights: Any) -> Any:
    """The share of pairs with different b that a puts in the same order, ties of a wrong.

    (n,) and (n,) under (m, n) weights, shape (m,); pairs of copies of one report have equal b.

    >>> ordered_alike(np.array([1.0, 2, 2]), np.array([1.0, 2, 3]), np.ones((1, 3))).round(3)
    array([0.667])
    """
    wanted = np.sign(b[:, None] - b[None, :])
    right = (np.sign(a[:, None] - a[None, :]) == wanted) & (wanted != 0)
    pairs = ((weights @ (wanted != 0)) * weights).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return ((weights @ right) * weights).sum(axis=1) / pairs


#: The same measures for many orders of one sample at once.
_ROWWISE: dict[Callable[[Any, Any, Any], Any], Callable[[Floats, Floats], Floats]] = {
    correlation: _row_correlations,
    ordered_alike: _row_orders,
}
