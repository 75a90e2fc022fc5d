"""How the verbs open datasets: a folder, or a format named before a colon."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s3eval.errors import S3EvalError

if TYPE_CHECKING:
    from s3eval.dataset import Dataset
    from s3eval.running.runs import Run

__all__ = ["dataset_of", "open_dataset"]


def open_dataset(path: str, outside: bool = False) -> Dataset:
    """A dataset folder, or ``format:path`` for the other formats of ``s3eval list datasets``.

    Args:
        path: as given on the command line.
        outside: whether the user allowed files outside the folder (``--allow-outside``).

    Raises:
        S3EvalError: there is none, or it has errors.
    """
    from s3eval.plugins import discover

    kind, sign, rest = path.partition(":")
    if not sign or Path(path).exists():
        kind, rest = "folder", path
    found: Dataset = discover().get("dataset", kind).spec.load()(rest)
    return replace(found, outside=True) if outside else found


def dataset_of(run: Run, path: str | None = None) -> tuple[Dataset, Dataset]:
    """The dataset a run was made on: the part it selected, and the whole.

    Scoring wants the whole: trivial answerers learn from folds the run did not ask about.

    Args:
        path: where the dataset is now, when it moved.

    Raises:
        S3EvalError: it is not there, or its tables changed since (told, not hidden).
    """
    where = path or run.facts.dataset
    try:
        dataset = open_dataset(where, outside=bool(run.facts.selection.get("outside")))
    except S3EvalError as error:
        if path is None and not Path(where).exists():
            fix = f"s3eval show {run.path} --data WHERE_IT_IS_NOW"
            raise S3EvalError("The run's dataset is not there", where=where, fix=fix) from error
        raise
    if run.facts.digest and dataset.digest and run.facts.digest != dataset.digest:
        raise S3EvalError(
            "The dataset's tables changed since this run",
            where=where,
            fix="run again with the same --out: recorded answers are kept and reused",
        )
    selection: Mapping[str, Any] = run.facts.selection
    chosen = {key: selection.get(key) for key in ("videos", "folds", "limit")}
    return dataset.select(**chosen), dataset
