"""What runs' probabilities are worth: what ``s3eval calibrate`` does."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from s3eval.api.datasets import dataset_of
from s3eval.api.results import ShownAsTables, frame_of
from s3eval.api.runs import open_runs
from s3eval.errors import S3EvalError, refuse_unknown
from s3eval.reporting.calibration import tables_of
from s3eval.running.loading import load_tasks
from s3eval.statistics.calibration import Calibration, Windows
from s3eval.statistics.resampling import check_draws

if TYPE_CHECKING:
    import pandas

    from s3eval.facts.reports import Table
    from s3eval.running.runs import Run

__all__ = ["Calibrations", "calibrate", "chosen_folds"]


@dataclass(frozen=True, repr=False)
class Calibrations(ShownAsTables):
    """What the probabilities of runs are worth, item by item.

    Attributes:
        calibrations: one for each run and item with probabilities.
    """

    calibrations: tuple[Calibration, ...]

    def to_frame(self) -> pandas.DataFrame:
        """A row for each run, item and measure: value, interval, chance level."""
        return frame_of(
            [
                {"run": c.run, "task": c.task, "item": c.item, "measure": name}
                | {"value": m.value, "low": m.low, "high": m.high, "chance": c.chance.get(name)}
                | {"videos": c.videos, "patients": c.patients, "positives": c.positives}
                for c in self.calibrations
                for name, m in c.measures.items()
            ]
        )

    def as_json(self) -> list[dict[str, Any]]:
        """Everything, for ``--json``."""
        return [asdict(c) for c in self.calibrations]

    def tables(self) -> list[Table]:
        """By run what its probabilities are worth, and its decisions."""
        return [table for _, some in tables_of(self.calibrations) for table in some]


def calibrate(
    runs: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    *,
    folds: str = "dataset",
    test_folds: str | Collection[int] = (0,),
    windows: Windows = "max",
    tasks: Sequence[str] = (),
    items: Sequence[str] = (),
    data: str | None = None,
    resamples: int = 2000,
    seed: int = 0,
) -> Calibrations:
    """Say what the probabilities of runs are worth, and whether fitting a threshold helps.

    Args:
        runs: run folders.
        folds: by patient: "dataset" (its own) or a split file.
        test_folds: numbers of the folds tested on, or "all"; decisions are fitted on the others.
        windows: how the windows' probabilities become the video's.
        tasks, items: only these.

    Raises:
        S3EvalError: unknown names or folds, no resamples, or no probability in any of the runs.
    """
    from s3eval.statistics.calibration import calibrate as of_run
    from s3eval.statistics.folds import folds_of

    check_draws(resamples)
    calibrations: list[Calibration] = []
    opened = open_runs(runs)
    for run in opened:
        dataset = dataset_of(run, data)[1]
        by_video, _ = folds_of(dataset, folds)
        rows = [
            f
            for name, mine in run.findings.items()
            if not tasks or name in tasks
            for f in mine
            if not items or f.item in items
        ]
        known = load_tasks({f.task for f in rows})
        calibrations += of_run(
            run.name,
            rows,
            known.by_name,
            dataset,
            partial(run.facts.truth_context, dataset=dataset),
            by_video,
            windows,
            chosen_folds(test_folds, by_video.values()),
            resamples,
            seed,
        )
    if not calibrations:
        _refuse_unknown(tasks, items, opened)
        raise S3EvalError(
            "No probability in these runs",
            why="only models whose token probabilities can be seen give them",
        )
    return Calibrations(tuple(calibrations))


def _refuse_unknown(tasks: Sequence[str], items: Sequence[str], runs: Sequence[Run]) -> None:
    """Refuse a task or item that none of the runs has."""
    asked_of = dict.fromkeys(task for run in runs for task in run.findings)
    known = dict.fromkeys(f.item for run in runs for mine in run.findings.values() for f in mine)
    refuse_unknown("task in these runs", tasks, asked_of)
    refuse_unknown("item in these runs", items, known)


def chosen_folds(wanted: str | Collection[int], there: Iterable[int]) -> tuple[int, ...]:
    """The folds tested on: all, or those named.

    Raises:
        S3EvalError: there is no such fold.

    >>> chosen_folds("all", [1, 0, 1])
    (0, 1)
    """
    known = sorted(set(there))
    if wanted == "all":
        return tuple(known)
    missing = [f for f in wanted if f not in known]
    if missing:
        raise S3EvalError(f"There is no fold {missing[0]}", fix=f"one of {known}")
    return tuple(int(f) for f in wanted)
