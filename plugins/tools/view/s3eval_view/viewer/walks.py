"""A score step by step: what each video counts, the sums, and the way to the stored number."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from s3eval.errors import S3EvalError
from s3eval.plugin_calls import call_plugin
from s3eval_view.report.evidence import measure, words
from s3eval_view.viewer.judges import Judged

if TYPE_CHECKING:
    from s3eval.facts.tally import Step, Tally
    from s3eval_view.viewer.judges import Judges
    from s3eval_view.viewer.opened import ShownRun

__all__ = ["Counted", "Walk", "Walks"]

#: How many tasks' tallies are kept; those of a large run take some megabytes.
_KEPT = 48


@dataclass(frozen=True)
class Counted:
    """What one video counts: its finding, its truth, and the numbers of its row that are not 0."""

    video: str
    answer: str
    truth: str
    numbers: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Walk:
    """One metric of one item.

    Attributes:
        steps: from the sums to the score.
        value: what the formula gives; None where it is undefined.
        stored: the number in the run's scores.json; None where it has none.
        is_stored: whether there is one.
    """

    metric: str
    label: str
    unit: str
    steps: tuple[Step, ...]
    value: float | None
    stored: float | None
    is_stored: bool
    note: str
    counts: Mapping[str, int]

    @property
    def agrees(self) -> bool:
        """Whether the stored number is exactly what comes out."""
        return self.is_stored and self.value == self.stored


@dataclass(frozen=True)
class _Tallied:
    run: ShownRun
    tallies: list[Tally]
    note: str
    read_by: str


class Walks:
    """Tallies of runs, kept while a run stays as it is."""

    def __init__(self, judges: Judges) -> None:
        self._judges = judges
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, str], _Tallied] = OrderedDict()

    def tallies(self, run: ShownRun, task: str) -> tuple[list[Tally], str]:
        """The metrics of a task as sums over videos, and why some cannot be had, "" for none.

        Raises:
            S3EvalError: the run has no such task, or the task cannot score.
        """
        if task not in run.findings or task not in run.tasks.by_name:
            raise S3EvalError(f"This run has no findings of a task '{task}'")
        kept = self._tallied(run, task)
        return kept.tallies, kept.note

    def read_by(self, run: ShownRun, task: str) -> str:
        """Whose readings the tallies of a task are made with, in words; "" for nobody's."""
        return self._tallied(run, task).read_by

    def _tallied(self, run: ShownRun, task: str) -> _Tallied:
        with self._lock:
            kept = self._kept.pop((run.key, task), None)
            if kept is None or kept.run is not run:
                kept = _tallied(run, task, self._judges)
            self._kept[run.key, task] = kept
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
            return kept

    def items(self, run: ShownRun, task: str) -> list[str]:
        """The items of a task that have scores."""
        return list(dict.fromkeys(t.item for t in self.tallies(run, task)[0]))

    def walks(self, run: ShownRun, task: str, item: str) -> list[Walk]:
        """Every metric of an item, the headline first.

        Raises:
            S3EvalError: there are no scores of this item.
        """
        mine = [t for t in self.tallies(run, task)[0] if (t.task, t.item) == (task, item)]
        if not mine:
            raise S3EvalError(f"There are no scores of '{item}' in this run")
        headline = run.tasks.by_name[task].headline
        return sorted((_walk(run, t) for t in mine), key=lambda w: w.metric != headline)

    def counted(self, run: ShownRun, task: str, item: str, metric: str) -> list[Counted]:
        """What each scored video counts for a metric, in the order of its rows."""
        wanted = task, item, metric
        tally = next(
            (t for t in self.tallies(run, task)[0] if (t.task, t.item, t.metric) == wanted), None
        )
        if tally is None:
            raise S3EvalError("There is no such score in this run")
        known = {
            (k.finding.video): k
            for some in run.by_video.values()
            for k in some
            if (k.finding.task, k.finding.item) == (task, item)
        }
        counts = []
        for video, row in zip(tally.videos, tally.rows, strict=True):
            one = known.get(video)
            numbers = [
                (tally.columns[i] if i < len(tally.columns) else f"number {i + 1}", float(x))
                for i, x in enumerate(row)
                if x
            ]
            answer = "" if one is None else _short(one.finding.value)
            truth = "" if one is None or one.truth is None else _short(one.truth)
            counts.append(Counted(video, answer, truth, tuple(numbers)))
        return counts


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.2f}"
    if isinstance(value, (list, tuple)):
        value = ", ".join(words(str(v)) for v in value)
    text = str(value)
    return text if len(text) <= 120 else text[:117] + "…"


def _walk(run: ShownRun, tally: Tally) -> Walk:
    row = run.stored_scores.get((tally.task, tally.item, tally.metric))
    counts = tally.counts
    return Walk(
        tally.metric,
        measure(tally.metric),
        tally.unit,
        tuple(tally.steps()),
        tally.value,
        None if row is None else row["value"],
        row is not None,
        tally.note,
        {name: getattr(counts, name) for name in counts.__dataclass_fields__},
    )


def _tallied(run: ShownRun, task: str, judges: Judges) -> _Tallied:
    """The tallies of a task, made from the run's findings as scoring makes them."""
    material = run.material(with_pieces=False)
    findings, one = run.findings[task], run.tasks.by_name[task]
    judged, note, read_by = Judged(), "", ""
    if task in run.tasks.judged:
        context = material.context(task, {}, run.findings)
        wanted = list(dict.fromkeys(one.read_requests(findings, context)))
        judged = judges.read(run, wanted)
        note, read_by = _noted(judged, len(wanted))
    if run.run.facts.source == "recorded" and judged.readings is None:
        note = ""  # what was read stands in the findings
    context = material.context(task, judged.readings, run.findings)
    where = run.tasks.packages.get(task, "")
    tallies = call_plugin(
        f"Scoring by task '{task}'", where, lambda: list(one.tallies(findings, context))
    )
    return _Tallied(run, tallies, note, read_by)


def _noted(judged: Judged, wanted: int) -> tuple[str, str]:
    """What a page says of readings that are not there, and of those that are."""
    there = wanted - judged.missing
    read_by = f"{judged.source} ({there} of {wanted} readings)" if there else ""
    if not judged.missing or not there:
        return judged.note, read_by
    left = f"{judged.missing} of {wanted} readings are not there and count as unread below. "
    return left + judged.note, read_by
