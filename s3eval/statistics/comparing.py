"""Two runs against each other on what both answered: differences, intervals, tests, counts.

Both runs are scored together, as one dataset in which every video stands twice, so that any
metric of any task (macro averages, medians, corpus BLEU) gives both values from one formula, and
patients can be drawn and swapped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from s3eval.facts.tally import Formula, Tally
from s3eval.statistics.comparison_settings import JUDGED_BY, Choice, Judging, Resampling
from s3eval.statistics.permutation import holm, permutation_ps, swaps
from s3eval.statistics.resampling import Cohort, interval, patient_draws, weighted
from s3eval.statistics.twice import (
    SECOND,
    UNSHARED,
    Answered,
    Twice,
    again,
    answered_of,
    both_answered,
    why_none,
)
from s3eval.task import ScoringContext

if TYPE_CHECKING:
    from s3eval.facts.videos import Dataset
    from s3eval.running.guard import Guard
    from s3eval.running.loading import LoadedTasks
    from s3eval.task import Finding

__all__ = [
    "FAMILIES",
    "NOT_COMPARED",
    "NOT_SHOWN",
    "Choice",
    "Difference",
    "Family",
    "Judging",
    "Resampling",
    "compare_runs",
    "corrected",
    "differences",
    "outcome",
]

Floats = NDArray[np.float64]
Findings = Mapping[str, Sequence["Finding"]]
#: What is tested together. "headline": whether one run is better at a task, by the task's
#: headline metric, averaged over its items (where a task gives no average, each of its items).
#: "items": at which items, and by which further metrics.
Family = Literal["headline", "items"]
FAMILIES: tuple[Family, ...] = ("headline", "items")
NOT_SHOWN = "no difference shown"
NOT_COMPARED = "not compared"


@dataclass(frozen=True)
class Difference:
    """One score of two runs; `dataclasses.asdict` of it is JSON-able.

    Attributes:
        first, second: the runs' names; ``first_value`` and ``second_value`` their scores on the
            videos and items both answered.
        difference: first minus second; ``low`` and ``high`` its interval by patient bootstrap.
        effect: difference / (its standard error x sqrt(patients)): the paired effect per
            patient (Cohen's d_z for a mean).
        p: of the paired permutation test by patient; ``p_holm`` corrected over the row's own
            ``family`` (see `Family`), ``p_holm_all`` over all rows of all pairs.
        better: the run that is better, "" where none is or the metric has no direction.
        wins, ties, losses: videos on which the first is better than, equal to, worse than the
            second; ``judged_by`` the metric that decides on a single video.
        videos, patients: shared; ``left_out`` the (video, item) pairs only one run answered.
        note: why there is no interval, or no difference; "" otherwise.
    """

    first: str
    second: str
    task: str
    item: str
    metric: str
    unit: str
    higher_is_better: bool | None
    first_value: float | None
    second_value: float | None
    difference: float | None
    low: float | None
    high: float | None
    effect: float | None
    p: float | None
    p_holm: float | None
    p_holm_all: float | None
    family: Family
    better: str
    wins: int
    ties: int
    losses: int
    judged_by: str
    videos: int
    patients: int
    left_out: int
    note: str = ""


def compare_runs(
    runs: Mapping[str, Findings],
    dataset: Dataset,
    tasks: LoadedTasks,
    judging: Judging,
    choice: Choice | None = None,
    settings: Resampling | None = None,
    baseline: str = "",
    advance: Callable[[int], None] = lambda pairs: None,
    guard: Guard | None = None,
) -> list[Difference]:
    """Every pair of runs (or each against the baseline), Holm-corrected by family.

    Args:
        runs: findings by task, by the run's name, in the order shown.
        tasks: of all runs.
        judging: what the runs' findings are scored by.
        baseline: the run all others are compared with; "" for all pairs.
        advance: called with 1 after each pair.
        guard: keeps what a task cannot do, so that the others are compared; without one a task
            that fails is an error.
    """
    pairs = (
        [(name, baseline) for name in runs if name != baseline]
        if baseline
        else list(combinations(runs, 2))
    )
    # Each side is made once, and only where it is needed.
    firsts = {name: answered_of(findings) for name, findings in runs.items()}
    seconds = {name: again(firsts[name]) for name in dict.fromkeys(other for _, other in pairs)}
    twice = Twice(dataset)
    rows: list[Difference] = []
    for first, second in pairs:
        rows += _differences(
            (first, firsts[first]),
            (second, seconds[second]),
            twice,
            tasks,
            judging,
            choice or Choice(),
            settings or Resampling(),
            guard,
        )
        advance(1)
    return corrected(rows)


def corrected(rows: Sequence[Difference]) -> list[Difference]:
    """The rows with ``p_holm`` over those of their own family, ``p_holm_all`` over all."""
    own: list[float | None] = [None] * len(rows)
    for family in FAMILIES:
        places = [i for i, row in enumerate(rows) if row.family == family]
        for i, p in zip(places, holm([rows[i].p for i in places]), strict=True):
            own[i] = p
    over_all = holm([row.p for row in rows])
    return [
        replace(row, p_holm=p, p_holm_all=p_all)
        for row, p, p_all in zip(rows, own, over_all, strict=True)
    ]


def outcome(row: Difference, level: float = 0.05) -> str:
    """The better run's name, "no difference shown", or "not compared" without a difference."""
    if row.difference is None:
        return NOT_COMPARED
    known = row.p_holm is not None and row.p_holm < level
    return row.better if known and row.better else NOT_SHOWN


def differences(
    first: tuple[str, Findings],
    second: tuple[str, Findings],
    dataset: Dataset,
    tasks: LoadedTasks,
    judging: Judging,
    choice: Choice,
    settings: Resampling,
) -> list[Difference]:
    """The differences of two runs, one row a score, not yet corrected."""
    one, two = answered_of(first[1]), again(answered_of(second[1]))
    return _differences(
        (first[0], one), (second[0], two), Twice(dataset), tasks, judging, choice, settings
    )


def _differences(
    first: tuple[str, Answered],
    second: tuple[str, Answered],
    twice: Twice,
    tasks: LoadedTasks,
    judging: Judging,
    choice: Choice,
    settings: Resampling,
    guard: Guard | None = None,
) -> list[Difference]:
    shared = [t for t in first[1] if t in second[1] and (not choice.tasks or t in choice.tasks)]
    pairs: list[_Pair] = []
    for name in shared:
        task = tasks.by_name[name]
        both, left_out = both_answered(first[1][name], second[1][name])
        context = ScoringContext(
            twice.of({f.video for f in both if not f.video.endswith(SECOND)}),
            judging.protocol,
            judging.senses,
            judging.judged,
            tasks.provided({name: both}),
            task_options=judging.task_options.get(name, {}),
            metrics=choice.needed(task.headline),
        )
        if guard is None:
            tallies = task.tallies(both, context)
        else:
            tallies = guard.call(name, "scoring", partial(task.tallies, both, context), ())
        made = {(t.item, t.metric): t for t in tallies}
        has_mean = ("mean", task.headline) in made
        for (item, metric), tally in made.items():
            if choice.takes(name, item, metric, task.headline):
                decider = made.get((item, JUDGED_BY.get(metric, metric)), tally)
                skipped = sum(left_out.values()) if item == "mean" else left_out.get(item, 0)
                is_headline = metric == task.headline and (item == "mean" or not has_mean)
                pair = _pair(tally, decider, twice.dataset.patients)
                family: Family = "headline" if is_headline else "items"
                row = replace(pair.row, first=first[0], second=second[0])
                if row.difference is None:
                    coverage = made.get((item, "coverage"))
                    row = replace(row, note=why_none(coverage) if both else UNSHARED)
                row = replace(row, left_out=skipped, family=family)
                pairs.append(replace(pair, row=row))
    return [_named(row) for row in _tested(pairs, settings)]


def _named(row: Difference) -> Difference:
    if row.higher_is_better is None or not row.difference:
        return row
    return replace(
        row, better=row.first if (row.difference > 0) == row.higher_is_better else row.second
    )


@dataclass(frozen=True, eq=False)
class _Pair:
    """A score of two runs before it is tested: its row, and both runs' sums by patient."""

    row: Difference
    formula: Formula
    first: Floats
    second: Floats


def _pair(tally: Tally, decider: Tally, patients: Mapping[str, str]) -> _Pair:
    at = {video: i for i, video in enumerate(tally.videos)}
    videos = tuple(v for v in tally.videos if not v.endswith(SECOND) and v + SECOND in at)
    cohort = Cohort.of(patients, videos)
    one = cohort.sums(videos, tally.rows[[at[v] for v in videos]])
    two = cohort.sums(videos, tally.rows[[at[v + SECOND] for v in videos]])

    def value(sums: Floats) -> float | None:
        score = float(tally.formula(sums)) if len(videos) else float("nan")
        return None if np.isnan(score) else score

    a, b = value(one.sum(axis=0)), value(two.sum(axis=0))
    gap = a - b if a is not None and b is not None else None
    wins, ties, losses = _single_videos(decider, videos)
    row = Difference(
        first="",
        second="",
        task=tally.task,
        item=tally.item,
        metric=tally.metric,
        unit=tally.unit,
        higher_is_better=tally.higher_is_better,
        first_value=a,
        second_value=b,
        difference=gap,
        low=None,
        high=None,
        effect=None,
        p=None,
        p_holm=None,
        p_holm_all=None,
        family="items",
        better="",
        wins=wins,
        ties=ties,
        losses=losses,
        judged_by=decider.metric,
        videos=len(videos),
        patients=len(cohort),
        left_out=0,
    )
    return _Pair(row, tally.formula, one, two)


def _tested(pairs: Sequence[_Pair], settings: Resampling) -> list[Difference]:
    """The rows with intervals and tests; scores of as many patients share draws and swaps."""
    rows = [pair.row for pair in pairs]
    by_patients: dict[int, list[int]] = {}
    for i, pair in enumerate(pairs):
        if pair.row.difference is not None:
            by_patients.setdefault(len(pair.first), []).append(i)
    for n, places in by_patients.items():
        some = [pairs[i] for i in places]
        draws = patient_draws(n, settings.resamples, settings.seed)
        draws = np.concatenate([draws, 1.0 - np.eye(n)])
        swapped = swaps(n, settings.permutations, settings.seed)
        ps = permutation_ps([(p.first, p.second, p.formula) for p in some], swapped)
        for i, pair, p in zip(places, some, ps, strict=True):
            # One score at a time: a product of several rounds its last bits otherwise.
            gaps = weighted(pair.formula, draws, pair.first)
            gaps -= weighted(pair.formula, draws, pair.second)
            rows[i] = _with_interval(replace(pair.row, p=p), gaps, n, settings)
    return rows


def _with_interval(row: Difference, gaps: Floats, n: int, settings: Resampling) -> Difference:
    drawn, left_out = gaps[: settings.resamples], gaps[settings.resamples :]
    around = interval(row.difference, drawn, left_out, settings.level)
    effect = None
    if around.error and row.difference is not None:
        effect = row.difference / (around.error * float(np.sqrt(n)))
    return replace(row, low=around.low, high=around.high, effect=effect, note=around.note)


def _single_videos(decider: Tally, videos: Sequence[str]) -> tuple[int, int, int]:
    """Wins, ties and losses of the first run, video by video; undefined ones count in none."""
    at = {video: i for i, video in enumerate(decider.videos)}
    known = [v for v in videos if v in at and v + SECOND in at]
    if not known or decider.higher_is_better is None:
        return 0, 0, 0
    one = decider.formula(decider.rows[[at[v] for v in known]])
    two = decider.formula(decider.rows[[at[v + SECOND] for v in known]])
    gap = (one - two) * (1 if decider.higher_is_better else -1)
    gap = gap[~np.isnan(gap)]
    return int((gap > 1e-12).sum()), int((abs(gap) <= 1e-12).sum()), int((gap < -1e-12).sum())
