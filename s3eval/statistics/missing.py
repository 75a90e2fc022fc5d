"""Why a task has no score, or one of fewer answers than were asked for."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from s3eval.facts.videos import Annotation
from s3eval.plugin_calls import plugin_output
from s3eval.running.reasons import without_file, without_name
from s3eval.statistics.twice import UNANNOTATED
from s3eval.task import Task
from s3eval.terminal import cut, visible

if TYPE_CHECKING:
    from s3eval.facts.videos import Dataset
    from s3eval.running.scoring import Material
    from s3eval.statistics.table import ScoreRow
    from s3eval.task import Finding, TruthContext

__all__ = ["UNANNOTATED", "UNKNOWN_VALUE", "Missing", "missing_of", "without_truth"]

#: What is counted where the dataset has a value for an item, and the task does not take it.
UNKNOWN_VALUE = "annotated with an unknown value"
_STATES = ("unreadable", "failed", "skipped")
_LONGEST_REASON = 120
# Of how many windows a reason holds: of the same reason, and no other.
_WINDOWS = re.compile(r"^\d+ of \d+ ")


@dataclass(frozen=True)
class Missing:
    """What a task lacks.

    Attributes:
        task: its name.
        findings: how many there are, answered or not.
        counts: by state how many have no value; `UNKNOWN_VALUE` those whose annotated value
            (`Annotation.items`) the task does not take; `UNANNOTATED` those with nothing to
            compare them with, of items without a score.
        reasons: by state the most frequent reason, without names of videos or files; the labels
            that the task takes in place of unknown values; the items without annotation.
        has_score: whether any score could be made.

    >>> print(Missing("gait", 6, {"unreadable": 6}, {"unreadable": "names not one label"}))
    gait: 6 of 6 unreadable (names not one label)
    """

    task: str
    findings: int
    counts: Mapping[str, int] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    has_score: bool = False

    def __str__(self) -> str:
        if not self.findings:
            return f"{self.task}: no score, since there is no finding"
        if not self.counts:
            return f"{self.task}: {self.findings} of {self.findings} answered, but no score"
        parts: list[str] = []
        for state, n in self.counts.items():
            of = "" if parts else f" of {self.findings}"
            reason = self.reasons.get(state, "")
            parts.append(f"{n}{of} {state}" + (f" ({reason})" if reason else ""))
        return f"{self.task}: {', '.join(parts)}"


def missing_of(
    findings: Mapping[str, Sequence[Finding]], rows: Sequence[ScoreRow], material: Material
) -> list[Missing]:
    """The tasks without a score, or with findings that have no value; [] where all is there.

    Args:
        findings: by task.
        rows: the run's scores.
        material: with the tasks and the annotation.
    """
    scored = {row.task for row in rows if row.value is not None}
    missing: list[Missing] = []
    for name, some in findings.items():
        counts = {s: n for s in _STATES if (n := sum(f.state == s for f in some))}
        reasons = {state: _reason(some, state, material) for state in counts}
        unknown = _with_unknown_value(name, some, material)
        if unknown:
            counts[UNKNOWN_VALUE] = len(unknown)
            reasons[UNKNOWN_VALUE] = _labels_of(name, unknown, material)
        told = {_key(f) for f in unknown}
        unscored = _of_unscored(name, some, rows)
        bare = [f for f in _without_annotation(name, unscored, material) if _key(f) not in told]
        if bare:
            counts[UNANNOTATED] = len(bare)
            if name in scored:
                items = dict.fromkeys(f.item for f in bare)
                reasons[UNANNOTATED] = cut(", ".join(items), _LONGEST_REASON)
        if counts or name not in scored:
            missing.append(Missing(name, len(some), counts, reasons, name in scored))
    return missing


def _of_unscored(
    name: str, findings: Sequence[Finding], rows: Sequence[ScoreRow]
) -> Sequence[Finding]:
    """The findings of items without any score, all where the task has none.

    Items whose coverage is measured are left out of a task that has scores: tables name those
    that are annotated nowhere (`s3eval.reporting.unannotated`).
    """
    mine = [row for row in rows if row.task == name]
    if all(row.value is None for row in mine):
        return findings
    told = {r.item for r in mine if r.value is not None or r.videos or r.metric == "coverage"}
    return [f for f in findings if f.item not in told]


def _key(finding: Finding) -> tuple[str, str]:
    return finding.video, finding.item


def _reason(findings: Sequence[Finding], state: str, material: Material) -> str:
    """The most frequent reason of a state; of several that are as frequent, the first by name."""
    files = {v.name: v.file for v in material.dataset.videos}
    counted = Counter(
        without_name(without_file(f.reason, files.get(f.video, "")), f.video)
        for f in findings
        if f.state == state
    )
    reason = min(counted, key=lambda r: (-counted[r], r))
    for video in material.dataset.videos:  # a reason may name another one
        if video.file and PurePath(video.file).name in reason:
            reason = without_file(reason, video.file)
        if video.name in reason:
            reason = without_name(reason, video.name)
    text = cut(visible(" ".join(reason.split())), _LONGEST_REASON)
    others = len({_WINDOWS.sub("", r) for r in counted}) - 1
    return f"{text}; {others} other reasons" if others > 1 else text + "; 1 other reason" * others


def _with_unknown_value(
    name: str, findings: Sequence[Finding], material: Material
) -> list[Finding]:
    """The answered findings that are not scored because of what the dataset says of the item."""
    task, dataset = material.tasks.by_name[name], material.dataset
    notes = dataset.annotations
    given = [f for f in findings if f.video in notes and _has_value(notes[f.video], f.item)]
    return [*without_truth(task, given, dataset, material.truth_context(name))]


def _has_value(annotation: Annotation, item: str) -> bool:
    return annotation.items.get(item) not in (None, "")


def _labels_of(name: str, findings: Sequence[Finding], material: Material) -> str:
    """The labels that a task knows for the items of some findings; "" of other kinds of items."""
    items = {f.item for f in findings}
    known = [i for i in material.tasks.by_name[name].items() if i.name in items]
    labels = [*dict.fromkeys(label for item in known for label in item.labels)]
    return cut(f"labels: {', '.join(labels)}", _LONGEST_REASON) if labels else ""


def without_truth(
    task: Task, findings: Iterable[Finding], dataset: Dataset, context: TruthContext
) -> Iterator[Finding]:
    """The answered findings of a task about videos and items that the dataset does not annotate.

    None of a task that does not say what is annotated (`Task.truth`); nor those about which the
    task's own code raises, since that is a fault and no lack of annotation.
    """
    if type(task).truth is Task.truth:
        return
    for f in findings:
        if f.state == "answered" and f.video in dataset.annotations:
            video, annotation = dataset.video(f.video), dataset.annotation(f.video)
            if _truth(task, video, annotation, f.item, context) is None:
                yield f


def _without_annotation(
    name: str, findings: Sequence[Finding], material: Material
) -> list[Finding]:
    task, dataset = material.tasks.by_name[name], material.dataset
    if type(task).truth is not Task.truth:
        context = material.truth_context(name)
        return [*without_truth(task, findings, dataset, context)]
    # Nothing is known of single items: videos without any annotation at all are counted.
    return [
        f
        for f in findings
        if f.state == "answered" and dataset.annotations.get(f.video) == Annotation(f.video)
    ]


def _truth(task: Any, video: Any, annotation: Any, item: str, context: Any) -> Any:
    """The annotated value; what a task raises here stands among its faults."""
    try:
        with plugin_output():
            return task.truth(video, annotation, item, context)
    except Exception as error:
        return error
