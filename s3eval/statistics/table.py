"""The table every score is shown in: value, interval, counts, best chance level, mark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from s3eval.facts.tally import Tally
from s3eval.running.repeats import DETAIL as REPEATS_DETAIL
from s3eval.running.scoring import tally_findings
from s3eval.statistics.chance import (
    ChanceLine,
    LabelsOf,
    best_line,
    chance_lines,
    labels_of_tasks,
)
from s3eval.statistics.resampling import (
    Cohort,
    Interval,
    interval,
    patient_draws,
    resampled_values,
)
from s3eval.task import TruthContext

if TYPE_CHECKING:
    from s3eval.facts.videos import Dataset
    from s3eval.running.loading import Findings, LoadedTasks
    from s3eval.running.scoring import Material, Tallied
    from s3eval.vocabulary import Protocol

__all__ = ["SYMBOLS", "Mark", "ScoreRow", "beside", "rows_of_findings", "score_rows"]

#: "above": better than the best chance level, and the interval of the paired difference leaves 0
#: out. "unclear": better, but the interval holds 0. "not above": not better than the best chance
#: level. "": no chance level, or no score.
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
        chance_name, chance_value: the best chance level on the same videos, "" and None without.
        chance: every chance level by name.
        mark: the comparison with the best chance level, see `Mark`; ``above_low`` and
            ``above_high`` the interval of the paired advantage over it (positive is better).
        stability: where questions were asked several times, the mean share of repetitions that
            come to the most frequent finding about a video, in (0, 1].
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
    stability: float | None = None

    @property
    def symbol(self) -> str:
        """The mark as tables print it."""
        return SYMBOLS[self.mark]


def score_rows(
    material: Material, tallied: Tallied, resamples: int = 2000, seed: int = 0
) -> list[ScoreRow]:
    """Every score of a run beside its interval and its best chance level.

    Args:
        material: the run's tasks, dataset and protocol.
        tallied: its metrics and its baselines' (`running.scoring.tally_all`).
        resamples, seed: of the patient bootstrap.
    """
    rows = beside(
        tallied.tallies,
        tallied.baselines,
        labels_of_tasks(material.tasks.by_name, material.dataset, material.truth_context),
        material.dataset.patients,
        material.protocol,
        resamples,
        seed,
    )
    stable = _stabilities(tallied.findings)
    return [replace(r, stability=stable.get((r.task, r.item))) for r in rows] if stable else rows


def _stabilities(findings: Findings) -> dict[tuple[str, str], float]:
    """By task and item the mean share of repetitions that agree; of "mean" that over items."""
    shares: dict[tuple[str, str], list[float]] = {}
    for task, task_findings in findings.items():
        for finding in task_findings:
            counted = finding.detail.get(REPEATS_DETAIL)
            if counted:
                share = counted["agree"] / counted["count"]
                shares.setdefault((task, finding.item), []).append(share)
    means = {key: sum(some) / len(some) for key, some in shares.items()}
    for task in dict.fromkeys(task for task, _ in means):
        of_task = [value for (name, _), value in means.items() if name == task]
        means.setdefault((task, "mean"), sum(of_task) / len(of_task))
    return means


def rows_of_findings(
    findings: Findings,
    dataset: Dataset,
    protocol: Protocol,
    tasks: LoadedTasks,
    resamples: int = 2000,
    seed: int = 0,
) -> list[ScoreRow]:
    """The same of findings that are at hand, without a run and without a judge."""
    tallied = tally_findings(findings, dataset, protocol, tasks, baselines=True)
    context = TruthContext(protocol, patient_facts=dataset.patient_facts)
    return beside(
        tallied.tallies,
        tallied.baselines,
        labels_of_tasks(tasks.by_name, dataset, lambda _: context),
        dataset.patients,
        protocol,
        resamples,
        seed,
    )


def beside(
    tallies: Sequence[Tally],
    baselines: Mapping[str, Sequence[Tally]],
    labels_of: LabelsOf,
    patients: Mapping[str, str],
    protocol: str = "",
    resamples: int = 2000,
    seed: int = 0,
) -> list[ScoreRow]:
    """Rows in the order of the tallies; see :func:`score_rows`.

    Args:
        baselines: by the baseline's name, its tallies.
        labels_of: true labels of a tally's videos (`chance.labels_of_tasks`).
        patients: by video.
    """
    lines = chance_lines(tallies, baselines, labels_of)
    chosen = [best_line(lines[t.task, t.item, t.metric], t.higher_is_better) for t in tallies]
    around = _intervals(tallies, chosen, patients, resamples, seed)
    return [
        _row(t, line, lines[t.task, t.item, t.metric], own, lead, patients, protocol)
        for t, line, (own, lead) in zip(tallies, chosen, around, strict=True)
    ]


def _intervals(
    tallies: Sequence[Tally],
    lines: Sequence[ChanceLine | None],
    patients: Mapping[str, str],
    resamples: int,
    seed: int,
) -> list[tuple[Interval, Interval | None]]:
    """Each score's interval, and that of its advantage over its chance level, paired by patient."""
    cohort = Cohort.of(patients, sorted({v for t in tallies for v in t.videos}))
    if not len(cohort):
        return [(Interval(None, None, note="no video was scored"), None)] * len(tallies)
    weights = np.concatenate(
        [patient_draws(len(cohort), resamples, seed), 1.0 - np.eye(len(cohort))]
    )
    mine = resampled_values(tallies, cohort, weights)
    places = [i for i, line in enumerate(lines) if line is not None and line.tally is not None]
    rivals = [line.tally for line in lines if line is not None and line.tally is not None]
    rival_values = dict(zip(places, resampled_values(rivals, cohort, weights), strict=True))
    pairs: list[tuple[Interval, Interval | None]] = []
    for i, (tally, line) in enumerate(zip(tallies, lines, strict=True)):
        own = sorted({cohort.place[v] for v in tally.videos})
        value, lead = tally.value, None
        around = interval(value, mine[i, :resamples], mine[i, resamples:][own])
        if line is not None and value is not None:
            sign = 1 if tally.higher_is_better else -1
            gap = sign * (mine[i] - rival_values.get(i, np.full(len(weights), line.value)))
            lead = interval(sign * (value - line.value), gap[:resamples], gap[resamples:][own])
        pairs.append((around, lead))
    return pairs


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
