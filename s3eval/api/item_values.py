"""Values of items.csv against the labels that installed tasks know for these items."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from s3eval.dataset.lateral_values import label_fix
from s3eval.dataset.problems import Problem
from s3eval.errors import S3EvalError

if TYPE_CHECKING:
    from s3eval.facts.videos import Dataset

__all__ = ["check_item_values"]


def check_item_values(
    dataset: Dataset, rows: Callable[[str, str, str], int] = lambda file, video, item: 0
) -> Iterator[Problem]:
    """Warnings for values that are no label of any installed task with an item of that name.

    Args:
        dataset: its items, as items.csv has them.
        rows: finds the row of (file, video, item), for messages; unknown rows are 0.
    """
    used = {item for note in dataset.annotations.values() for item in note.items}
    if not used:
        return
    known = _labels(used)
    for video in dataset.videos:
        for item, value in dataset.annotations[video.name].items.items():
            by_task = known.get(item, {})
            labels = [*dict.fromkeys(label for mine in by_task.values() for label in mine)]
            if not labels or not value or value in labels:
                continue
            several = len(by_task) > 1
            tasks = " and ".join(f"'{task}'" for task in by_task)
            what = (
                f"value '{value}' of '{item}' of video '{video.name}' is no label of "
                f"task{'s' * several} {tasks} ({', '.join(labels)})"
            )
            fix = label_fix(value, labels)
            number = rows("items.csv", video.name, item)
            fix = "" if fix.startswith("one of") else fix
            yield Problem("warning", "items.csv", number, what, fix)


def _labels(items: set[str]) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """By item and task, the labels that installed tasks declare; tasks that do not load, none."""
    from s3eval.plugins import installed
    from s3eval.running.loading import load_task

    known: dict[str, dict[str, tuple[str, ...]]] = {}
    registry = installed()
    for name in registry.names("task"):
        try:
            declared = load_task(name, registry).items()
        except S3EvalError:
            continue  # told where the task is asked for
        for item in declared:
            if item.name in items and item.kind == "label" and item.labels:
                known.setdefault(item.name, {})[name] = tuple(item.labels)
    return known
