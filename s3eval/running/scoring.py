"""From answers to tallies, as stages over all runs: combine, read, score. Each is done once.

The same code serves asked and recorded runs under either protocol. A judge sees two lists, all
merging and then all reading. A task that raises loses its own findings or scores; what happened
is told as a `Fault`, and everything else goes on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from s3eval.errors import S3EvalError
from s3eval.facts.tally import Tally
from s3eval.judge import Judge, Unreadable
from s3eval.judging.stages import (
    announce,
    announces,
    known_merges,
    placeholders,
    serve,
    why_unserved,
)
from s3eval.running.boundary import checked_findings
from s3eval.running.guard import Fault, Guard
from s3eval.running.judge_requests import requests_of
from s3eval.running.loading import Findings, LoadedTasks
from s3eval.running.repeats import with_stability
from s3eval.running.task_results import check_truths, checked_baselines, checked_tallies
from s3eval.task import Finding, Piece, ScoringContext
from s3eval.vocabulary import Protocol, Sense

if TYPE_CHECKING:
    from s3eval.facts.videos import Dataset
    from s3eval.judge import JudgeRequest
    from s3eval.task import Item, TruthContext

__all__ = [
    "Combined",
    "Material",
    "Tallied",
    "combine_all",
    "tally_all",
    "tally_findings",
]

_Judged = Mapping["JudgeRequest", Any]
#: What is wanted of a judge for a run, by task.
_ByTask = Mapping[str, Sequence["JudgeRequest"]]
_ByBaseline = Mapping[str, Sequence[Finding]]


@dataclass(frozen=True)
class Material:
    """What scoring a run starts from.

    Attributes:
        tasks: its tasks.
        dataset: the whole one; baselines learn from folds that the run did not ask about.
        protocol, senses: the run's.
        pieces: by task and video the answered questions, for an asked run; None for a recorded.
        findings: those of a recorded run.
        judge_reads: whether a judge, where there is one, reads for this run.
        task_options: by task.
        options: of scoring, e.g. {"bertscore": encoder}.
        metrics: the only ones that will be looked at; empty for all.
        repeated: pieces of each repetition alone, where questions were asked several times.
        unread: what tasks' own code could not read of the pieces.
        unanswered: how many questions of a run that was cut short have no answer yet.
    """

    tasks: LoadedTasks
    dataset: Dataset
    protocol: Protocol
    senses: frozenset[Sense]
    pieces: Mapping[str, Mapping[str, Sequence[Piece]]] | None = None
    findings: Findings = field(default_factory=dict)
    judge_reads: bool = True
    task_options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    metrics: frozenset[str] = frozenset()
    repeated: Sequence[Mapping[str, Mapping[str, Sequence[Piece]]]] = ()
    unread: Sequence[Fault] = ()
    unanswered: int = 0

    def context(
        self, task: str, judged: _Judged | None = None, findings: Findings | None = None
    ) -> ScoringContext:
        """What a task of this run may use.

        Args:
            judged: what the judge read.
            findings: of the run's tasks, for those that build on what another provides.
        """
        return ScoringContext(
            self.dataset,
            self.protocol,
            self.senses,
            judged if self.judge_reads else None,
            self.tasks.provided(findings or {}),
            self.options,
            self.task_options.get(task, {}),
            self.metrics,
        )

    def truth_context(self, task: str) -> TruthContext:
        """What the truth of a task's items depends on, the task's options among that."""
        return self.context(task).truth


@dataclass(frozen=True)
class Combined:
    """A run's findings by task, and what tasks could not do."""

    findings: Findings
    faults: Sequence[Fault] = ()


@dataclass(frozen=True)
class Tallied:
    """A run's metrics, and the same metrics of each baseline.

    Attributes:
        findings: by task.
        tallies: the run's.
        baselines: by the baseline's name, its tallies over all tasks.
        faults: what tasks could not do.
        judged: what the judge read, for all runs; None where there is none.
        requested: what this run and its baselines wanted of the judge, by task.
    """

    findings: Findings
    tallies: Sequence[Tally]
    baselines: Mapping[str, Sequence[Tally]]
    faults: Sequence[Fault] = ()
    judged: _Judged | None = None
    requested: _ByTask = field(default_factory=dict)


def combine_all(materials: Sequence[Material], judge: Judge | None = None) -> list[Combined]:
    """Every run's findings: recorded ones as they are, asked ones combined from their pieces."""
    guards = [Guard(m.tasks.packages, m.unread) for m in materials]
    runs = list(zip(materials, guards, strict=True))
    if judge is None:
        return [Combined(_combine(m, guard, None), guard.faults) for m, guard in runs]
    by_task = [_merge_requests(m, guard) if m.judge_reads else {} for m, guard in runs]
    wanted = _all_of(by_task)
    if announces(judge):
        merged = known_merges(judge, wanted)
        expected = {**placeholders(wanted), **merged}
        is_final = expected.keys() == merged.keys()
        # An estimate's faults are not told: the same ones come up when it is done.
        used = guards if is_final else [Guard(m.tasks.packages) for m in materials]
        findings = [_combine(m, g, expected) for m, g in zip(materials, used, strict=True)]
        announce(judge, [*wanted, *_expected_reads(materials, findings)])
        if is_final:
            return [Combined(f, g.faults) for f, g in zip(findings, guards, strict=True)]
    merged = serve(judge, wanted)
    _note_faults(guards, by_task, merged)
    return [Combined(_combine(m, guard, merged), guard.faults) for m, guard in runs]


def tally_all(
    materials: Sequence[Material],
    combined: Sequence[Combined],
    judge: Judge | None = None,
    baselines: bool = True,
    further: Sequence[JudgeRequest] = (),
) -> list[Tallied]:
    """Every run's metrics and those of its baselines; a judge reads for all runs at once.

    Args:
        combined: from `combine_all`, in the order of ``materials``.
        baselines: whether baselines are scored too.
        further: what the caller wants to have read beside what tasks do.
    """
    guards = [Guard(m.tasks.packages) for m in materials]
    runs = list(zip(materials, guards, combined, strict=True))
    others = [_baselines(m, guard, c.findings) if baselines else {} for m, guard, c in runs]
    judged: _Judged | None = None
    by_task: list[_ByTask] = [{} for _ in runs]
    if judge is not None:
        by_task = [
            _read_requests(m, guard, c.findings, answered, judge) if m.judge_reads else {}
            for (m, guard, c), answered in zip(runs, others, strict=True)
        ]
        judged = serve(judge, [*further, *_all_of(by_task)])
        _note_faults(guards, by_task, judged)
    return [
        replace(_tally(m, guard, c, answered, judged), requested=requests)
        for (m, guard, c), answered, requests in zip(runs, others, by_task, strict=True)
    ]


def tally_findings(
    findings: Findings,
    dataset: Dataset,
    protocol: Protocol,
    tasks: LoadedTasks,
    judge: Judge | None = None,
    options: Mapping[str, Any] | None = None,
    baselines: bool = False,
) -> Tallied:
    """The metrics of findings that are at hand, without a run.

    Args:
        options: of scoring, e.g. {"bertscore": encoder}.

    Raises:
        S3EvalError: a task could not score; where there is no run to show that, it is an error.
    """
    material = Material(
        tasks, dataset, protocol, frozenset({"sight"}), None, findings, options=options or {}
    )
    (tallied,) = tally_all([material], [Combined(findings)], judge, baselines)
    for fault in tallied.faults:
        raise S3EvalError(f"Scoring failed: {fault}")
    return tallied


def _all_of(by_task: Sequence[_ByTask]) -> list[JudgeRequest]:
    return [r for run in by_task for requests in run.values() for r in requests]


def _note_faults(guards: Sequence[Guard], by_task: Sequence[_ByTask], judged: _Judged) -> None:
    """What a judge's own code could not do is told of the tasks that wanted it."""
    for guard, run in zip(guards, by_task, strict=True):
        for name, requests in run.items():
            results = (judged[r] for r in requests)
            failed = next((u for u in results if isinstance(u, Unreadable) and u.is_fault), None)
            if failed is not None:
                guard.note(name, "having its texts read", failed.reason)


def _expected_reads(
    materials: Sequence[Material], findings: Sequence[Findings]
) -> list[JudgeRequest]:
    """What will be read of these findings."""
    reads: list[_ByTask] = []
    for m, run_findings in zip(materials, findings, strict=True):
        if m.judge_reads:
            guard = Guard(m.tasks.packages)
            made = _baselines(m, guard, run_findings)
            reads.append(_read_requests(m, guard, run_findings, made))
    return _all_of(reads)


def _merge_requests(material: Material, guard: Guard) -> _ByTask:
    requests: dict[str, list[JudgeRequest]] = {}
    for name, videos in (material.pieces or {}).items():
        task, context = material.tasks.by_name[name], material.context(name, {})
        for video, pieces in videos.items():
            work = partial(requests_of, task.merge_requests, video, pieces, context)
            some: list[JudgeRequest] = guard.call(name, "naming what to merge", work, [])
            requests.setdefault(name, []).extend(some)
    return requests


def _combine(material: Material, guard: Guard, merged: _Judged | None) -> dict[str, list[Finding]]:
    if material.pieces is None:
        return {name: list(task_findings) for name, task_findings in material.findings.items()}
    findings = _combined_pieces(material, guard, merged, material.pieces)
    if not material.repeated:
        return findings
    merged_items = _merged_items(material, guard)
    alone = [_combined_pieces(material, guard, None, one) for one in material.repeated]
    unmerged = [
        {n: [f for f in made if (n, f.item) not in merged_items] for n, made in one.items()}
        for one in alone
    ]
    return with_stability(findings, unmerged)


def _merged_items(material: Material, guard: Guard) -> set[tuple[str, str]]:
    """Tasks with their items whose texts a judge merges: once, not once for each repetition."""
    nothing: Sequence[Item] = ()
    return {
        (name, item.name)
        for name in material.tasks.judged & {*(material.pieces or ())}
        for item in guard.call(
            name, "naming its items", material.tasks.by_name[name].items, nothing
        )
        if item.kind == "text"
    }


def _combined_pieces(
    material: Material,
    guard: Guard,
    merged: _Judged | None,
    by_task: Mapping[str, Mapping[str, Sequence[Piece]]],
) -> dict[str, list[Finding]]:
    findings: dict[str, list[Finding]] = {}
    step = "combining a video's windows"
    for name, videos in by_task.items():
        task, context = material.tasks.by_name[name], material.context(name, merged)
        findings[name] = []
        for video, pieces in videos.items():
            work = partial(_combined, task, video, pieces, context)
            failed = _failed(name, video, pieces, f"the task failed while {step}")
            findings[name] += guard.call(name, step, work, failed)
    return findings


def _combined(
    task: Any, video: str, pieces: Sequence[Piece], context: ScoringContext
) -> list[Finding]:
    return checked_findings(task.name, video, task.combine(video, pieces, context))


def _failed(task: str, video: str, pieces: Sequence[Piece], reason: str) -> list[Finding]:
    """A failed finding for each question that was put; their keys are the nearest to items."""
    counts: dict[str, int] = {}
    for piece in pieces:
        counts[piece.question.key] = counts.get(piece.question.key, 0) + 1
    return [Finding(task, video, key, "failed", None, reason, n) for key, n in counts.items()]


def _baselines(material: Material, guard: Guard, findings: Findings) -> dict[str, _ByBaseline]:
    """By task and baseline its findings."""
    made: dict[str, _ByBaseline] = {}
    for name, task_findings in findings.items():
        task, context = material.tasks.by_name[name], material.context(name, None, findings)
        work = partial(_baselines_of, task, task_findings, context)
        made[name] = guard.call(name, "making the answers of its baselines", work, {})
    return made


def _baselines_of(task: Any, findings: Sequence[Finding], context: ScoringContext) -> _ByBaseline:
    return checked_baselines(task.name, task.baselines(findings, context))


def _tallies_of(task: Any, findings: Sequence[Finding], context: ScoringContext) -> list[Tally]:
    tallies = checked_tallies(task, task.tallies(findings, context), context.dataset)
    check_truths(task, tallies, context.dataset, context.truth)
    return tallies


def _read_requests(
    material: Material,
    guard: Guard,
    findings: Findings,
    baselines: Mapping[str, _ByBaseline],
    judge: Judge | None = None,
) -> _ByTask:
    """What tasks want read; where the judge was not made for it, that is a fault of the task."""
    requests: dict[str, list[JudgeRequest]] = {}
    for name, task_findings in findings.items():
        task, context = material.tasks.by_name[name], material.context(name, {}, findings)
        for some in (task_findings, *baselines.get(name, {}).values()):
            work = partial(requests_of, task.read_requests, some, context)
            wanted: list[JudgeRequest] = guard.call(name, "naming what to read", work, [])
            unserved = next((w for r in wanted if judge and (w := why_unserved(judge, r))), "")
            if unserved:
                guard.note(name, "having its texts read", unserved)
            requests.setdefault(name, []).extend(wanted)
    return requests


def _tally(
    material: Material,
    guard: Guard,
    combined: Combined,
    baselines: Mapping[str, _ByBaseline],
    judged: _Judged | None,
) -> Tallied:
    tallies: list[Tally] = []
    lines: dict[str, list[Tally]] = {}
    for name, task_findings in combined.findings.items():
        task = material.tasks.by_name[name]
        context = material.context(name, judged, combined.findings)
        tallies += guard.call(
            name, "scoring", partial(_tallies_of, task, task_findings, context), []
        )
        # What is slow and optional (BERTScore) is not computed for baselines.
        plain = replace(context, options={})
        for baseline, some in baselines.get(name, {}).items():
            work = partial(_tallies_of, task, some, plain)
            step = f"scoring the baseline {baseline}"
            lines.setdefault(baseline, []).extend(guard.call(name, step, work, []))
    faults = [*combined.faults, *guard.faults]
    return Tallied(combined.findings, tallies, lines, faults, judged)
