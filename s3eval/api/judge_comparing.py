"""The same runs under several judges: what ``s3eval judge compare`` does."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from s3eval.api.datasets import dataset_of
from s3eval.api.judges import JudgeChoice, close_judge
from s3eval.api.results import ShownAsTables, frame_of
from s3eval.api.runs import open_runs
from s3eval.errors import S3EvalError
from s3eval.reporting.judges import tables_of
from s3eval.running.loading import load_tasks
from s3eval.running.scoring import Material
from s3eval.statistics.judge_comparison import (
    RECORDED,
    JudgedRun,
    PairAgreement,
    judged_runs,
    pairs_of,
)
from s3eval.vocabulary import Protocol

if TYPE_CHECKING:
    import pandas

    from s3eval.facts.reports import Table
    from s3eval.facts.videos import Dataset
    from s3eval.running.runs import Run

__all__ = ["JudgeComparison", "compare_judges"]


@dataclass(frozen=True, repr=False)
class JudgeComparison(ShownAsTables):
    """Scores of runs under each judge, and how the judges agree.

    Attributes:
        identities: what each judge says it is, by name.
        judged: one for each run and judge.
        pairs: one for each pair of judges.
    """

    identities: Mapping[str, Mapping[str, Any]]
    judged: tuple[JudgedRun, ...]
    pairs: tuple[PairAgreement, ...]

    @property
    def left_unread(self) -> bool:
        """Whether a judge left texts unread; findings without a text are nothing to read."""
        if any(judged.unread_further for judged in self.judged):
            return True
        scored: dict[tuple[str, str, str], set[int]] = {}
        for judged in self.judged:
            for f in judged.further:
                scored.setdefault((judged.run, f.task, f.item), set()).add(f.scored)
        return any(pair.unread for pair in self.pairs) or any(len(n) > 1 for n in scored.values())

    @property
    def faults(self) -> list[str]:
        """What tasks' own code could not do with a run and a judge, a line each."""
        return [
            f"{judged.run}, {judged.judge}: {fault}"
            for judged in self.judged
            for fault in judged.faults
        ]

    def to_frame(self) -> pandas.DataFrame:
        """A row for each run and judge: its scores, and what was read."""
        return frame_of([_run_json(j) for j in self.judged])

    def as_json(self) -> dict[str, Any]:
        """Everything, for ``--json``."""
        return {
            "judges": dict(self.identities),
            "runs": [_run_json(j) for j in self.judged],
            "means": _means([*self.identities], self.judged),
            "agreement": [asdict(p) for p in self.pairs],
            **({"faults": self.faults} if self.faults else {}),
        }

    def tables(self) -> list[Table]:
        """Scores per judge, and agreement."""
        return tables_of(_means([*self.identities], self.judged), self.judged, self.pairs)


def compare_judges(
    runs: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    judges: Sequence[str],
    *,
    protocol: Protocol | None = None,
    data: str | None = None,
    judging: JudgeChoice | None = None,
    **shown: Any,
) -> JudgeComparison:
    """Score runs under each of several judges.

    Args:
        runs: run folders.
        judges: names of two or more; "recorded" stands for the readings of recorded runs.
        judging: what judges may do, and their options as ``NAME.key``.
        shown: ``notify`` and ``progress`` of the judges.

    Raises:
        S3EvalError: fewer than two judges, or no run with a task that a judge reads for.
    """
    judges = [*dict.fromkeys(judges)]
    if len(judges) < 2:
        raise S3EvalError(
            "Comparing takes two different judges or more",
            why=f"'{judges[0]}' is the only one" if judges else "",
            fix="--judges lexicon,qwen (s3eval list judges)",
        )
    choices = _choices(judges, judging or JudgeChoice())
    for name in judges:
        if name != RECORDED:
            choices[name].check_name()
    datasets: dict[tuple[str, bool], Dataset] = {}
    opened = [pair for run in open_runs(runs) if (pair := _material(run, protocol, data, datasets))]
    if not opened:
        raise S3EvalError(
            "None of these runs has a task that a judge reads for", fix="s3eval show RUN"
        )
    judged: list[JudgedRun] = []
    identities: dict[str, Mapping[str, Any]] = {}
    for name in judges:
        some, identities[name] = _judged(name, choices[name], opened, shown)
        judged += some
    return JudgeComparison(identities, tuple(judged), tuple(pairs_of(judged)))


def _choices(wanted: Sequence[str], judging: JudgeChoice) -> dict[str, JudgeChoice]:
    """Each judge with its own options: ``NAME.key=value``."""
    options: dict[str, dict[str, Any]] = {name: {} for name in wanted}
    for key, value in judging.options.items():
        name, dot, option = key.partition(".")
        if not dot or name not in options:
            raise S3EvalError(
                f"Which judge is the option '{key}' for?", fix=f"--judge-option {wanted[0]}.{key}=…"
            )
        options[name][option] = value
    return {name: replace(judging, name=name, named=True, options=options[name]) for name in wanted}


def _material(
    run: Run, protocol: Any, data: str | None, datasets: dict[tuple[str, bool], Dataset]
) -> tuple[Run, Material] | None:
    """What a run is scored from; None where no judge reads for any of its tasks."""
    tasks = load_tasks(run.findings)
    if not tasks.judged & {*run.findings}:
        return None
    whole = dataset_of(run, data, datasets)[1]
    senses: Any = frozenset(run.facts.senses)
    by: Any = protocol or run.facts.protocol
    return run, Material(tasks, whole, by, senses)


def _judged(
    name: str,
    choice: JudgeChoice,
    runs: Sequence[tuple[Run, Material]],
    shown: Mapping[str, Any],
) -> tuple[list[JudgedRun], Mapping[str, Any]]:
    judge = None if name == RECORDED else choice.open(True, **shown)
    try:
        identity = dict(judge.identity()) if judge else {"judge": RECORDED}
        return judged_runs(runs, name, judge), identity
    finally:
        close_judge(judge)


def _run_json(judged: JudgedRun) -> dict[str, Any]:
    kept = ("run", "judge", "interpretation", "rqi", "scored", "asked")
    return {
        **{name: getattr(judged, name) for name in kept},
        "reports_read": sum(f is not None for f in judged.facts.values()),
        "reports": len(judged.facts),
        **({"further": [asdict(f) for f in judged.further]} if judged.further else {}),
    }


def _means(wanted: Sequence[str], judged: Sequence[JudgedRun]) -> list[dict[str, Any]]:
    """A judge's scores, mean over the runs that have one (Table 25), and how many have."""

    def mean(values: Sequence[float | None]) -> tuple[float | None, int]:
        known = [v for v in values if v is not None]
        return (sum(known) / len(known) if known else None), len(known)

    means = []
    for name in wanted:
        interpretation = mean([j.interpretation for j in judged if j.judge == name])
        rqi = mean([j.rqi for j in judged if j.judge == name])
        means.append(
            {
                "judge": name,
                "interpretation": interpretation[0],
                "interpretation_runs": interpretation[1],
                "rqi": rqi[0],
                "rqi_runs": rqi[1],
            }
        )
    return means
