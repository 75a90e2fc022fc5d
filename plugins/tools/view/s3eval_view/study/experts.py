"""Several raters' ratings together: how far they agree, and a table for ``judge validate``."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from s3eval.errors import S3EvalError
from s3eval.plugins import installed
from s3eval.statistics.resampling import Interval, intervals
from s3eval.statistics.scales import scale_agreement
from s3eval_view.study.rating import Given, ratings_in
from s3eval_view.study.reports import RUBRIC

if TYPE_CHECKING:
    from s3eval.facts.tally import Tally
    from s3eval.statistics.scored import Scored

__all__ = ["Ratings", "agreement", "metrics_of", "rater_folders", "read_ratings", "table_of"]

SCALE = sorted(value for value, _, _ in RUBRIC)
#: A report: its run, its video.
Key = tuple[str, str]


@dataclass(frozen=True)
class Ratings:
    """What raters gave to the same reports.

    Attributes:
        raters: pseudonyms, sorted.
        reports: by (run, video) the model and the patient.
        given: by rater and (run, video) the rating.
        reference: whether they saw the annotated report.
    """

    raters: tuple[str, ...]
    reports: Mapping[Key, tuple[str, str]]
    given: Mapping[str, Mapping[Key, Given]]
    reference: bool

    def numbers(self) -> dict[str, list[float | None]]:
        """By report a rating for each rater, None where there is none; reports nobody rated
        are left out."""
        ratings = {}
        for key in self.reports:
            mine = [self.given[rater].get(key) for rater in self.raters]
            if any(mine):
                ratings[_name(key)] = [None if g is None else float(g.rating) for g in mine]
        return ratings


def _name(key: Key) -> str:
    return "\x1f".join(key)


def rater_folders(paths: Sequence[Path]) -> list[Path]:
    """The raters' folders; a folder that holds them stands for all of them.

    Raises:
        S3EvalError: there are none.
    """
    folders: list[Path] = []
    for path in paths:
        inner = sorted(p.parent for p in path.glob("*/rating.json"))
        folders += inner or [path]
    return list(dict.fromkeys(folders))


def read_ratings(folders: Sequence[Path]) -> Ratings:
    """Read raters' folders.

    Raises:
        S3EvalError: one holds no ratings, two are by one rater, or the reports were others.
    """
    read = [ratings_in(folder) for folder in folders]
    if not read:
        raise S3EvalError("No ratings are named")
    raters = [str(facts["rater"]) for facts, _ in read]
    twice = sorted({r for r in raters if raters.count(r) > 1})
    if twice:
        raise S3EvalError(f"Two folders hold ratings by {', '.join(twice)}")
    first = read[0][0]
    for facts, _ in read[1:]:
        for name in ("reports", "reference"):
            if facts[name] != first[name]:
                raise S3EvalError(
                    f"{facts['rater']} and {first['rater']} did not rate alike",
                    why="other reports" if name == "reports" else "one saw the annotated reports",
                    fix="the same RUNS, --seed, --limit and --reference for every rater",
                )
    reports = {(run, video): (model, patient) for run, model, video, patient in first["reports"]}
    given = {rater: mine for rater, (_, mine) in zip(raters, read, strict=True)}
    return Ratings(tuple(sorted(raters)), reports, given, bool(first["reference"]))


def agreement(
    ratings: Ratings, resamples: int = 2000, seed: int = 0
) -> list[tuple[Tally, Interval]]:
    """ICC over all raters and weighted kappa of every pair, with intervals by patient."""
    tallies = scale_agreement("report", "all raters", ratings.numbers(), ratings.raters, SCALE)
    patients = {_name(key): patient for key, (_, patient) in ratings.reports.items()}
    return list(zip(tallies, intervals(tallies, patients, resamples, seed), strict=True))


def metrics_of(scored: Sequence[Scored]) -> dict[str, dict[Key, float]]:
    """By metric its value for each report alone, of whichever task provides reports.

    Args:
        scored: with what they were made of (``evidence``).
    """
    tasks = {p.spec.name for p in installed().of("task") if "report" in p.spec.provides}
    by_metric: dict[str, dict[Key, float]] = {}
    for one in scored:
        tallies = one.tallied.tallies if one.tallied is not None else ()
        for tally in tallies:
            if tally.task in tasks and tally.item != "mean" and len(tally.videos):
                # The formula of each row alone: the score of a dataset of that one video.
                values = tally.formula(tally.rows)
                for video, value in zip(tally.videos, values, strict=True):
                    if np.isfinite(value):
                        by_metric.setdefault(tally.metric, {})[one.run.name, video] = float(value)
    return by_metric


def table_of(ratings: Ratings, metrics: Mapping[str, Mapping[Key, float]]) -> str:
    """The CSV that ``s3eval judge validate`` takes, with the columns of the paper's Table 11.

    model, video_id, patient, a column a metric, expert (the mean of the raters), and each rater's
    own. Reports that not all raters rated are left out: their mean would be that of others.
    """
    models = [model for model, _ in ratings.reports.values()]
    several = len({run for run, _ in ratings.reports}) > len(set(models))
    names = [m for m, values in metrics.items() if len(set(values.values())) > 1]
    file = io.StringIO(newline="")
    out = csv.writer(file, lineterminator="\n")
    raters = [f"rater_{rater}" for rater in ratings.raters]
    out.writerow(["model", "video_id", "patient", *names, "expert", *raters])
    for key, (model, patient) in sorted(ratings.reports.items()):
        mine = [ratings.given[rater].get(key) for rater in ratings.raters]
        given = [g.rating for g in mine if g is not None]
        if len(given) < len(mine):
            continue
        cells = [_cell(metrics[name].get(key)) for name in names]
        # Two runs of one model are told apart by their own names.
        called = key[0] if several else model
        mean = f"{sum(given) / len(given):.4g}"
        out.writerow([called, key[1], patient, *cells, mean, *given])
    return file.getvalue()


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"
