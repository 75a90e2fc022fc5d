"""Scores with non-answers counted as wrong.

A model that answers only what it is sure of looks better than it is. For each score this is the
value it had if every failed or unreadable answer about an annotated video were wrong:

- items with labels: the non-answer becomes a label that is not the truth, and the task's own
  metrics are computed again (none where a judge reads for them);
- means over videos of which more is better: the video adds 0;
- everything else (errors in seconds, distances, corpus measures) has no worst value: None.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from s3eval.facts.tally import ratio
from s3eval.running.guarded import TaskFaultError

if TYPE_CHECKING:
    from s3eval.facts.tally import Tally
    from s3eval_view.report.evidence import Known, RunEvidence

__all__ = ["as_wrong"]

Key = tuple[str, str, str]


def as_wrong(run: RunEvidence) -> dict[Key, float]:
    """By (task, item, metric) the score with non-answers counted as wrong, where there is one."""
    scores: dict[Key, float] = {}
    for task in run.material.tasks.by_name:
        known = run.known(task)
        if not known:
            continue
        labelled = all(k.item.kind == "label" for k in known)
        if labelled and task not in run.material.tasks.judged:
            scores |= dict(_scored_again(run, task, known))
        else:
            scores |= _as_zero([t for t in run.tallies if t.task == task], known)
    return {key: value for key, value in scores.items() if key[2] != "coverage"}


def _scored_again(run: RunEvidence, task: str, known: list[Known]) -> Iterator[tuple[Key, float]]:
    wrong = {(k.finding.video, k.finding.item): w for k in known if (w := _wrong(k)) is not None}
    findings = [
        replace(f, state="answered", value=wrong[f.video, f.item], probability=None)
        if (f.video, f.item) in wrong
        else f
        for f in run.findings(task)
    ]
    try:
        tallies = run.task(task).tallies(findings, run.material.context(task))
    except TaskFaultError:  # its faults stand beside its scores
        return
    for tally in tallies:
        if tally.value is not None:
            yield (task, tally.item, tally.metric), tally.value


def _wrong(known: Known) -> str | None:
    """A label that is not the truth, for a non-answer about an annotated video."""
    if known.finding.state == "answered" or known.truth is None:
        return None
    labels = known.item.two_valued or known.item.labels
    return next((label for label in labels if label != known.truth), None)


def _as_zero(tallies: list[Tally], known: list[Known]) -> dict[Key, float]:
    annotated: dict[str, set[str]] = {}
    for one in known:
        if one.truth is not None:
            annotated.setdefault(one.finding.item, set()).add(one.finding.video)
    scores: dict[Key, float] = {}
    for tally in tallies:
        if tally.item in annotated and _is_mean(tally) and tally.higher_is_better:
            videos = annotated[tally.item] | {*tally.videos}
            scores[tally.task, tally.item, tally.metric] = float(tally.rows[:, 0].sum()) / len(
                videos
            )
    for tally in tallies:
        items: list[str] = tally.detail.get("items", [])
        parts = [scores.get((tally.task, item, tally.metric)) for item in items]
        if items and all(p is not None for p in parts):
            values = [p for p in parts if p is not None]
            scores[tally.task, tally.item, tally.metric] = float(np.mean(values))
    return scores


def _is_mean(tally: Tally) -> bool:
    """Whether the score is the mean of one value for each video."""
    rows = tally.rows
    return tally.formula is ratio and rows.shape[1:] == (2,) and bool((rows[:, 1] == 1).all())
