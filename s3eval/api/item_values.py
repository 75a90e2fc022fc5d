"""Items and values of items.csv against the items that installed tasks declare."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TYPE_CHECKING

from s3eval.dataset.lateral_values import label_fix
from s3eval.dataset.problems import Problem
from s3eval.errors import S3EvalError, counted, nearest

if TYPE_CHECKING:
    from s3eval.facts.videos import Dataset
    from s3eval.task import Item

__all__ = ["check_item_values", "misspelt_items"]

#: Finds the row of (file, video, item) in a dataset's tables, 0 where there is none.
_FindRow = Callable[[str, str, str], int]
#: How alike, in per cent, an item of a dataset is to one of a task that it is taken for. Items
#: may be of tasks that are not installed here, so that another name alone is no mistake.
_ALIKE = 80


def check_item_values(
    dataset: Dataset, rows: _FindRow = lambda file, video, item: 0
) -> Iterator[Problem]:
    """Warnings for items that only resemble one of an installed task, and values it does not have.

    Args:
        dataset: its items, as items.csv has them.
        rows: finds the row of (file, video, item), for messages; unknown rows are 0.
    """
    used = _used(dataset)
    if not used:
        return
    declared = _declared()
    yield from _misspelt(dataset, used, declared, rows)
    known = {item: _labels(item, declared) for item in used}
    for video in dataset.videos:
        for item, value in dataset.annotations[video.name].items.items():
            by_task = known.get(item, {})
            labels = [*dict.fromkeys(label for mine in by_task.values() for label in mine)]
            if not labels or not value or value in labels:
                continue
            what = (
                f"value '{value}' of '{item}' of video '{video.name}' is no label of "
                f"{_tasks(by_task)} ({', '.join(labels)})"
            )
            fix = label_fix(value, labels)
            number = rows("items.csv", video.name, item)
            fix = "" if fix.startswith("one of") else fix
            yield Problem("warning", "items.csv", number, what, fix)


def _misspelt(
    dataset: Dataset,
    used: Collection[str],
    declared: Mapping[str, Mapping[str, Item]],
    rows: _FindRow,
) -> Iterator[Problem]:
    """A warning for each item that no task declares, at its first row."""
    known = [*dict.fromkeys(item for mine in declared.values() for item in mine)]
    for item, meant in _meant(dataset, used, known):
        notes = [dataset.annotations[video.name] for video in dataset.videos]
        videos = [note.video for note in notes if item in note.items]
        by_task = [task for task, mine in declared.items() if meant in mine]
        what = f"no installed task has an item '{item}' ({counted(len(videos), 'video')})"
        fix = f"did you mean '{meant}' of {_tasks(by_task)}?"
        yield Problem("warning", "items.csv", rows("items.csv", videos[0], item), what, fix)


def misspelt_items(dataset: Dataset, declared: Collection[str]) -> list[str]:
    """Items that a dataset annotates and that seem to be one of a task's, misspelt.

    Args:
        declared: the names of the task's items.
    """
    return [item for item, _ in _meant(dataset, _used(dataset), declared)]


def _meant(
    dataset: Dataset, used: Collection[str], known: Collection[str]
) -> Iterator[tuple[str, str]]:
    """Items that are not known, each with the known one that it resembles.

    One that stands beside the item that it resembles is another item.
    """
    for item in used:
        meant = None if item in known else nearest(item, known, _ALIKE)
        notes = dataset.annotations.values()
        if meant is not None and not any({item, meant} <= note.items.keys() for note in notes):
            yield item, meant


def _used(dataset: Dataset) -> list[str]:
    return [*dict.fromkeys(item for note in dataset.annotations.values() for item in note.items)]


def _tasks(names: Collection[str]) -> str:
    quoted = " and ".join(f"'{name}'" for name in names)
    return f"task{'s' * (len(names) > 1)} {quoted}"


def _labels(item: str, declared: Mapping[str, Mapping[str, Item]]) -> Mapping[str, tuple[str, ...]]:
    """By task, the labels that an item has in the tasks that declare it with some."""
    found = {task: mine[item] for task, mine in declared.items() if item in mine}
    return {t: tuple(one.labels) for t, one in found.items() if one.kind == "label" and one.labels}


def _declared() -> Mapping[str, Mapping[str, Item]]:
    """The items of installed tasks, by task and name; of tasks that do not load, none."""
    from s3eval.plugins import installed
    from s3eval.running.loading import load_task

    known: dict[str, dict[str, Item]] = {}
    registry = installed()
    for name in registry.names("task"):
        try:
            known[name] = {item.name: item for item in load_task(name, registry).items()}
        except S3EvalError:
            continue  # told where the task is asked for
    return known
