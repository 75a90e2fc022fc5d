"""Opening datasets: a folder, or a format named before a colon; and the dataset of a run."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
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

__all__ = [
    "TablesChangedError",
    "dataset_of",
    "datasets_of",
    "format_of",
    "open_dataset",
    "open_dataset_of",
    "open_unchecked",
    "refuse_changed",
    "refuse_different",
    "where_of",
]


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
    """The format that a ``--data`` names, and the path in it; "folder" where it names none.

    Raises:
        S3EvalError: no path is given, which would stand for the current folder.

    >>> format_of("s3-release:/data/release"), format_of("mine")
    (('s3-release', '/data/release'), ('folder', 'mine'))
    """
    text = os.fspath(path)
    kind, sign, rest = text.partition(":")
    is_folder = not sign or Path(text).exists()
    if not (text if is_folder else rest).strip():
        what = f"No path follows '{text}'" if sign else "No dataset is named"
        raise S3EvalError(
            what, fix=f"{kind}:PATH, or '.' for this folder" if sign else "its folder"
        )
    return ("folder", text) if is_folder else (kind, rest)


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
    where, outside = where_of(run, path), bool(run.facts.selection.get("outside"))
    dataset = (opened or {}).get((where, outside)) or open_dataset_of(run, path)
    if opened is not None:
        opened[where, outside] = dataset
    refuse_changed([run], dataset, where)
    selection: Mapping[str, Any] = run.facts.selection
    chosen = {key: selection.get(key) for key in ("videos", "folds", "limit")}
    return dataset.select(**chosen), dataset


def open_dataset_of(run: Run, path: str | None = None) -> Dataset:
    """The whole dataset of a run, whether or not its tables changed since.

    Args:
        path: where the dataset is now, when it moved.

    Raises:
        S3EvalError: it is not there, or has errors.
    """
    where = where_of(run, path)
    try:
        return open_dataset(where, outside=bool(run.facts.selection.get("outside")))
    except S3EvalError as error:
        if path is None and not Path(where).exists():
            fix = "--data WHERE_IT_IS_NOW, or move it back"
            raise S3EvalError("The run's dataset is not there", where=where, fix=fix) from error
        raise


def datasets_of(runs: Sequence[Run], path: str | None = None) -> list[tuple[Dataset, Dataset]]:
    """The datasets of several runs, as `dataset_of`; each is opened once.

    Raises:
        S3EvalError: as `dataset_of`; where tables changed, every run that is older is named.
    """
    opened: dict[tuple[str, bool], Dataset] = {}
    made: list[tuple[Dataset, Dataset]] = []
    for run in runs:
        try:
            made.append(dataset_of(run, path, opened))
        except TablesChangedError:
            _refuse_every_changed(runs, path, opened)
            raise
    return made


def _refuse_every_changed(
    runs: Sequence[Run], path: str | None, opened: Mapping[tuple[str, bool], Dataset]
) -> None:
    """The error of the first dataset whose tables changed, with all runs on it."""
    for (where, _), dataset in opened.items():
        refuse_changed([run for run in runs if where_of(run, path) == where], dataset, where)


def where_of(run: Run, path: str | None = None) -> str:
    """Where a run's dataset is: as the user says, as seen from here, or as the run has it."""
    if path is None and (folder := dataset_folder(run.facts, run.path)) is not None:
        return str(folder)
    return path or run.facts.dataset


class TablesChangedError(S3EvalError):
    """Runs were made on a dataset whose tables have changed since."""


def refuse_changed(runs: Sequence[Run], dataset: Dataset, where: str) -> None:
    """Refuse runs whose dataset has other tables now than when they were made.

    Args:
        runs: on one dataset.
        dataset: that dataset as it is now.
        where: where it is, for the message.

    Raises:
        TablesChangedError: names the runs that were made on older tables, and what to do.
    """
    older = [
        run
        for run in runs
        if run.facts.digest and dataset.digest and run.facts.digest != dataset.digest
    ]
    if older:
        several = len(older) > 1
        raise TablesChangedError(
            f"The dataset's tables changed since {'these runs' if several else 'this run'}",
            where=where,
            why=f"made on older tables: {_names(older)}",
            fix=f"run {'them' if several else 'it'} again with the same --out: recorded answers "
            "are kept and reused",
        )


def refuse_different(runs: Sequence[Run], digests: Iterable[str], fix: str, why: str = "") -> None:
    """Refuse runs on several datasets, by the runs on each.

    Runs whose dataset is at one place are on one dataset, whether or not its tables changed.

    Args:
        runs: all of them.
        digests: of their datasets; unknown ones are "".
        fix: what to do.
        why: what makes it impossible.

    Raises:
        S3EvalError: names the datasets with their runs.
    """
    if len({*digests} - {""}) < 2:
        return
    places: dict[str, list[Run]] = {}
    for run in runs:
        where = where_of(run)
        place = str(Path(where).resolve()) if Path(where).exists() else where
        places.setdefault(place, []).append(run)
    if len(places) > 1:
        raise S3EvalError(
            "These runs were made on different datasets",
            where="; ".join(f"{where_of(on_it[0])}: {_names(on_it)}" for on_it in places.values()),
            why=why,
            fix=fix,
        )


def _names(runs: Sequence[Run]) -> str:
    """The runs' folder names, whole paths where two folders have one name."""
    names = [run.name for run in runs]
    apart = len({*names}) == len(names)
    return ", ".join(names if apart else [str(run.path) for run in runs])
