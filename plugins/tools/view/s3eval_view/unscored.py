"""Answers that could be read and still cannot be scored: nothing is annotated to compare with."""

from __future__ import annotations

from collections.abc import Iterator, Set
from typing import TYPE_CHECKING

from s3eval.plugins import installed
from s3eval.running.loading import load_tasks
from s3eval.statistics.missing import without_truth
from s3eval.task import ScoringContext

if TYPE_CHECKING:
    from s3eval.facts.videos import Dataset
    from s3eval.running.loading import LoadedTasks
    from s3eval.running.runs import Run
    from s3eval.task import Finding

__all__ = ["without_annotation"]


def without_annotation(run: Run, dataset: Dataset) -> Iterator[Finding]:
    """The answered findings of a run about videos and items that the dataset does not annotate.

    Tasks that do not say what is annotated (`Task.truth`) are left out: nothing is known of them.
    So are items about which a task's own code raises.

    Args:
        dataset: the run's, with annotation.

    Raises:
        S3EvalError: a task of the run is not installed.

    >>> from s3eval import api
    >>> run = api.open_runs("runs/motion")[0]  # doctest: +SKIP
    >>> [f.item for f in without_annotation(run, api.open_dataset("mine"))]  # doctest: +SKIP
    ['tonic']
    """
    tasks = load_tasks(run.findings)
    for name, findings in run.findings.items():
        on = run.facts.truth_context(name, dataset)
        judged = installed().get("task", name).spec.judged
        candidates = [
            f
            for f in without_truth(tasks.by_name[name], findings, dataset, on)
            # A judge can score a text by whether the feature is there, without an annotated text.
            if not (judged and dataset.annotation(f.video).presence(f.item))
        ]
        scored = _scored(run, dataset, tasks, name) if candidates else frozenset()
        yield from (f for f in candidates if (f.item, f.video) not in scored)


def _scored(run: Run, dataset: Dataset, tasks: LoadedTasks, name: str) -> Set[tuple[str, str]]:
    """The items and videos that a task scores: some have another truth than `Task.truth`."""
    task, on = tasks.by_name[name], run.facts.truth_context(name, dataset)
    context = ScoringContext(
        dataset,
        on.protocol,
        on.senses,
        None,
        tasks.provided(run.findings),
        task_options=on.options,
        metrics=frozenset({task.headline} - {""}),
    )
    tallies = task.tallies(run.findings[name], context)
    return {(t.item, video) for t in tallies if t.metric != "coverage" for video in t.videos}
