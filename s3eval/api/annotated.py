"""What tasks cannot score of a dataset, said before a model is asked about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from s3eval.api.item_values import misspelt_items
from s3eval.plugins import installed
from s3eval.running.guarded import TaskFaultError
from s3eval.running.loading import load_tasks
from s3eval.task import Item, Task, TruthContext

if TYPE_CHECKING:
    from s3eval.api.requests import Request
    from s3eval.facts.videos import Dataset
    from s3eval.vocabulary import Sense

__all__ = ["annotation_remarks"]

#: Items of a task that are named.
_SHOWN = 3


def annotation_remarks(request: Request) -> Iterator[str]:
    """A line for each task without anything to score, and for values that a task does not take.

    The answers are asked for all the same: a run about videos that nobody has annotated is a run.

    Args:
        request: its tasks are held against the annotation of its selected videos.

    Raises:
        S3EvalError: a task does not load.
    """
    settings = request.settings
    for name, task in load_tasks(settings.tasks, installed()).by_name.items():
        # Every sense, since a truth may be about what is heard; a model with fewer senses is
        # asked less, and its scores say so.
        senses: frozenset[Sense] = frozenset({"sight", "hearing"})
        options = settings.task_options.get(name, {})
        context = TruthContext(settings.protocol, senses, options, request.dataset.patient_facts)
        try:
            yield from _remarks(name, task, request, context)
        except TaskFaultError:
            continue  # a fault of the task, which stands with the scores


def _remarks(name: str, task: Task, request: Request, context: TruthContext) -> Iterator[str]:
    items = task.items()
    if not items or type(task).truth is Task.truth:
        return  # nothing is known of what it is scored by
    dataset, has_truth, has_value = request.dataset, False, False
    for item in items:
        unknown = 0
        for video in dataset.videos:
            note = dataset.annotation(video.name)
            given = note.items.get(item.name) not in (None, "")
            if has_truth and not given:
                continue
            is_known = task.truth(video, note, item.name, context) is not None
            has_truth |= is_known
            unknown += given and not is_known
        has_value |= unknown > 0
        if unknown:
            labels = f"of its labels ({', '.join(item.labels)})" if item.labels else "it takes"
            yield (
                f"{name}: the dataset's value of '{item.name}' is none {labels} for {unknown} of "
                f"{len(dataset)} videos, which will not be scored: "
                f"s3eval data check {request.settings.data}"
            )
    if not has_truth:
        what = f"the dataset annotates none of the {len(dataset)} videos for it"
        if has_value:
            what = f"none of the {len(dataset)} videos has a value that it takes"
        names = _named([item.name for item in items]) + _misspelt(items, dataset)
        yield f"{name}: {what} ({names}), so that its answers will have no score"


def _misspelt(items: Sequence[Item], dataset: Dataset) -> str:
    """What the dataset annotates instead, where a name was mistyped."""
    instead = misspelt_items(dataset, [item.name for item in items])
    return f"; it annotates {_named(instead)}" if instead else ""


def _named(names: Sequence[str]) -> str:
    quoted = ", ".join(f"'{name}'" for name in names[:_SHOWN])
    return f"{quoted}, …" if len(names) > _SHOWN else quoted
