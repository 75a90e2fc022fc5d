"""Two runs against each other on what both answered: differences, intervals, tests, counts.

Both runs are scored together, as one dataset in which every video stands twice, so that any
metric of any task (macro averages, medians, corpus BLEU) gives both values from one formula, and
patients can be drawn and swapped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from s3eval.facts.tally import Tally
from s3eval.statistics.permutation import holm, permutation_p, swaps
from s3eval.statistics.resampling import Cohort, interval, patient_draws, weighted
from s3eval.task import ScoringContext

if TYPE_CHECKING:
    from s3eval.facts.videos import Dataset
    from s3eval.judge import JudgeRequest
    from s3eval.running.loading import LoadedTasks
    from s3eval.task import Finding
    from s3eval.vocabulary import Protocol, Sense

__all__ = [
    "Choice",
    "Difference",
    "Judging",
    "Resampling",
    "compare_runs",
    "corrected",
    "differences",
    "outcome",
]

Floats = NDArray[np.float64]
Findings = Mapping[str, Sequence["Finding"]]
#: Marks the second run's copy of a video.
SECOND = "#second"
# Single videos have no precision, recall or F1; whether they were answered right decides.
_JUDGED_BY = {"precision": "accuracy", "recall": "accuracy", "f1": "accuracy"}


@dataclass(frozen=True)
class Choice:
    """Which scores are compared; empty means all, for metrics each task's headline.

    >>> Choice(metrics=("f1",)).takes("recognition", "tonic", "f1", headline="accuracy")
    True
    """

    tasks: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()

    def takes(self, task: str, item: str, metric: str, headline: str = "") -> bool:
        """Whether a score is among those compared."""
        wanted = self.metrics or ((headline,) if headline else ())
        return (
            (not self.tasks or task in self.tasks)
            and (not self.items or item in self.items)
            and (("all" in wanted) or not wanted or metric in wanted)
            and metric != "coverage"
        )


@dataclass(frozen=True)
class Resampling:
    """How many draws of patients, how many swaps, from which seed, at which level."""

    resamples: int = 2000
    permutations: int = 9999
    seed: int = 0
    level: float = 0.95


@dataclass(frozen=True)
class Judging:
    """What findings are scored by, the same for all runs compared.

    Attributes:
        protocol: "paper" or "release".
        judged: what a judge made of the requests of all runs; None without a judge.
        senses: of the runs' models.
        task_options: by task.
    """

    protocol: Protocol = "paper"
    judged: Mapping[JudgeRequest, Any] | None = None
    senses: frozenset[Sense] = frozenset({"sight"})
    task_options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Difference:
    """One score of two runs; `dataclasses.asdict` of it is JSON-able.

    Attributes:
        first, second: the runs' names; ``first_value`` and ``second_value`` their scores on the
            videos and items both answered.
        difference: first minus second; ``low`` and ``high`` its interval by patient bootstrap.
        effect: difference / (its standard error x sqrt(patients)): the paired effect per
            patient (Cohen's d_z for a mean).
        p: of the paired permutation test by patient; ``p_holm`` corrected over the family.
        better: the run that is better, "" where none is or the metric has no direction.
        wins, ties, losses: videos on which the first is better than, equal to, worse than the
            second; ``judged_by`` the metric that decides on a single video.
        videos, patients: shared; ``left_out`` the (video, item) pairs only one run answered.
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
) -> list[Difference]:
    """Every pair of runs (or each against the baseline), Holm-corrected over all rows given.

    Args:
        runs: findings by task, by the run's name, in the order shown.
        tasks: of all runs.
        judging: what the runs' findings are scored by.
        baseline: the run all others are compared with; "" for all pairs.
    """
    pairs = (
        [(name, baseline) for name in runs if name != baseline]
        if baseline
        else list(combinations(runs, 2))
    )
    rows: list[Difference] = []
    for first, second in pairs:
        rows += differences(
            (first, runs[first]),
            (second, runs[second]),
            dataset,
            tasks,
            judging,
            choice or Choice(),
            settings or Resampling(),
        )
    return corrected(rows)


def corrected(rows: Sequence[Difference]) -> list[Difference]:
    """The rows with ``p_holm`` over all of them as one family."""
    found = holm([row.p for row in rows])
    return [replace(row, p_holm=p) for row, p in zip(rows, found, strict=True)]


def outcome(row: Difference, level: float = 0.05) -> str:
    """A row's outcome in one word: the better run's name, or "no difference shown"."""
    known = row.p_holm is not None and row.p_holm < level
    return row.better if known and row.better else "no difference shown"


def differences(
    first: tuple[str, Findings],
    second: tuple[str, Findings],
    dataset: Dataset,
    tasks: LoadedTasks,
    judging: Judging,
    choice: Choice,
    settings: Resampling,
) -> list[Difference]:
    """The differences of two runs, one row a score, ``p_holm`` not yet filled in."""
    shared = [t for t in first[1] if t in second[1] and (not choice.tasks or t in choice.tasks)]
    rows: list[Difference] = []
    for name in shared:
        task = tasks.by_name[name]
        both, left_out = _both_answered(first[1][name], second[1][name])
        twice = _twice(dataset, {f.video for f in both if not f.video.endswith(SECOND)})
        context = ScoringContext(
            twice,
            judging.protocol,
            judging.senses,
            judging.judged,
            tasks.provided({name: both}),
            task_options=judging.task_options.get(name, {}),
        )
        made = {(t.item, t.metric): t for t in task.tallies(both, context)}
        for (item, metric), tally in made.items():
            if choice.takes(name, item, metric, task.headline):
                decider = made.get((item, _JUDGED_BY.get(metric, metric)), tally)
                skipped = sum(left_out.values()) if item == "mean" else left_out.get(item, 0)
                row = _difference(tally, decider, dataset.patients, settings)
                rows.append(replace(row, first=first[0], second=second[0], left_out=skipped))
    return [_named(row) for row in rows]


def _named(row: Difference) -> Difference:
    if row.higher_is_better is None or not row.difference:
        return row
    return replace(
        row, better=row.first if (row.difference > 0) == row.higher_is_better else row.second
    )


def _both_answered(
    first: Sequence[Finding], second: Sequence[Finding]
) -> tuple[list[Finding], dict[str, int]]:
    """Both runs' findings on the (video, item) pairs both answered, the second's marked.

    Returns:
        the findings, and by item how many pairs only one of the two answered.
    """
    mine = {(f.video, f.item): f for f in first if f.state == "answered"}
    theirs = {(f.video, f.item): f for f in second if f.state == "answered"}
    kept: list[Finding] = []
    for key in mine.keys() & theirs.keys():
        kept += [mine[key], replace(theirs[key], video=key[0] + SECOND)]
    left_out: dict[str, int] = {}
    for _, item in mine.keys() ^ theirs.keys():
        left_out[item] = left_out.get(item, 0) + 1
    return sorted(kept, key=lambda f: (f.item, f.video)), left_out


def _twice(dataset: Dataset, videos: set[str]) -> Dataset:
    """The dataset's part with these videos, each once more under the second run's name."""
    kept = [v for v in dataset.videos if v.name in videos]
    again = [replace(v, name=v.name + SECOND) for v in kept]
    annotations = {v.name: dataset.annotations[v.name] for v in kept}
    for name in list(annotations):
        annotations[name + SECOND] = replace(annotations[name], video=name + SECOND)
    return replace(dataset, videos=(*kept, *again), annotations=annotations)


def _difference(
    tally: Tally, decider: Tally, patients: Mapping[str, str], settings: Resampling
) -> Difference:
    at = {video: i for i, video in enumerate(tally.videos)}
    videos = tuple(v for v in tally.videos if not v.endswith(SECOND) and v + SECOND in at)
    cohort = Cohort.of(patients, videos)
    one = cohort.sums(videos, tally.rows[[at[v] for v in videos]])
    two = cohort.sums(videos, tally.rows[[at[v + SECOND] for v in videos]])

    def value(sums: Floats) -> float | None:
        found = float(tally.formula(sums)) if len(videos) else float("nan")
        return None if np.isnan(found) else found

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
        better="",
        wins=wins,
        ties=ties,
        losses=losses,
        judged_by=decider.metric,
        videos=len(videos),
        patients=len(cohort),
        left_out=0,
    )
    return row if gap is None else _tested(row, tally, one, two, settings)


def _tested(
    row: Difference, tally: Tally, one: Floats, two: Floats, settings: Resampling
) -> Difference:
    n = len(one)
    draws = np.concatenate([patient_draws(n, settings.resamples, settings.seed), 1.0 - np.eye(n)])
    gaps = weighted(tally.formula, draws, one) - weighted(tally.formula, draws, two)
    around = interval(
        row.difference, gaps[: settings.resamples], gaps[settings.resamples :], settings.level
    )
    swapped = swaps(n, settings.permutations, settings.seed)
    effect = None
    if around.error and row.difference is not None:
        effect = row.difference / (around.error * float(np.sqrt(n)))
    return replace(
        row,
        low=around.low,
        high=around.high,
        effect=effect,
        p=permutation_p(one, two, tally.formula, swapped),
        note=around.note,
    )


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
