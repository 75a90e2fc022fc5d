"""How far runs agree with each other: human readers, or models, about the same videos."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from s3eval.api.datasets import dataset_of
from s3eval.errors import S3EvalError
from s3eval.facts.tally import Tally
from s3eval.running.loading import load_tasks
from s3eval.running.materials import material_of
from s3eval.running.runs import open_runs
from s3eval.running.scoring import combine_all
from s3eval.statistics.readers import agreement, differences_of_numbers
from s3eval.statistics.resampling import Interval, check_draws, intervals

if TYPE_CHECKING:
    from s3eval.facts.videos import Dataset
    from s3eval.task import Finding

__all__ = ["RunAgreement", "agreement_of_runs"]


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
    cache: dict[tuple[str, bool], Dataset] = {}
    opened = [dataset_of(run, None, cache) for run in runs]
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
