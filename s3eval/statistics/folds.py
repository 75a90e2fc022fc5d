"""Which folds a fitted thing goes by: the published ones, a file's, or made within a run."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from s3eval.errors import S3EvalError
from s3eval.statistics.splits import check_split, patient_folds, read_split, refuse_leaks

if TYPE_CHECKING:
    from s3eval.dataset import Dataset

__all__ = ["folds_of", "within"]


def folds_of(dataset: Dataset, wanted: str = "dataset") -> tuple[dict[str, int], str]:
    """Fold by video name, and in words where the folds come from.

    Args:
        wanted: "dataset" for its own fold column, else the path of a split file.

    Raises:
        S3EvalError: there are none, or a patient is in two of them.
    """
    if wanted == "dataset":
        own = {v.name: v.fold for v in dataset.videos if v.fold is not None}
        if not own:
            raise S3EvalError(
                "The dataset has no folds",
                where=dataset.name,
                fix="s3eval data split DATASET split.csv, then --folds split.csv",
            )
        refuse_leaks(own, dataset.patients, dataset.name)
        return own, "the dataset's folds"
    split = read_split(Path(wanted))
    strangers = [p for p in check_split(split, dataset) if "not in the dataset" in p]
    if strangers:
        raise S3EvalError("This split is of another dataset", where=wanted, why=strangers[0])
    refuse_leaks(split.folds, dataset.patients, wanted)
    return dict(split.folds), f"{Path(wanted).name} ({split.digest[:12]})"


def within(
    dataset: Dataset, videos: Collection[str], folds: int = 5, seed: int = 0
) -> tuple[Mapping[str, int], str]:
    """Patient folds made within some videos, stratified by diagnosis, numbered from 1.

    For a run that read one published fold only: nothing of the other folds can train on its own
    readings, but its own patients can be cut again.
    """
    known = sorted((v for v in dataset.videos if v.name in videos and v.diagnosis), key=_name)
    part = replace(dataset, videos=tuple(known), annotations={})
    least = min(
        (len({v.patient for v in known if v.diagnosis == d}) for d in {v.diagnosis for v in known}),
        default=0,
    )
    count = min(folds, least)
    if count < 2:
        raise S3EvalError("Too few patients of a diagnosis to cut folds within", where=dataset.name)
    labels, patients = [v.diagnosis for v in known], [v.patient for v in known]
    fold_of = {
        known[i].name: fold
        for fold, (_, held) in enumerate(patient_folds(labels, patients, count, seed), 1)
        for i in held
    }
    refuse_leaks(fold_of, part.patients)
    return fold_of, f"{count} patient folds within the videos read (seed {seed})"


def _name(video: object) -> str:
    return str(getattr(video, "name", ""))
