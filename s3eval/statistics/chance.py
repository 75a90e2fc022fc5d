"""Chance levels: what answering without looking scores, on the very same videos.

Two kinds. The tasks' baselines (`Task.baselines`: always-yes, majority, median-time,
most-frequent sequence, template report...) are scored like a model. The random answerer that
says each label as often as it occurs has no single score but an exact expected one, summed here
over the binomial distributions of its hits and false alarms.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from s3eval.facts.tally import Tally

if TYPE_CHECKING:
    from s3eval.facts.videos import Dataset
    from s3eval.task import Task, TruthContext

__all__ = [
    "RANDOM",
    "ChanceLine",
    "best_line",
    "chance_lines",
    "labels_of_tasks",
    "random_expectation",
    "restricted",
    "truths_of",
]

RANDOM = "prevalence-matched random"
#: How much was answered is not how well; doing nothing answers all of it.
NO_CHANCE = ("coverage",)
Key = tuple[str, str, str]
#: True labels of a tally's videos, and the one searched for (None: macro averages over all).
Labelled = tuple[Sequence[str], str | None]
#: None for what has no labels.
LabelsOf = Callable[[Tally], "Labelled | None"]


@dataclass(frozen=True, eq=False)
class ChanceLine:
    """A baseline's score for one metric of one item.

    ``tally`` is its score as sums over videos, None where only an expectation is known.
    """

    name: str
    value: float
    tally: Tally | None = None


def restricted(tally: Tally, videos: frozenset[str] | set[str]) -> Tally:
    """The tally on those of its videos that are in ``videos``."""
    keep = [i for i, v in enumerate(tally.videos) if v in videos]
    if len(keep) == len(tally.videos):
        return tally
    return replace(tally, videos=tuple(tally.videos[i] for i in keep), rows=tally.rows[keep])


def chance_lines(
    tallies: Sequence[Tally],
    baselines: Mapping[str, Sequence[Tally]],
    labels_of: LabelsOf,
) -> dict[Key, list[ChanceLine]]:
    """The chance level of every score, by each way of answering without looking.

    Args:
        tallies: a model's metrics.
        baselines: the same metrics of each baseline (`running.scoring.Tallied`).
        labels_of: of labels follows the exact expectation of random answers.

    Returns:
        by (task, item, metric) the lines that are defined, each on the videos the model was
        scored on: a model is not to look good because the videos it failed on were hard.
    """
    lines_by_key: dict[Key, list[ChanceLine]] = {}
    by_baseline = {
        name: {(t.task, t.item, t.metric): t for t in ts} for name, ts in baselines.items()
    }
    random = _random_values(tallies, labels_of)
    for tally in tallies:
        key, mine = (tally.task, tally.item, tally.metric), frozenset(tally.videos)
        lines: list[ChanceLine] = []
        if tally.metric in NO_CHANCE:
            lines_by_key[key] = lines
            continue
        for name, known in sorted(by_baseline.items()):
            if key in known:
                line = restricted(known[key], mine)
                value = line.value
                if value is not None:
                    lines.append(ChanceLine(name, value, line))
        if key in random:
            lines.append(ChanceLine(RANDOM, random[key]))
        lines_by_key[key] = lines
    return lines_by_key


def best_line(lines: Sequence[ChanceLine], higher_is_better: bool | None) -> ChanceLine | None:
    """The line hardest to beat; the first by name among equals; None without a direction.

    >>> best_line([ChanceLine("always-yes", 0.8), ChanceLine("majority", 0.8)], True).name
    'always-yes'
    """
    if not lines or higher_is_better is None:
        return None
    sign = 1 if higher_is_better else -1
    # Rounded, since an exact expectation equals always-yes' precision but for the last bits.
    return max(lines, key=lambda line: round(sign * line.value, 9))


def truths_of(
    task: Task, item: str, videos: Sequence[str], dataset: Dataset, context: TruthContext
) -> dict[str, Any]:
    """The annotated values of an item, by video; videos without one are left out."""
    truths = {}
    for name in videos:
        video, annotation = dataset.video(name), dataset.annotation(name)
        value = task.truth(video, annotation, item, context)
        if value is not None:
            truths[name] = value
    return truths


def labels_of_tasks(
    tasks: Mapping[str, Task], dataset: Dataset, context_of: Callable[[str], TruthContext]
) -> LabelsOf:
    """How the labels of a tally's videos are found: from its task's items and truths.

    Args:
        context_of: by the name of a task what its truth depends on, its options among that.
    """
    known: dict[tuple[str, str, tuple[str, ...]], list[Any]] = {}

    def labels_of(tally: Tally) -> Labelled | None:
        task = tasks.get(tally.task)
        item = task.item(tally.item) if task else None
        if task is None or item is None or item.kind != "label":
            return None
        key = (tally.task, tally.item, tally.videos)
        if key not in known:
            truths = truths_of(task, tally.item, tally.videos, dataset, context_of(tally.task))
            known[key] = [*truths.values()]
        return known[key], None if item.macro else item.positive

    return labels_of


def _random_values(tallies: Sequence[Tally], labels_of: LabelsOf) -> dict[Key, float]:
    values: dict[Key, float] = {}
    for t in tallies:
        labelled = labels_of(t)
        if labelled is not None:
            value = random_expectation(labelled[0], t.metric, labelled[1])
            if value is not None:
                values[t.task, t.item, t.metric] = value
    for t in [t for t in tallies if t.item == "mean"]:
        mine = [
            x for (task, _, metric), x in values.items() if (task, metric) == (t.task, t.metric)
        ]
        if mine:
            values[t.task, t.item, t.metric] = float(np.mean(mine))
    return values


def random_expectation(
    labels: Sequence[str], metric: str, positive: str | None = None
) -> float | None:
    """What an answerer that draws each label with its prevalence scores on average, exactly.

    Args:
        labels: the true labels of n videos; the prevalences are theirs.
        metric: "accuracy", "precision", "recall" or "f1".
        positive: the label searched for; None for macro averages over the labels present.

    Returns:
        the expectation in [0, 1] (zero denominators count 0, as in the scores), None for
        other metrics or no labels. Per label, hits are binomial among its n_c videos and
        false alarms among the others, independent; the score is summed over both.

    >>> random_expectation(["ES"] * 3 + ["NES"], "accuracy", "ES")
    0.625
    >>> round(random_expectation(["ES"] * 56 + ["NES"] * 26, "f1", "ES"), 3)
    0.682
    """
    ratio = _RATIOS.get(metric)
    if not labels or (ratio is None and metric != "accuracy"):
        return None
    n, counts = len(labels), Counter(labels)
    if metric == "accuracy" or ratio is None:
        return float(sum((c / n) ** 2 for c in counts.values()))
    if positive is not None:
        return _expected(counts.get(positive, 0), n, ratio)
    return float(np.mean([_expected(c, n, ratio) for c in counts.values()]))


Array = NDArray[np.float64]
# hits, false alarms, positives -> score with zero_division 0
_RATIOS: dict[str, Callable[[Array, Array, int], Array]] = {
    "precision": lambda tp, fp, p: tp / np.maximum(tp + fp, 1),
    "recall": lambda tp, fp, p: tp / max(p, 1) + 0 * fp,
    "f1": lambda tp, fp, p: 2 * tp / np.maximum(tp + fp + p, 1),
}


def _expected(positives: int, n: int, ratio: Callable[[Array, Array, int], Array]) -> float:
    share, negatives = positives / n, n - positives
    hits = np.arange(positives + 1, dtype=np.float64)
    alarms = np.arange(negatives + 1, dtype=np.float64)
    table = ratio(hits[:, None], alarms[None, :], positives)
    return float(_binomial(positives, share) @ table @ _binomial(negatives, share))


def _binomial(n: int, share: float) -> Array:
    """How probable 0 to n of n are.

    Differences of the distribution function, since SciPy's statistics, which know the
    probabilities themselves, take most of a second to import.
    """
    from scipy.special import betainc

    fewer = np.arange(n, dtype=np.float64)
    up_to: Array = betainc(n - fewer, fewer + 1, 1 - share)
    return np.diff(up_to, prepend=0.0, append=1.0)
