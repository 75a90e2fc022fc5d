"""Scores as steps to read: each formula of `s3eval.metrics.tallies` in words and plain numbers.

The steps are computed here once more, one number at a time, and not by the formula that makes the
score; that both agree is what makes them an explanation. A test holds them to each other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from s3eval.facts.tally import Step
from s3eval.metrics.text import ORDER

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from s3eval.facts.tally import Explained, Formula
    from s3eval.metrics.rqi import RQI

__all__ = [
    "BINARY_COLUMNS",
    "BLEU_COLUMNS",
    "binary_steps",
    "bleu_steps",
    "macro_steps",
    "mean_steps",
    "median_steps",
    "ratio_steps",
    "rqi_steps",
]

BINARY_COLUMNS = ("true positives", "false positives", "false negatives", "true negatives")
BLEU_COLUMNS = (
    "words of the answer",
    "words of the reference",
    *(f"{n}-grams in both" for n in range(1, ORDER + 1)),
    *(f"{n}-grams of the answer" for n in range(1, ORDER + 1)),
)
_NAMES = {"f1": "F1"}


def _text(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.10g}"


def _name(metric: str) -> str:
    return _NAMES.get(metric, metric.replace("_", " "))


def _share(above: float, below: float, otherwise: float | None = 0.0) -> float | None:
    return above / below if below > 0 else otherwise


def binary_steps(metric: str) -> Explained:
    """Steps of precision, recall, f1 or accuracy from counted answers.

    >>> import numpy as np
    >>> binary_steps("f1")(np.array([2.0, 1.0, 1.0, 6.0]))[-1]
    Step(words='F1 = 2 × 2 / (2 × 2 + 1 + 1)', value=0.6666666666666666)
    """

    def steps(sums: NDArray[np.float64]) -> Sequence[Step]:
        tp, fp, fn, tn = (float(x) for x in sums)
        counted = [
            Step(f"{name}: videos so counted", value)
            for name, value in zip(BINARY_COLUMNS, (tp, fp, fn, tn), strict=True)
        ]
        if not tp + fp + fn + tn:
            return [*counted, Step("nothing was counted", None)]
        words, above, below = {
            "precision": (f"{tp:g} / ({tp:g} + {fp:g})", tp, tp + fp),
            "recall": (f"{tp:g} / ({tp:g} + {fn:g})", tp, tp + fn),
            "f1": (f"2 × {tp:g} / (2 × {tp:g} + {fp:g} + {fn:g})", 2 * tp, 2 * tp + fp + fn),
            "accuracy": (
                f"({tp:g} + {tn:g}) / ({tp:g} + {fp:g} + {fn:g} + {tn:g})",
                tp + tn,
                tp + fp + fn + tn,
            ),
        }[metric]
        zero = "" if below else ", 0 where the denominator is 0"
        return [*counted, Step(f"{_name(metric)} = {words}{zero}", _share(above, below))]

    return steps


def macro_steps(metric: str, labels: Sequence[str]) -> Explained:
    """Steps of a macro average: the metric of each label, and the mean of those that occur.

    >>> import numpy as np
    >>> [s.value for s in macro_steps("recall", ["a", "b"])(np.array([1.0, 1.0, 0.0, 2.0]))]
    [0.5, 1.0, 0.75]
    """

    def steps(sums: NDArray[np.float64]) -> Sequence[Step]:
        size = len(labels)
        matrix = [[float(sums[i * size + j]) for j in range(size)] for i in range(size)]
        hits = [matrix[i][i] for i in range(size)]
        true = [sum(row) for row in matrix]
        predicted_counts = [sum(row[j] for row in matrix) for j in range(size)]
        if metric == "accuracy":
            words = f"accuracy = ({' + '.join(f'{h:g}' for h in hits)}) / {sum(true):g}"
            return [Step(words, _share(sum(hits), sum(true), None))]
        lines = []
        for label, hit, there, predicted in zip(labels, hits, true, predicted_counts, strict=True):
            if not there + predicted:
                continue
            words, above, below = {
                "precision": (f"{hit:g} right / {predicted:g} told", hit, predicted),
                "recall": (f"{hit:g} right / {there:g} annotated", hit, there),
                "f1": (f"2 × {hit:g} / ({there:g} + {predicted:g})", 2 * hit, there + predicted),
            }[metric]
            lines.append(Step(f"{_name(metric)} of “{label}” = {words}", _share(above, below)))
        values = [s.value for s in lines if s.value is not None]
        joined = " + ".join(_text(v) for v in values)
        mean = _share(sum(values), len(values), None)
        return [*lines, Step(f"mean over labels that occur = ({joined}) / {len(values)}", mean)]

    return steps


def ratio_steps(metric: str, above: str, below: str) -> Explained:
    """Steps of a sum over a sum.

    >>> import numpy as np
    >>> ratio_steps("mae", "error", "videos")(np.array([6.0, 2.0]))[-1]
    Step(words='mae = 6 / 2', value=3.0)
    """

    def steps(sums: NDArray[np.float64]) -> Sequence[Step]:
        one, two = float(sums[0]), float(sums[1])
        last = Step(f"{_name(metric)} = {_text(one)} / {_text(two)}", _share(one, two, None))
        return [Step(f"sum of “{above}”", one), Step(f"sum of “{below}”", two), last]

    return steps


def median_steps(values: Sequence[float] | NDArray[np.float64]) -> Explained:
    """Steps of the median: the middle value, or the mean of the middle two.

    >>> import numpy as np
    >>> [s.value for s in median_steps([9.0, 1.0, 2.0, 4.0])(np.ones(4))]
    [2.0, 4.0, 3.0]
    """

    def steps(sums: NDArray[np.float64]) -> Sequence[Step]:
        ordered = sorted(float(v) for v, n in zip(values, sums, strict=True) for _ in range(int(n)))
        if not ordered:
            return [Step("no values", None)]
        half = len(ordered) // 2
        if len(ordered) % 2:
            return [Step(f"number {half + 1} of {len(ordered)} values in order", ordered[half])]
        low, high = ordered[half - 1], ordered[half]
        return [
            Step(f"number {half} of {len(ordered)} values in order", low),
            Step(f"number {half + 1}", high),
            Step(f"median = ({_text(low)} + {_text(high)}) / 2", (low + high) / 2),
        ]

    return steps


def bleu_steps(sums: NDArray[np.float64]) -> Sequence[Step]:
    """Steps of corpus BLEU (Papineni et al. 2002; smoothing "exp" as in sacrebleu)."""
    answer, reference = float(sums[0]), float(sums[1])
    if not answer and not reference:
        return [Step("no texts", None)]
    both = [float(x) for x in sums[2 : 2 + ORDER]]
    total = [float(x) for x in sums[2 + ORDER : 2 + 2 * ORDER]]
    if not any(both) or not all(total):
        return [Step("no n-gram in both, or too short for 4-grams: BLEU = 0", 0.0)]
    lines, precisions, empty = [], [], 0
    for n, (hit, all_) in enumerate(zip(both, total, strict=True), 1):
        empty += not hit
        counted = hit or 0.5**empty
        smoothed = "" if hit else " (smoothed: none in both)"
        precisions.append(100 * counted / all_)
        words = f"{n}-gram precision in % = 100 × {counted:g} / {all_:g}{smoothed}"
        lines.append(Step(words, precisions[-1]))
    if answer < reference:
        brevity = math.exp(1 - reference / answer)
        lines.append(Step(f"brevity penalty = exp(1 − {reference:g} / {answer:g})", brevity))
    else:
        brevity = 1.0
        lines.append(Step("brevity penalty: the answers are not shorter", 1.0))
    mean = math.exp(sum(math.log(p) for p in precisions) / ORDER)
    lines.append(Step(f"geometric mean of the {ORDER} precisions", mean))
    last = f"BLEU = {_text(brevity)} × {_text(mean)}"
    return [*lines, Step(last, brevity * mean)]


def mean_steps(
    metric: str,
    items: Sequence[str],
    formulas: Sequence[Formula],
    starts: Sequence[int],
    missing: float | None,
) -> Explained:
    """Steps of a mean over items: each item's value, and their mean.

    Args:
        starts: where each item's sums begin, and where the last one's end.
        missing: what an undefined item counts as; None leaves it out.
    """

    def steps(sums: NDArray[np.float64]) -> Sequence[Step]:
        lines: list[Step] = []
        values: list[float] = []
        for item, formula, a, b in zip(items, formulas, starts, starts[1:], strict=False):
            value = float(formula(sums[a:b]))
            known = None if math.isnan(value) else value
            counted = missing if known is None else known
            note = "" if known is not None else ", undefined: " + _treated(missing)
            lines.append(Step(f"{_name(metric)} of {item.replace('_', ' ')}{note}", known))
            if counted is not None:
                values.append(counted)
        mean = _share(sum(values), len(values), None)
        joined = " + ".join(_text(v) for v in values)
        return [*lines, Step(f"mean over items = ({joined}) / {len(values)}", mean)]

    return steps


def _treated(missing: float | None) -> str:
    return "left out" if missing is None else f"counts as {missing:g}"


def rqi_steps(index: RQI) -> Sequence[Step]:
    """Steps of a report's Seizure-RQI (paper, equations 5 and 6): components, base, penalties."""
    from s3eval.metrics.rqi import HAZARD_CAP, WEIGHTS

    lines = [
        Step(f"{name} (share of what the reference has)", float(getattr(index, name)))
        for name in WEIGHTS
    ]
    parts = [(w, float(getattr(index, name))) for name, w in WEIGHTS.items()]
    base = sum(w * share for w, share in parts)
    words = " + ".join(f"{w:g} × {_text(share)}" for w, share in parts)
    lines.append(Step(f"base = {words}", base))
    hallucinated = ", ".join(index.hallucinated).replace("_", " ")
    named = f": {hallucinated}" if hallucinated else ""
    count = len(index.hallucinated)
    lines.append(Step(f"factor for {count} features that are not there{named}", index.p_hall))
    lines.append(Step("factor for off-topic content", index.p_off))
    lines.append(Step("factor for length", index.p_len))
    score = base * index.p_hall * index.p_off * index.p_len
    factors = " × ".join(_text(x) for x in (base, index.p_hall, index.p_off, index.p_len))
    lines.append(Step(f"RQI = {factors}", score))
    if index.hazard:
        score = min(score, HAZARD_CAP)
        lines.append(Step(f"capped at {HAZARD_CAP:g} for hazardous advice", score))
    return lines
