"""Splitting a dataset by patient, and checking any split for patients on both sides."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s3eval.api.datasets import open_dataset
from s3eval.errors import S3EvalError
from s3eval.facts.videos import Dataset
from s3eval.statistics.splits import (
    FoldFacts,
    Split,
    check_split,
    fold_facts,
    make_split,
    read_split,
    write_split,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["DatasetSplit", "check_split_of", "split_dataset"]


@dataclass(frozen=True)
class DatasetSplit:
    """A split of a dataset.

    Attributes:
        dataset: what is split.
        split: which fold each video is in; 0 is the test set.
        problems: what is wrong with it, in words; empty for a split just made.
    """

    dataset: Dataset
    split: Split
    problems: tuple[str, ...] = ()

    @property
    def folds(self) -> Sequence[FoldFacts]:
        """What each fold holds."""
        return fold_facts(self.split.folds, self.dataset)

    def as_json(self) -> dict[str, Any]:
        """Everything, as ``s3eval data split --json`` writes it."""
        return {
            "seed": self.split.seed,
            "sha256": self.split.digest,
            "folds": [asdict(fold) for fold in self.folds],
            "problems": [*self.problems],
        }


def split_dataset(
    dataset: str | os.PathLike[str] | Dataset,
    file: str | os.PathLike[str],
    folds: int = 4,
    test: float = 0.2,
    seed: int = 0,
    overwrite: bool = False,
) -> DatasetSplit:
    """Split a dataset by patient, stratified by diagnosis, and write the split to a file.

    Args:
        folds: how many beside the test set, which is fold 0.
        test: share of videos in the test set.
        overwrite: whether a file that exists is replaced.

    Raises:
        S3EvalError: the file exists, or there are too few patients.

    >>> import pathlib, tempfile
    >>> from s3eval import Dataset, Video
    >>> videos = tuple(Video(f"v{i}", f"p{i}", diagnosis="NES" if i % 2 else "ES")
    ...                for i in range(12))
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "split.csv"
    >>> done = split_dataset(Dataset("d", videos, {}), file, folds=2)
    >>> [fold.fold for fold in done.folds], check_split_of(done.dataset, file).problems
    ([0, 1, 2], ())
    """
    path = Path(file)
    opened = dataset if isinstance(dataset, Dataset) else open_dataset(dataset)
    if path.exists() and not overwrite:
        raise S3EvalError("This file exists", where=path, fix="another name, or --force")
    split = make_split(opened, folds, test, seed)
    write_split(split, opened, path)
    return DatasetSplit(opened, split)


def check_split_of(
    dataset: str | os.PathLike[str] | Dataset, file: str | os.PathLike[str] | None = None
) -> DatasetSplit:
    """What is wrong with a split: patients in two folds, folds without one of the diagnoses.

    Args:
        file: holds the split; without it the dataset's own folds are checked.

    Raises:
        S3EvalError: the file cannot be read or was changed, or no video has a fold.
    """
    opened = dataset if isinstance(dataset, Dataset) else open_dataset(dataset)
    if file:
        split = read_split(Path(file))
    else:
        split = Split({v.name: v.fold for v in opened.videos if v.fold is not None})
    if not split.folds:
        where = file or (opened.name if isinstance(dataset, Dataset) else dataset)
        raise S3EvalError("No video has a fold", where=where)
    return DatasetSplit(opened, split, tuple(check_split(split, opened)))
