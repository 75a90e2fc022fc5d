"""The table every score is shown in: value, interval, counts, best chance line, mark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from s3eval.facts.tally import Tally
from s3eval.judging.ahead import ask_ahead
from s3eval.statistics.chance import ChanceLine, best_line, chance_lines
from s3eval.statistics.resampling import (
    Cohort,
    Interval,
    interval,
    patient_draws,
    resampled_values,
)

if TYPE_CHECKING:
    from s3eval.dataset import Dataset
    from s3eval.judge import Judge
    from s3eval.task import Finding, Task
    from s3eval.vocabulary import Protocol

__all__ = ["SYMBOLS", "Mark", "ScoreRow", "beside", "score_rows"]

#: "above": better than the best chance line, and the interval of the paired difference leaves 0
#: out. "unclear": better, but the interval holds 0. "not above": not better than the best chance
#: line. "": no chance line, or no score.
Mark = Literal["above", "unclear", "not above", ""]
#: How tables print the marks.
SYMBOLS: Mapping[str, str] = {"above": "", "unclear": "~", "not above": "≤ chance", "": ""}


@dataclass(frozen=True)
class ScoreRow:
    """One score as it is shown everywhere; `dataclasses.asdict` of it is JSON-able.

    Attributes:
        value: the score, None when undefined. ``low`` and ``high`` its 95 % interval by
            patient bootstrap, None where the resamples cannot tell (``interval_note`` says why).
        asked ... skipped: the denominators (`Counts`); ``videos`` and ``patients`` were scored.
        chance_name, chance_value: the best chance line on the same videos, "" and None without.
        chance: every chance line by name.
        mark: the comparison with the best chance line, see `Mark`; ``above_low`` and
            ``above_high`` the interval of the paired advantage over it (positive is better).
    """

    task: str
    item: str
    metric: str
    value: float | None
    low: float | None
    high: float | None
    unit: str
    higher_is_better: bool | None
    protocol: str
    asked: int
    answered: int
    readable: int
    scored: int
    failed: int
    skipped: int
    videos: int
    patients: int
    chance_name: str
    chance_value: float | None
    chance: Mapping[str, float]
    mark: Mark
    above_low: float | None
    above_high: float | None
    note: str
    interval_note: str

    @property
    def symbol(self) -> str:
        """The mark as tables print it."""
        return SYMBOLS[self.mark]


def score_rows(
    findings: Mapping[str, Sequence[Finding]],
    dataset: Dataset,
    protocol: Protocol,
    judge: Judge | None = None,
    resamples: int = 2000,
    seed: int = 0,
    tasks: Mapping[str, Task] | None = None,
    options: Mapping[str, Any] | None = None,
) -> list[ScoreRow]:
    """Every score of a run's findings beside its interval and its best chance line.

    Args:
        findings: by task name (`Run.findings`).
        protocol: "paper" or "release".
        judge: for tasks that need one to score; recorded readings need none.
        resamples, seed: of the patient bootstrap.
        tasks: task instances by name; None loads the installed ones.
        options: for the tasks' scoring (`tallies_of`); chance lines do without.
    """
    from s3eval.running.scoring import chance_tallies, load_tasks, tallies_of

    known = tasks or load_tasks(findings)

    def work(more: Mapping[str, Any] | None) -> Any:
        tallies = tallies_of(findings, dataset, protocol, judge, known, more)
        return tallies, chance_tallies(findings, dataset, protocol, judge, known)

    ask_ahead(judge, lambda: work(None))  # such as BERTScore asks no judge
    tallies, trivial = work(options)
    return beside(tallies, trivial, dataset, protocol, resamples, seed)


def beside(
    tallies: Sequence[Tally],
    trivial: Mapping[str, Sequence[Tally]],
    dataset: Dataset,
    protocol: str = "",
    resamples: int = 2000,
    seed: int = 0,
) -> list[ScoreRow]:
    """Rows in the order of the tallies; see :func:`score_rows`.

    Args:
        trivial: by trivial answerer its tallies (`scoring.chance_tallies`).
    """
    patients = dataset.patients
    lines = chance_lines(tallies, trivial, dataset)
    chosen = [best_line(lines[t.task, t.item, t.metric], t.higher_is_better) for t in tallies]
    found = _intervals(tallies, chosen, patients, resamples, seed)
    return [
        _row(t, line, lines[t.task, t.item, t.metric], around, lead, patients, protocol)
        for t, line, (around, lead) in zip(tallies, chosen, found, strict=True)
    ]


def _intervals(
    tallies: Sequence[Tally],
    lines: Sequence[ChanceLine | None],
    patients: Mapping[str, str],
    resamples: int,
    seed: int,
) -> list[tuple[Interval, Interval | None]]:
    """Each score's interval, and that of its advantage over its chance line, paired by patient."""
    cohort = Cohort.of(patients, sorted({v for t in tallies for v in t.videos}))
    if not len(cohort):
        return [(Interval(None, None, note="no video was scored"), None)] * len(tallies)
    weights = np.concatenate(
        [patient_draws(len(cohort), resamples, seed), 1.0 - np.eye(len(cohort))]
    )
    mine = resampled_values(tallies, cohort, weights)
    places = [i for i, line in enumerate(lines) if line is not None and line.tally is not None]
    rivals = [line.tally for line in lines if line is not None and line.tally is not None]
    theirs = dict(zip(places, resampled_values(rivals, cohort, weights), strict=True))
    found: list[tuple[Interval, Interval | None]] = []
    for i, (tally, line) in enumerate(zip(tallies, lines, strict=True)):
        own = sorted({cohort.place[v] for v in tally.videos})
        value, lead = tally.value, None
        around = interval(value, mine[i, :resamples], mine[i, resamples:][own])
        if line is not None and value is not None:
            sign = 1 if tally.higher_is_better else -1
            gap = sign * (mine[i] - theirs.get(i, np.full(len(weights), line.value)))
            lead = interval(sign * (value - line.value), gap[:resamples], gap[resamples:][own])
        found.append((around, lead))
    return found


def _row(
    tally: Tally,
    line: ChanceLine | None,
    lines: Sequence[ChanceLine],
    around: Interval,
    lead: Interval | None,
    patients: Mapping[str, str],
    protocol: str,
) -> ScoreRow:
    counts, value = tally.counts, tally.value
    return ScoreRow(
        task=tally.task,
        item=tally.item,
        metric=tally.metric,
        value=value,
        low=around.low,
        high=around.high,
        unit=tally.unit,
        higher_is_better=tally.higher_is_better,
        protocol=protocol,
        asked=counts.asked,
        answered=counts.answered,
        readable=counts.readable,
        scored=counts.scored,
        failed=counts.failed,
        skipped=counts.skipped,
        videos=len(tally.videos),
        patients=len({patients[v] for v in tally.videos}),
        chance_name=line.name if line else "",
        chance_value=line.value if line else None,
        chance={x.name: x.value for x in lines},
        mark=_mark(tally, value, line, lead),
        above_low=lead.low if lead else None,
        above_high=lead.high if lead else None,
        note=tally.note,
        interval_note=around.note,
    )


def _mark(
    tally: Tally, value: float | None, line: ChanceLine | None, lead: Interval | None
) -> Mark:
    if line is None or value is None:
        return ""
    sign = 1 if tally.higher_is_better else -1
    # Equal to the last bits is equal: a model that only says yes is the always-yes line.
    if sign * (value - line.value) <= 1e-9 * max(1.0, abs(line.value)):
        return "not above"
    return "above" if lead and lead.low is not None and lead.low > 0 else "unclear"
