"""The scores of Task 4 (paper, Section 3.2.4; Tables 16, 22, 30) and its baselines."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from s3eval.tasks.items import asked_of, by_item
from s3eval_task_timing.questions import ITEMS
from s3eval_task_timing.truth import CLIP_SECONDS, true_time

if TYPE_CHECKING:
    from s3eval.facts.tally import Tally
    from s3eval.task import Finding, ScoringContext

__all__ = ["TOLERANCE", "baselines", "tallies"]

TOLERANCE = 5.0
METRICS = ("mae", "median", "within_5s", "coverage")


def tallies(task: str, findings: Sequence[Finding], context: ScoringContext) -> Iterator[Tally]:
    """mae and median (seconds, over what parsed), within_5s (share of the answers), coverage.

    Where nothing parsed the mae is undefined; ``release`` prints 0 then, and the note says so.
    """
    from s3eval.metrics import tallies as build

    items = by_item(findings, ITEMS)
    made = [
        t
        for item, item_findings in items.items()
        for t in _of_item(task, item, item_findings, context)
    ]
    yield from made
    for metric in METRICS:
        average = build.mean_over_items([t for t in made if t.metric == metric and t.item in ITEMS])
        if average:
            yield average


def _error(finding: Finding, context: ScoringContext) -> float | None:
    """|predicted - true| in seconds; None where the finding holds no time.

    Within the clip where the finding says so (a recorded answer knows no more), else in the
    video, against the annotation.
    """
    if finding.state != "answered":
        return None
    target, predicted = finding.detail.get("target"), finding.detail.get("predicted_in_clip")
    if target is not None and predicted is not None:
        return abs(float(predicted) - float(target))
    true = true_time(context.dataset.annotation(finding.video), finding.item)
    return None if true is None else abs(float(finding.value) - true)


def _scorable(finding: Finding, context: ScoringContext) -> bool:
    if finding.detail.get("target") is not None:
        return True
    return true_time(context.dataset.annotation(finding.video), finding.item) is not None


def _of_item(
    task: str, item: str, findings: Sequence[Finding], context: ScoringContext
) -> list[Tally]:
    from s3eval.metrics import tallies as build
    from s3eval.tasks.counts import counts_of

    known = [f for f in asked_of(findings, context) if _scorable(f, context)]
    errors = [_error(f, context) for f in known]
    asked = [f.video for f in known]
    videos = [v for v, e in zip(asked, errors, strict=True) if e is not None]
    parsed = [e for e in errors if e is not None]
    lost = len(known) - len(parsed)
    counts = counts_of(findings, len(parsed))
    note = f"{lost} of {len(known)} unparsed dropped" if lost else ""
    mae = build.mean(
        task,
        item,
        "mae",
        videos,
        parsed,
        counts=counts,
        note=note,
        unit="s",
        higher_is_better=False,
    )
    if not parsed and known and context.protocol == "release":
        zero = build.mean(task, item, "mae", asked, [0.0] * len(asked), unit="s")
        note = "nothing parsed; the release prints 0"
        mae = replace(zero, counts=counts, note=note, higher_is_better=False)
    # An answer without a time misses; a question that failed is no answer and does not count.
    replied = [(f, e) for f, e in zip(known, errors, strict=True) if f.state != "failed"]
    close = [float(e is not None and e <= TOLERANCE) for _, e in replied]
    return [
        mae,
        build.median(
            task,
            item,
            "median",
            videos,
            parsed,
            counts=counts,
            note=note,
            unit="s",
            higher_is_better=False,
        ),
        build.mean(
            task,
            item,
            "within_5s",
            [f.video for f, _ in replied],
            close,
            counts=counts,
            note="of all that answered; unparsed miss" if lost else "",
        ),
        build.coverage(task, item, asked, [e is not None for e in errors], counts=counts),
    ]


def baselines(
    findings: Sequence[Finding], context: ScoringContext
) -> Mapping[str, Sequence[Finding]]:
    """middle-of-clip answers half the clip's length; median-time the median place in the clips
    of other patients' videos (among the findings), item by item.
    """
    known = [f for f in asked_of(findings, context) if _scorable(f, context)]
    placed = [f for f in known if f.detail.get("target") is not None]
    patients = context.dataset.patients
    middle = [_answered(f, _length(f) / 2) for f in placed]
    targets: dict[str, list[tuple[str, float]]] = {}
    for f in placed:
        targets.setdefault(f.item, []).append((patients[f.video], float(f.detail["target"])))
    medians: dict[tuple[str, str], float | None] = {}
    for finding in placed:
        key = finding.item, patients[finding.video]
        if key not in medians:
            others = [target for patient, target in targets[key[0]] if patient != key[1]]
            medians[key] = statistics.median(others) if others else None
    learnt = [(f, medians[f.item, patients[f.video]]) for f in placed]
    return {
        "middle-of-clip": middle,
        "median-time": [_answered(f, at) for f, at in learnt if at is not None],
    }


def _length(finding: Finding) -> float:
    start, end = finding.detail.get("clip_start"), finding.detail.get("clip_end")
    return CLIP_SECONDS if start is None or end is None else float(end) - float(start)


def _answered(finding: Finding, seconds: float) -> Finding:
    from s3eval.tasks.baselines import answered_alike

    start = float(finding.detail.get("clip_start") or 0.0)
    kept = ("target", "placement", "clip_start", "clip_end")
    detail = {k: finding.detail[k] for k in kept if k in finding.detail}
    return answered_alike(finding, start + seconds, {**detail, "predicted_in_clip": seconds})
