"""Opening datasets: a folder, or a format named before a colon; and the dataset of a run."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s3eval.errors import S3EvalError
from s3eval.facts.videos import Dataset
from s3eval.plugin_calls import call_plugin
from s3eval.plugins import installed
from s3eval.running.runs import dataset_folder

if TYPE_CHECKING:
    from s3eval.running.runs import Run

__all__ = ["dataset_of", "format_of", "open_dataset", "open_unchecked"]


def open_dataset(path: str | os.PathLike[str], outside: bool = False) -> Dataset:
    """Open a dataset.

    Args:
        path: a dataset folder, or ``format:path`` for the other formats that
            ``s3eval list datasets`` shows.
        outside: whether files outside the folder may be read, by a path or a link that leads
            there (``--allow-outside``): the user's word, whatever a format says.

    Raises:
        S3EvalError: there is none, it has errors, or its format's plugin gave no dataset.
    """
    from s3eval.dataset.problems import refuse
    from s3eval.dataset.validity import check_facts

    kind, dataset = open_unchecked(path)
    if kind != "folder":
        refuse("The dataset has errors", check_facts(dataset), fix=f"s3eval data check {path}")
    return dataset if dataset.outside == outside else replace(dataset, outside=outside)


def format_of(path: str | os.PathLike[str]) -> tuple[str, str]:
    """The format that a ``--data`` names, and the path in it; "folder" where it names none."""
    text = os.fspath(path)
    kind, sign, rest = text.partition(":")
    return ("folder", text) if not sign or Path(text).exists() else (kind, rest)


def open_unchecked(path: str | os.PathLike[str]) -> tuple[str, Dataset]:
    """The format and the dataset as its plugin opens it.

    Raises:
        S3EvalError: there is none, or the plugin opens something else than a dataset.
    """
    from s3eval.dataset.validity import checked

    kind, rest = format_of(path)
    plugin = installed().get("dataset", kind)
    where = f"{plugin.package}: {plugin.spec.adapter}"

    def opened() -> Dataset:
        return checked(plugin.spec.load()(rest), kind, where)

    return kind, call_plugin(f"Opening '{kind}'", where, opened)


def dataset_of(
    run: Run, path: str | None = None, opened: dict[tuple[str, bool], Dataset] | None = None
) -> tuple[Dataset, Dataset]:
    """The dataset a run was made on: the part it selected, and the whole.

    Scoring wants the whole: baselines learn from folds the run did not ask about.

    Args:
        path: where the dataset is now, when it moved.
        opened: what was opened already, for runs that share a dataset; more is added.

    Raises:
        S3EvalError: it is not there, or its tables changed since (told, not hidden).
    """
    where = path or run.facts.dataset
    if path is None and (folder := dataset_folder(run.facts, run.path)) is not None:
        where = str(folder)
    try:
        outside = bool(run.facts.selection.get("outside"))
        dataset = (opened or {}).get((where, outside)) or open_dataset(where, outside=outside)
    except S3EvalError as error:
        if path is None and not Path(where).exists():
            fix = f"s3eval show {run.path} --data WHERE_IT_IS_NOW"
            raise S3EvalError("The run's dataset is not there", where=where, fix=fix) from error
        raise
    if opened is not None:
        opened[where, outside] = dataset
    if run.facts.digest and dataset.digest and run.facts.digest != dataset.digest:
        raise S3EvalError(
            "The dataset's tables changed since this run",
            where=where,
            fix="run again with the same --out: recorded answers are kept and reused",
        )
    selection: Mapping[str, Any] = run.facts.selection
    chosen = {key: selection.get(key) for key in ("videos", "folds", "limit")}
    return dataset.select(**chosen), dataset
