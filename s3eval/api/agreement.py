"""How far runs agree with each other (human readers, or models), and how far two annotations."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s3eval.api.datasets import datasets_of, open_dataset
from s3eval.errors import S3EvalError
from s3eval.facts.tally import Tally
from s3eval.reporting.agreement import agreement_records
from s3eval.running.loading import load_tasks
from s3eval.running.materials import material_of
from s3eval.running.runs import open_runs
from s3eval.running.scoring import combine_all
from s3eval.statistics.groups import (
    FeatureAgreement,
    Likeness,
    distributions,
    feature_agreement,
)
from s3eval.statistics.readers import agreement, differences_of_numbers
from s3eval.statistics.resampling import Interval, check_draws, intervals

if TYPE_CHECKING:
    from s3eval.task import Finding

__all__ = [
    "AnnotationAgreement",
    "RunAgreement",
    "agreement_of_annotations",
    "agreement_of_runs",
    "are_runs",
]


@dataclass(frozen=True)
class RunAgreement:
    """Agreement of runs, item by item.

    Attributes:
        runs: their names.
        tallies: kappa, Fleiss' kappa or Krippendorff's alpha of labels, mean absolute differences
            of numbers.
        intervals: of each, by patient.
    """

    runs: tuple[str, ...]
    tallies: tuple[Tally, ...]
    intervals: tuple[Interval, ...]

    def as_json(self) -> dict[str, Any]:
        """Everything, as ``s3eval data agreement RUN RUN --json`` writes it."""
        records = agreement_records(self.tallies, self.intervals)
        return {"runs": list(self.runs), "agreement": records}


def are_runs(paths: Sequence[str | os.PathLike[str]]) -> bool:
    """Whether all of these are run folders, or folders of runs."""
    folders = [Path(path) for path in paths]
    return all((f / "run.json").is_file() or any(f.glob("*/run.json")) for f in folders)


def agreement_of_runs(
    paths: Sequence[str | os.PathLike[str]], resamples: int = 2000, seed: int = 0
) -> RunAgreement:
    """Agreement of two or more runs; their answers are read anew, no judge is asked.

    Args:
        paths: run folders; a folder of runs stands for all of them.

    Raises:
        S3EvalError: fewer than two runs, two of one name, or runs about several datasets.
    """
    check_draws(resamples)
    runs = open_runs(os.fspath(path) for path in paths)
    names = [run.name for run in runs]
    if len(runs) < 2:
        raise S3EvalError("Expected two or more runs to compare", fix="name another run")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise S3EvalError(f"Two runs are called {', '.join(twice)}", fix="rename a folder")
    opened = datasets_of(runs)
    whole = opened[0][1]
    if len({d.digest for _, d in opened}) > 1:
        raise S3EvalError("These runs are about several datasets")
    materials = [
        material_of(run, selected, all_of_it, run.facts.protocol)  # type: ignore[arg-type]
        for run, (selected, all_of_it) in zip(runs, opened, strict=True)
    ]
    readers: dict[str, list[Finding]] = {
        name: [f for some in combined.findings.values() for f in some]
        for name, combined in zip(names, combine_all(materials), strict=True)
    }
    tasks = load_tasks(dict.fromkeys(f.task for mine in readers.values() for f in mine)).by_name
    tallies = (*agreement(readers, tasks), *differences_of_numbers(readers, tasks))
    around = tuple(intervals(tallies, whole.patients, resamples, seed))
    return RunAgreement(tuple(names), tallies, around)


@dataclass(frozen=True)
class AnnotationAgreement:
    """Agreement of two annotations.

    Attributes:
        names: of the two datasets.
        features: Cohen's kappa of each feature; empty where no video is annotated by both.
        distributions: how alike the frequencies of the features are, by diagnosis and of both.
    """

    names: tuple[str, str]
    features: tuple[FeatureAgreement, ...]
    distributions: tuple[Likeness, ...]

    def as_json(self) -> dict[str, Any]:
        """Everything, as ``s3eval data agreement --json`` writes it."""
        return {
            "features": [asdict(k) for k in self.features],
            "distributions": [asdict(x) for x in self.distributions],
        }

    def draw(self, path: str | os.PathLike[str]) -> None:
        """Draw the distributions into a file, as in the paper's Figure 7."""
        from s3eval.statistics.group_figure import draw

        draw(self.distributions, self.names, Path(path))


def agreement_of_annotations(
    datasets: Sequence[str | os.PathLike[str]], resamples: int = 2000, seed: int = 0
) -> AnnotationAgreement:
    """How far the annotations of two datasets agree.

    Kappa needs videos that both annotate; the distributions may be of different videos.

    Args:
        datasets: the two folders, or ``format:path``.
        resamples, seed: of the intervals.

    Raises:
        S3EvalError: there are not two, or nothing to compare.

    >>> done = agreement_of_annotations(["experts", "annotators"])  # doctest: +SKIP
    >>> done.features[0].kappa  # doctest: +SKIP
    0.62
    """
    if len(datasets) != 2:
        raise S3EvalError(f"Expected two datasets, or runs, but got {len(datasets)} folders")
    one, two = (open_dataset(path) for path in datasets)
    features = tuple(feature_agreement(one, two, resamples, seed))
    alike = tuple(distributions(one, two))
    if not features and not any(x.features for x in alike):
        raise S3EvalError("Neither shared videos nor features of both diagnoses to compare")
    return AnnotationAgreement((one.name, two.name), features, alike)
