"""Runs against each other: what ``s3eval compare`` does."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s3eval.api.datasets import open_dataset_of, refuse_changed, refuse_different, where_of
from s3eval.api.judges import (
    DEFAULT_JUDGE,
    JudgeChoice,
    ShowProgress,
    close_judge,
    judge_of_run,
)
from s3eval.api.results import ShownAsTables, frame_of
from s3eval.api.runs import ScoredRuns, open_runs
from s3eval.api.unshared import (
    lacking_of,
    otherwise_annotated,
    refuse_tasks,
    unshared_of,
    without_tasks,
)
from s3eval.errors import S3EvalError, refuse_unknown
from s3eval.judging.stages import serve
from s3eval.reporting.differences import tables_of
from s3eval.reporting.variants import model_options_of
from s3eval.running.guard import Fault, Guard
from s3eval.running.judge_requests import requests_of
from s3eval.running.loading import load_tasks
from s3eval.running.runs import Run
from s3eval.running.scoring import Material
from s3eval.secrets_in_text import without_secrets
from s3eval.statistics.comparing import (
    FAMILIES,
    Choice,
    Difference,
    Judging,
    Resampling,
    compare_runs,
)
from s3eval.vocabulary import Protocol

if TYPE_CHECKING:
    import pandas

    from s3eval.facts.reports import Table
    from s3eval.facts.videos import Dataset
    from s3eval.judge import Judge, JudgeRequest
    from s3eval.running.loading import Findings, LoadedTasks

__all__ = ["Choice", "Comparison", "Resampling", "compare", "compare_opened"]


@dataclass(frozen=True, repr=False)
class Comparison(ShownAsTables):
    """Differences of runs, pair by pair."""

    differences: tuple[Difference, ...]
    protocol: str
    resampling: Resampling
    #: What tasks could not do; their scores are missing.
    faults: tuple[Fault, ...] = ()
    #: Of the models, by run; runs whose model had none are left out.
    model_options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    #: The tasks in which two of the runs answered nothing about the same, and why.
    unshared: tuple[str, ...] = ()

    def to_frame(self) -> pandas.DataFrame:
        """A row for each difference."""
        return frame_of([asdict(d) for d in self.differences])

    def as_json(self) -> dict[str, Any]:
        """Everything, for ``--json``.

        Secrets among the models' options are masked; paths stay, for the file is the user's own.
        """
        options = {run: without_secrets(given) for run, given in self.model_options.items()}
        return {
            "protocol": self.protocol,
            "family": sum(d.p is not None for d in self.differences),
            "families": {
                family: sum(d.p is not None and d.family == family for d in self.differences)
                for family in FAMILIES
            },
            "seed": self.resampling.seed,
            "resamples": self.resampling.resamples,
            "permutations": self.resampling.permutations,
            **({"faults": [str(fault) for fault in self.faults]} if self.faults else {}),
            **({"model_options": options} if options else {}),
            **({"unshared": [*self.unshared]} if self.unshared else {}),
            "differences": [asdict(d) for d in self.differences],
        }

    def tables(self) -> Sequence[Table]:
        """A table for each pair of runs."""
        return tables_of(self.differences, self.protocol)


def compare(
    runs: ScoredRuns | Iterable[Run | str | os.PathLike[str]] | str | os.PathLike[str],
    *,
    tasks: Sequence[str] = (),
    items: Sequence[str] = (),
    metrics: Sequence[str] = (),
    baseline: str = "",
    protocol: Protocol | None = None,
    data: str | None = None,
    judge: str | None = None,
    resamples: int = 2000,
    permutations: int = 9999,
    seed: int = 0,
) -> Comparison:
    """Compare two or more runs, pair by pair, on the videos and items that both answered.

    Args:
        runs: from `evaluate`, `score` or `open_runs`, or folders.
        tasks, items, metrics: only these; all tasks and items, and each task's headline.
        baseline: compare every other run with this one only.
        resamples, permutations, seed: of intervals and tests.

    Raises:
        S3EvalError: fewer than two runs, runs of different datasets or protocols, or nothing
            that both have.
    """
    if isinstance(runs, ScoredRuns):
        opened = [one.run for one in runs]
    elif isinstance(runs, (str, os.PathLike)):
        opened = open_runs(runs)
    else:
        opened = [r for one in runs for r in ([one] if isinstance(one, Run) else open_runs(one))]
    choice = JudgeChoice(DEFAULT_JUDGE if judge is None else judge, judge is not None)
    wanted = Choice(tuple(tasks), tuple(items), tuple(metrics))
    return compare_opened(
        opened, wanted, Resampling(resamples, permutations, seed), choice, baseline, protocol, data
    )


def compare_opened(
    runs: Sequence[Run],
    choice: Choice,
    resampling: Resampling,
    judging: JudgeChoice,
    baseline: str = "",
    protocol: Protocol | None = None,
    data: str | None = None,
    **shown: Any,
) -> Comparison:
    """The same of runs that are open; a judge reads for all of them at once."""
    by_name = _distinct(runs)
    if baseline:
        refuse_unknown("run", [baseline], by_name)
    asked_of = dict.fromkeys(task for run in runs for task in run.findings)
    refuse_tasks(choice.tasks, asked_of)
    dataset, by = _common(runs, data, protocol)
    findings = {
        name: {
            task: task_findings
            for task, task_findings in run.findings.items()
            if not choice.tasks or task in choice.tasks
        }
        for name, run in by_name.items()
    }
    tasks = load_tasks(dict.fromkeys(task for mine in findings.values() for task in mine))
    materials = {
        name: Material(
            tasks,
            dataset,
            by,
            frozenset(run.facts.senses),  # type: ignore[arg-type]
            task_options=dict(run.facts.options.get("tasks", {})),
        )
        for name, run in by_name.items()
    }
    unshared = unshared_of(materials, findings, baseline, choice.items)
    unlike = otherwise_annotated(materials, findings)
    unshared += unlike.values()
    alike = without_tasks(findings, unlike)
    reader, guard = _reader(by_name, findings, tasks, judging, shown), Guard(tasks.packages)
    try:
        progress = shown.get("progress")
        rows = differences_of(
            materials, alike, reader, choice, resampling, baseline, progress, guard
        )
        if _unmatched(choice, rows):
            everything = replace(choice, items=(), metrics=("all",))
            quick = Resampling(resamples=100, permutations=100)
            could = differences_of(materials, alike, reader, everything, quick, baseline)
            _refuse_unknown(choice, could, findings, bool(unshared))
    finally:
        close_judge(reader)
    if not rows:
        unfinished = [name for name, run in by_name.items() if not any(run.findings.values())]
        lacking = lacking_of(materials, findings, choice.tasks, unfinished)
        reasons = [*map(str, guard.faults), *(line for _, line in lacking), *unshared]
        shown_by = [by_name[lacking[0][0]]] if lacking else [*runs] if unshared else []
        raise S3EvalError(
            "Nothing to compare",
            why="; ".join(reasons) or "the runs share no score that was asked for",
            fix=f"s3eval show {' '.join(str(run.path) for run in shown_by)}" if shown_by else "",
        )
    return Comparison(
        tuple(rows),
        by,
        resampling,
        tuple(guard.faults),
        model_options_of(by_name.values()),
        tuple(unshared),
    )


def _unmatched(choice: Choice, rows: Sequence[Difference]) -> bool:
    """Whether a name that was asked for stands in no row."""
    items, metrics = {row.item for row in rows}, {row.metric for row in rows}
    return not items.issuperset(choice.items) or not metrics.issuperset({*choice.metrics} - {"all"})


def _refuse_unknown(
    choice: Choice,
    rows: Sequence[Difference],
    findings: Mapping[str, Findings],
    has_unshared: bool = False,
) -> None:
    """Refuse an item or metric that no score of the compared runs has.

    Args:
        rows: a row for each score that could have been asked for.
        findings: of the runs; their items are known, also where only one run answered them.
        has_unshared: whether there is a task in which runs share nothing; it may have a mean.
    """
    items = dict.fromkeys(row.item for row in rows)
    items |= dict.fromkeys(
        f.item for mine in findings.values() for some in mine.values() for f in some
    )
    items |= {"mean": None} if has_unshared else {}
    metrics = dict.fromkeys(row.metric for row in rows)
    if not rows:
        return
    for kind, names, known in (("item", choice.items, items), ("metric", choice.metrics, metrics)):
        refuse_unknown(f"{kind} in these runs", (n for n in names if n != "all"), known)


def differences_of(
    materials: Mapping[str, Material],
    findings: Mapping[str, Findings],
    judge: Judge | None,
    choice: Choice | None = None,
    resampling: Resampling | None = None,
    baseline: str = "",
    progress: ShowProgress | None = None,
    guard: Guard | None = None,
) -> list[Difference]:
    """The differences of runs by name, of one dataset, protocol and tasks.

    Both sides of a comparison are read by the same judge, recorded runs too.

    Args:
        findings: without tasks whose truth is another by the runs' options
            (`unshared.otherwise_annotated`).
        progress: shows how many pairs of runs are compared.
        guard: keeps what tasks cannot do; a new one where none is given.
    """
    guard = guard or Guard(next(iter(materials.values())).tasks.packages)
    first = next(iter(materials.values()))
    judged: Mapping[Any, Any] | None = None
    if judge is not None:
        requests: list[JudgeRequest] = []
        for name, material in materials.items():
            for task, task_findings in findings[name].items():
                context = material.context(task, {}, findings[name])
                ask = material.tasks.by_name[task].read_requests
                step = partial(requests_of, ask, task_findings, context)
                requests += guard.call(task, "naming what to read", step, [])
        judged = serve(judge, requests)
    senses = frozenset(sense for m in materials.values() for sense in m.senses)
    others = len(materials) - 1
    pairs = others if baseline else others * (others + 1) // 2
    shown = progress("comparing", pairs) if progress else nullcontext(lambda pairs: None)
    with shown as advance:
        return compare_runs(
            findings,
            first.dataset,
            first.tasks,
            Judging(first.protocol, judged, senses, first.task_options),
            choice,
            resampling,
            baseline,
            advance,
            guard,
        )


def _distinct(runs: Sequence[Run]) -> dict[str, Run]:
    if len(runs) < 2:
        count = "one" if runs else "none"
        raise S3EvalError(
            f"Expected two or more runs, but got {count}", fix="s3eval compare RUN RUN"
        )
    named: dict[str, Run] = {}
    folders: set[Path] = set()
    for run in runs:
        folder = run.path.resolve()
        if folder in folders:
            raise S3EvalError(
                "The same run is given twice", where=run.path, fix="s3eval compare RUN OTHER-RUN"
            )
        folders.add(folder)
        named[run.name if run.name not in named else str(run.path)] = run
    return named


def _common(
    runs: Sequence[Run], data: str | None, protocol: Protocol | None
) -> tuple[Dataset, Any]:
    """The dataset and protocol of all of them.

    Raises:
        S3EvalError: they were made on different datasets, on older tables or under different
            protocols.
    """
    digests = [run.facts.digest for run in runs]
    refuse_different(runs, digests, fix="compare runs of one dataset")
    protocols = {r.facts.protocol for r in runs}
    if protocol is None and len(protocols) > 1:
        raise S3EvalError(
            "These runs were scored by different protocols", fix="add --protocol paper"
        )
    dataset = open_dataset_of(runs[0], data)
    refuse_changed(runs, dataset, where_of(runs[0], data))
    return dataset, protocol or protocols.pop()


def _reader(
    runs: Mapping[str, Run],
    findings: Mapping[str, Findings],
    tasks: LoadedTasks,
    judging: JudgeChoice,
    shown: Mapping[str, Any],
) -> Judge | None:
    """The judge, where a task that is compared reads free text that no judge has read yet."""
    choices = {
        name: c for name, run in runs.items() if (c := judge_of_run(run, judging)).name != "none"
    }
    if not tasks.judged & {task for name in choices for task in findings[name]}:
        return None
    names = sorted({c.name for c in choices.values()})
    if len(names) > 1:
        raise S3EvalError(
            f"These runs were read by different judges ({', '.join(names)})", fix="add --judge NAME"
        )
    return next(iter(choices.values())).open(**shown)
