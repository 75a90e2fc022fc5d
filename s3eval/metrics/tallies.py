"""Builders of `Tally`: which per-video rows make which metric."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from s3eval.errors import counted
from s3eval.facts.tally import Counts, Explained, Formula, Tally, ratio
from s3eval.metrics import arithmetic
from s3eval.metrics.formulas import BINARY, binary_formula, macro_formula, mean_formula
from s3eval.metrics.text import ORDER, bleu_of_statistics

__all__ = [
    "bertscore",
    "binary",
    "binary_formula",
    "corpus_bleu",
    "coverage",
    "macro",
    "macro_formula",
    "mean",
    "mean_over_items",
    "median",
    "pooled",
]

Floats = NDArray[np.float64]


def binary(
    task: str,
    item: str,
    videos: Sequence[str],
    truth: Sequence[str],
    predicted: Sequence[str],
    positive: str,
    **facts: Any,
) -> list[Tally]:
    """Precision, recall, f1 and accuracy of a two-valued label.

    Args:
        truth, predicted: one label a video; whatever is not ``positive`` is negative.
        facts: further fields of the tallies (counts, note).

    >>> f1 = binary("t", "i", ["a", "b"], ["yes", "no"], ["yes", "yes"], "yes")[2]
    >>> f1.metric, round(f1.value, 3)
    ('f1', 0.667)
    """
    rows = np.zeros((len(videos), 4))
    for i, (true, predicted_label) in enumerate(zip(truth, predicted, strict=True)):
        column = (
            (0 if true == positive else 1)
            if predicted_label == positive
            else (2 if true == positive else 3)
        )
        rows[i, column] = 1.0
    made = _made(task, item, videos, rows, arithmetic.BINARY_COLUMNS, facts)
    return [made(m, binary_formula(m), arithmetic.binary_steps(m)) for m in BINARY]


def macro(
    task: str,
    item: str,
    videos: Sequence[str],
    truth: Sequence[str],
    predicted: Sequence[str],
    labels: Sequence[str] | None = None,
    **facts: Any,
) -> list[Tally]:
    """Macro precision, recall, f1 and accuracy over any number of labels.

    ``labels`` may list more than occur: those that occur nowhere do not count.

    >>> [t.value for t in macro("t", "i", ["a"], ["x"], ["x"])]
    [1.0, 1.0, 1.0, 1.0]
    """
    known = sorted({*truth, *predicted, *(labels or ())})
    at = {label: i for i, label in enumerate(known)}
    rows = np.zeros((len(videos), len(known) ** 2))
    for i, (true, predicted_label) in enumerate(zip(truth, predicted, strict=True)):
        rows[i, at[true] * len(known) + at[predicted_label]] = 1.0
    columns = tuple(f"{true} told as {answered}" for true in known for answered in known)
    made = _made(task, item, videos, rows, columns, facts)
    return [made(m, macro_formula(m, len(known)), arithmetic.macro_steps(m, known)) for m in BINARY]


def mean(
    task: str,
    item: str,
    metric: str,
    videos: Sequence[str],
    values: Sequence[float],
    scale: float = 1.0,
    **facts: Any,
) -> Tally:
    """The mean of a value per video, times ``scale``.

    >>> mean("timing", "tonic", "mae", ["a", "b"], [2.0, 4.0], unit="s").value
    3.0
    """
    columns = f"the video's {metric.replace('_', ' ')}", "videos"
    above = np.asarray(values, float) * scale
    return _ratio(task, item, metric, videos, above, np.ones(len(videos)), columns, facts)


def _ratio(
    task: str,
    item: str,
    metric: str,
    videos: Sequence[str],
    above: Floats,
    below: Floats,
    columns: tuple[str, str],
    facts: Mapping[str, Any],
) -> Tally:
    rows = np.column_stack([above, below]).reshape(len(videos), 2)
    made = _made(task, item, videos, rows, columns, facts)
    return made(metric, ratio, arithmetic.ratio_steps(metric, *columns))


def pooled(
    task: str,
    item: str,
    metric: str,
    videos: Sequence[str],
    above: Sequence[float],
    below: Sequence[float],
    **facts: Any,
) -> Tally:
    """The sum of one value over the sum of another (micro average), undefined for a sum of 0.

    >>> pooled("report", "report", "signs_recall", ["a", "b"], [1, 0], [3, 1]).value
    0.25
    """
    sums = np.asarray(above, float), np.asarray(below, float)
    return _ratio(task, item, metric, videos, *sums, ("counted", "of"), facts)


def median(
    task: str, item: str, metric: str, videos: Sequence[str], values: Sequence[float], **facts: Any
) -> Tally:
    """The median of a value per video.

    A median is no sum; the rows are the unit vectors, so that the sums are the videos' weights
    and the formula is the weighted median (the middle of the two where weights fall even).

    >>> median("timing", "tonic", "median", ["a", "b", "c"], [9.0, 1.0, 2.0]).value
    2.0
    """
    order = np.argsort(np.asarray(values, float), kind="stable")
    ordered = np.asarray(values, float)[order]

    def formula(sums: Floats) -> Floats:
        if not len(ordered):
            return np.full(sums.shape[:-1], np.nan)
        cumulative = np.cumsum(sums[..., order], axis=-1)
        total = cumulative[..., -1:]
        low = np.argmax(cumulative >= total / 2 - 1e-9, axis=-1)
        high = np.argmax(cumulative > total / 2 + 1e-9, axis=-1)
        return np.where(total[..., 0] > 0, (ordered[low] + ordered[high]) / 2, np.nan)

    columns = tuple(f"weight of video {i}" for i in range(1, len(videos) + 1))
    made = _made(task, item, videos, np.eye(len(videos)), columns, facts)
    return made(metric, formula, arithmetic.median_steps(np.asarray(values, float)))


def corpus_bleu(
    task: str,
    item: str,
    videos: Sequence[str],
    statistics: Sequence[Sequence[float]],
    **facts: Any,
) -> Tally:
    """Corpus BLEU (0-100) of per-video n-gram statistics (`s3eval.metrics.text`)."""
    rows = np.asarray(statistics, float).reshape(len(videos), 2 + 2 * ORDER)
    made = _made(task, item, videos, rows, arithmetic.BLEU_COLUMNS, facts)
    return made("bleu", bleu_of_statistics, arithmetic.bleu_steps)


def bertscore(
    task: str,
    items: Mapping[str, Sequence[tuple[str, str, str]]],
    encoder: str | bool,
    **facts: Any,
) -> list[Tally]:
    """Mean BERTScore F1 of each item, all items' texts in one batch; the note names the encoder.

    Args:
        items: by item the (video, prediction, reference) triples.
        encoder: a model id or folder; True for the benchmark's (`s3eval.metrics.bertscore`).

    Raises:
        EncoderNotAvailableError: its weights are not on this machine.
    """
    from s3eval.metrics.bertscore import ENCODER, bert_scores

    pairs = [pair for triples in items.values() for pair in triples]
    chosen = encoder if isinstance(encoder, str) else ENCODER
    result = bert_scores([p for _, p, _ in pairs], [r for *_, r in pairs], chosen)
    note = f"{result.encoder}, layer {result.layer}"
    values, made = iter(result.values), []
    for item, triples in items.items():
        scored = [(v, x) for (v, _, _), x in zip(triples, values, strict=False) if x is not None]
        videos, scores = [v for v, _ in scored], [x for _, x in scored]
        made.append(mean(task, item, "bertscore", videos, scores, note=note, **facts))
    return made


def coverage(
    task: str, item: str, videos: Sequence[str], scored: Sequence[bool], **facts: Any
) -> Tally:
    """The share of the asked videos that could be scored: shown beside every score.

    >>> coverage("timing", "tonic", ["a", "b"], [True, False]).value
    0.5
    """
    return mean(task, item, "coverage", videos, [float(s) for s in scored], **facts)


def mean_over_items(
    tallies: Sequence[Tally],
    item: str = "mean",
    metric: str | None = None,
    missing: float | None = None,
) -> Tally | None:
    """One metric averaged over items: the unweighted mean of the items' values.

    The rows of all items stand side by side over the union of their videos, so resampling a
    video moves all of its items together.

    Args:
        tallies: one an item, same task and metric.
        missing: what an undefined item counts as; None leaves it out of the mean.

    Returns:
        the tally, or None when there is nothing to average.
    """
    parts = [t for t in tallies if len(t.videos)]
    if not parts:
        return None
    videos = tuple(dict.fromkeys(v for t in parts for v in t.videos))
    at = {v: i for i, v in enumerate(videos)}
    widths = [t.rows.shape[1] for t in parts]
    rows = np.zeros((len(videos), sum(widths)))
    starts = np.cumsum([0, *widths])
    for tally, start, width in zip(parts, starts, widths, strict=False):
        np.add.at(rows[:, start : start + width], [at[v] for v in tally.videos], tally.rows)
    first = parts[0]
    return replace(
        first,
        item=item,
        metric=metric or first.metric,
        videos=videos,
        rows=rows,
        formula=mean_formula([t.formula for t in parts], starts, missing),
        counts=_summed(parts),
        note=f"mean over {counted(len(parts), 'item')}",
        detail={"items": [t.item for t in parts]},
        columns=tuple(f"{t.item}: {c}" for t in parts for c in t.columns)
        if all(t.columns for t in parts)
        else (),
        explained=arithmetic.mean_steps(
            metric or first.metric,
            [t.item for t in parts],
            [t.formula for t in parts],
            [int(x) for x in starts],
            missing,
        ),
    )


def _summed(parts: Sequence[Tally]) -> Counts:
    total: Callable[[str], int] = lambda name: sum(getattr(t.counts, name) for t in parts)  # noqa: E731
    return Counts(**{f: total(f) for f in Counts.__dataclass_fields__})


def _made(
    task: str,
    item: str,
    videos: Sequence[str],
    rows: Floats,
    columns: Sequence[str],
    facts: Mapping[str, Any],
) -> Callable[[str, Formula, Explained], Tally]:
    """Makes tallies of the same rows: each of a metric, its formula and its explained steps."""
    named, more = tuple(videos), _counted(facts, len(videos))

    def made(metric: str, formula: Formula, explained: Explained) -> Tally:
        return Tally(
            task,
            item,
            metric,
            named,
            rows,
            formula,
            columns=tuple(columns),
            explained=explained,
            **more,
        )

    return made


def _counted(facts: Mapping[str, Any], scored: int) -> dict[str, Any]:
    """The facts, with the number scored filled in; without counts, all that was scored."""
    counts = facts.get("counts", Counts(asked=scored, answered=scored, readable=scored))
    return {**facts, "counts": replace(counts, scored=scored)}
