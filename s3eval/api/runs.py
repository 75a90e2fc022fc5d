"""Runs that are on disk, their scores, and both as frames and tables."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from s3eval.api.datasets import datasets_of
from s3eval.api.judges import (
    DEFAULT_JUDGE,
    JudgeChoice,
    close_judge,
    judge_of_run,
    other_judge,
)
from s3eval.api.results import frame_of
from s3eval.errors import S3EvalError, UnknownNameError, counted
from s3eval.permission import Permission, Phi
from s3eval.plugins import installed
from s3eval.reporting.frames import finding_records, score_records
from s3eval.reporting.scores import html_of, text_of
from s3eval.running.materials import material_of
from s3eval.running.runs import Run
from s3eval.running.runs import open_runs as read_runs
from s3eval.statistics.resampling import check_draws
from s3eval.statistics.scored import Scored, score_all, stored_scores
from s3eval.statistics.subgroups import subgroups
from s3eval.vocabulary import Protocol

if TYPE_CHECKING:
    import pandas

    from s3eval.facts.videos import Dataset
    from s3eval.judge import Judge
    from s3eval.running.scoring import Material

__all__ = ["ScoredRuns", "open_runs", "score", "score_runs"]


@dataclass(frozen=True)
class ScoredRuns:
    """Runs with their scores, in the order given.

    Shows as a table in a notebook and in a terminal.

    Attributes:
        scored: one for each run.
        dataset: that they are about, the whole of it; None where they are about several.
    """

    scored: tuple[Scored, ...]
    dataset: Dataset | None = None
    datasets: tuple[Dataset, ...] = field(default=(), repr=False)

    def __iter__(self) -> Iterator[Scored]:
        return iter(self.scored)

    def __len__(self) -> int:
        return len(self.scored)

    def __getitem__(self, run: str | int) -> Scored:
        """A run's scores, by its name or place."""
        if isinstance(run, int):
            return self.scored[run]
        for one in self.scored:
            if one.run.name == run:
                return one
        raise UnknownNameError("run", run, self.names, fix=f"one of {', '.join(self.names)}")

    @property
    def names(self) -> list[str]:
        """The runs' names."""
        return [one.run.name for one in self.scored]

    def _dataset_of(self, place: int) -> Dataset | None:
        return self.datasets[place] if self.datasets else self.dataset

    def to_frame(self) -> pandas.DataFrame:
        """A row for each video and item: finding, truth, probability, counts, and facts.

        Raises:
            S3EvalError: pandas is not installed.
        """
        records: list[Mapping[str, Any]] = []
        for place, one in enumerate(self.scored):
            records += finding_records(one, self._dataset_of(place))
        return frame_of(records)

    def scores_frame(self) -> pandas.DataFrame:
        """A row for each score: value, interval, counts, chance."""
        return frame_of([r for one in self.scored for r in score_records(one)])

    def __repr__(self) -> str:
        return text_of(self.scored)

    def _repr_html_(self) -> str:
        return html_of(self.scored)


def open_runs(
    paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
) -> list[Run]:
    """Read run folders; a folder of runs stands for all of them.

    Raises:
        S3EvalError: no run there, or one that cannot be read.
    """
    several = [paths] if isinstance(paths, (str, os.PathLike)) else [*paths]
    return read_runs(os.fspath(p) for p in several)


def score(
    runs: str | os.PathLike[str] | Run | Iterable[str | os.PathLike[str] | Run],
    *,
    protocol: Protocol | None = None,
    judge: str | None = None,
    judge_options: Mapping[str, Any] | None = None,
    data: str | None = None,
    resamples: int = 2000,
    bertscore: str = "",
    write: bool = False,
    by: str = "",
    allow_remote: bool = False,
    phi: Phi = "redact",
    max_cost: float | None = None,
    max_calls: int | None = None,
) -> ScoredRuns:
    """Score runs again, from their recorded answers; no model is asked.

    Args:
        runs: from `open_runs`, or folders.
        protocol: None for each run's own.
        judge: by name; None for the one each run was made with.
        data: where the dataset is, when it moved.
        bertscore: an encoder for BERTScore, "" to leave it out.
        write: whether findings and scores in the run folders are replaced.
        by: a fact of videos or patients ("camera", "age_group", "diagnosis", "fold"): each of
            its values is scored as a subgroup.

    Raises:
        S3EvalError: a run's dataset is not there or changed, unknown names.
    """
    choice = JudgeChoice(
        name=DEFAULT_JUDGE if judge is None else judge,
        named=judge is not None,
        options=judge_options or {},
        permission=Permission(allow_remote, phi, max_cost, max_calls),
    )
    several = [runs] if isinstance(runs, (str, os.PathLike, Run)) else [*runs]
    opened: list[Run] = []
    for one in several:
        opened += [one] if isinstance(one, Run) else open_runs(one)
    if not opened:
        raise S3EvalError("Expected a run, but got none", fix="s3eval run --help makes one")
    options = {"bertscore": bertscore} if bertscore else {}
    return score_runs(opened, choice, protocol, data, resamples, options, write, by)


def score_runs(
    runs: Sequence[Run],
    choice: JudgeChoice,
    protocol: Protocol | None = None,
    data: str | None = None,
    resamples: int = 2000,
    options: Mapping[str, Any] | None = None,
    write: bool = False,
    by: str = "",
    evidence: bool = False,
    **shown: Any,
) -> ScoredRuns:
    """Score runs by their own judges, or by the one chosen; each judge reads for all its runs.

    Args:
        options: of the tasks' scoring.
        by: a fact of videos or patients: each of its values is scored as a subgroup.
        evidence: whether each `Scored` holds what it was made of, which stored scores do not.
        shown: ``notify`` and ``progress`` of the judges.
    """
    check_draws(resamples)
    choice.check_name()
    if by and write:
        raise S3EvalError("Subgroups are shown, not written", fix="s3eval show RUN --by FACT")
    opened = datasets_of(runs, data)
    groups: dict[str, tuple[JudgeChoice, list[int]]] = {}
    for place, run in enumerate(runs):
        judge = judge_of_run(run, choice)
        key = f"{judge.name} {sorted(judge.options.items())}"
        groups.setdefault(key, (judge, []))[1].append(place)
    scored: dict[int, list[Scored]] = {}
    notify = shown.get("notify") or (lambda line: None)
    for judge, places in groups.values():
        some = [runs[i] for i in places]
        reader = judge.open(judge.name != "none" and _wants_judge(some), **shown)
        try:
            parts = _scored(
                some, [opened[i] for i in places], reader, judge,
                protocol, resamples, options, write, by, evidence,
                notify,
            )  # fmt: skip
        finally:
            close_judge(reader, notify)
        scored |= dict(zip(places, parts, strict=True))
    ordered = [(one, opened[i][1]) for i in range(len(runs)) for one in scored[i]]
    datasets = tuple(whole for _, whole in ordered)
    same = datasets[0] if len({d.digest for d in datasets}) == 1 else None
    return ScoredRuns(tuple(one for one, _ in ordered), same, datasets)


def _scored(
    runs: Sequence[Run],
    datasets: Sequence[tuple[Dataset, Dataset]],
    reader: Judge | None,
    choice: JudgeChoice,
    protocol: Protocol | None,
    resamples: int,
    options: Mapping[str, Any] | None,
    write: bool,
    by: str,
    evidence: bool,
    notify: Callable[[str], None],
) -> list[list[Scored]]:
    """Each run's scores: as stored where they would come out the same, else computed.

    What is computed is computed for all runs at once, so that a judge gets one list.
    """
    scores: dict[int, list[Scored]] = {}
    reads = choice.name != "none"
    todo: list[tuple[int, Run, Material]] = []
    for place, (run, (selected, whole)) in enumerate(zip(runs, datasets, strict=True)):
        rule: Any = protocol or run.facts.protocol
        if not (by or write or evidence):
            light = material_of(run, selected, whole, rule, None, options, reads, False)
            stored = stored_scores(run, light, reader, resamples)
            if stored is not None:
                scores[place] = [stored]
                continue
        material = material_of(run, selected, whole, rule, None, options, reads)
        _tell_unanswered(run, material, write, notify)
        parts = subgroups(run, material, selected, by) if by else [(run, material)]
        todo += [(place, part, some) for part, some in parts]
    places, pending = [place for place, _, _ in todo], [run for _, run, _ in todo]
    materials = [material for _, _, material in todo]
    todo.clear()
    chosen = [other_judge(run, choice) if reader is not None else {} for run in pending]
    # Handed over, not kept: answers that were combined can be let go.
    done = score_all(
        pending,
        [materials.pop(0) for _ in pending],
        reader,
        resamples=resamples,
        write=write,
        chosen=chosen,
    )
    for place, one in zip(places, done, strict=True):
        scores.setdefault(place, []).append(one)
    return [scores.get(place, []) for place in range(len(runs))]


def _tell_unanswered(
    run: Run, material: Material, write: bool, notify: Callable[[str], None]
) -> None:
    """Say what the scores leave out.

    Raises:
        S3EvalError: findings would be written over with fewer.
    """
    if not material.unanswered:
        return
    what = f"{counted(material.unanswered, 'question')} of this run without an answer"
    why = "it was cut short, is at work, or its videos or packages changed"
    recorded = {(task, f.video) for task, some in run.findings.items() for f in some}
    kept = {(task, video) for task, some in (material.pieces or {}).items() for video in some}
    if write and recorded - kept:
        fix = "the s3eval run command again, which asks them"
        raise S3EvalError(f"Scoring would drop findings: {what}", where=run.name, why=why, fix=fix)
    notify(f"{run.name}: {what}, left out here ({why}): the same s3eval run command asks them")


def _wants_judge(runs: Iterable[Run]) -> bool:
    registry = installed()
    known = registry.names("task")
    return any(
        registry.get("task", name).spec.judged
        for run in runs
        for name in run.facts.tasks
        if name in known
    )
