"""From windows to videos: how the pieces of one video become one finding.

Source: paper, Section 3.3.2 and Appendix H (logical any-of-yes for Task 1, alignment for Task 5,
merged texts for Tasks 2 and 6) and the release's rule for the texts kept before merging.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from s3eval.errors import S3EvalError
from s3eval.judge import MergedText, MergeTexts
from s3eval.task import Finding

if TYPE_CHECKING:
    from s3eval.task import FindingState, Piece, ScoringContext

__all__ = [
    "JOINT",
    "any_yes",
    "finding_of_windows",
    "joined",
    "kept_texts",
    "lone_finding",
    "merged_by_judge",
    "missing_windows",
    "noisy_or",
    "overlap_merge",
    "probabilities_of",
    "why_no_value",
]

#: What stands between the texts of several windows that nobody merged.
JOINT = " || "


def any_yes(values: Iterable[str], order: Sequence[str] = ("yes", "no", "na")) -> str | None:
    """The strongest of the windows' answers: any yes is yes; then no; then na; None of none.

    Args:
        values: the readable answers, in any order.
        order: strongest first.

    >>> any_yes(["no", "yes", "no"]), any_yes(["na", "no"]), any_yes([])
    ('yes', 'no', None)
    """
    present = set(values)
    unknown = present.difference(order)
    if unknown:
        raise S3EvalError(f"Expected answers among {', '.join(order)}, but got {sorted(unknown)}")
    return next((v for v in order if v in present), None)


def noisy_or(probabilities: Iterable[float]) -> float:
    """1 - product of (1 - p): the chance of at least one, were the windows independent.

    They are not (neighbours overlap), so this is an upper guide beside the maximum. 0 of none.

    >>> round(noisy_or([0.5, 0.5]), 3)
    0.75
    """
    logs = 0.0
    for p in probabilities:
        if not 0 <= p <= 1:
            raise S3EvalError(f"Expected probabilities in [0, 1], but got {p}")
        if p == 1:
            return 1.0
        logs += math.log1p(-p)
    return -math.expm1(logs)


def overlap_merge(sequences: Iterable[Sequence[str]]) -> list[str]:
    """Windows' sequences as one: each is laid onto the longest overlap with what came before.

    The overlap is the longest suffix of what is merged so far that equals a prefix of the next
    (protocol, Task 5); nothing else is dropped, so a sign seen in two windows apart stays twice.

    >>> overlap_merge([["a", "b"], ["b", "c"], ["a"]])
    ['a', 'b', 'c', 'a']
    >>> overlap_merge([["a", "b"], ["a", "b"]])
    ['a', 'b']
    """
    merged: list[str] = []
    for sequence in sequences:
        tokens = list(sequence)
        longest = min(len(merged), len(tokens))
        size = next(n for n in range(longest, -1, -1) if merged[len(merged) - n :] == tokens[:n])
        merged += tokens[size:]
    return merged


def kept_texts(feature: str, windows: Sequence[tuple[str | None, str]]) -> list[str]:
    """The windows' justifications that go into the video's (the release's rule, Task 2).

    For occur_during_sleep the first window's; otherwise, if the labels are mixed, those of the
    yes-windows (all where none says yes), else all. Duplicates are dropped, order kept.

    Args:
        windows: (label, text) in order of time.

    >>> kept_texts("tonic", [("no", "nothing"), ("yes", "stiff"), ("yes", "stiff")])
    ['stiff']
    >>> kept_texts("occur_during_sleep", [("no", "awake"), ("yes", "asleep")])
    ['awake']
    """
    chosen = windows
    if feature == "occur_during_sleep":
        chosen = windows[:1]
    elif any(label == "yes" for label, _ in windows):
        chosen = [(label, text) for label, text in windows if label == "yes"]
    return list(dict.fromkeys(text.strip() for _, text in chosen if text.strip()))


def joined(texts: Iterable[str]) -> str:
    """Several windows' texts in one line, when there is no judge to merge them.

    >>> joined(["stiff", "jerks"])
    'stiff || jerks'
    """
    return JOINT.join(texts)


def merged_by_judge(
    finding: Finding,
    texts: Sequence[str],
    kind: str,
    context: ScoringContext,
    called: str = "texts",
) -> Finding:
    """The finding with the text that the judge made of several; failed where it made none.

    Args:
        texts: two or more, as they were asked for in ``merge_requests``.
        kind: of `MergeTexts`.
        called: what the texts are, in the reason.
    """
    merged = context.judgement(MergeTexts(tuple(texts), kind))
    if isinstance(merged, MergedText):
        return replace(finding, value=merged.text, detail={**finding.detail, "merged_by": "judge"})
    reason = f"the judge did not merge {len(texts)} {called}: {merged.reason}"
    return replace(finding, state="failed", reason=reason)


def probabilities_of(pieces: Iterable[Piece], choice: str) -> list[float]:
    """The probability each answered window gave to a choice, where the model gives any."""
    return [
        p.answer.probabilities[choice]
        for p in pieces
        if p.answer.status == "answered" and choice in p.answer.probabilities
    ]


def why_no_value(pieces: Sequence[Piece]) -> tuple[FindingState, str]:
    """The state of a finding none of whose pieces could be read, and the reason.

    A failure outweighs the unreadable (asking again may help), which outweighs the skipped.
    """
    for status in ("failed", "answered", "skipped"):
        with_status = [p for p in pieces if p.answer.status == status]
        if with_status:
            first = with_status[0]
            reason = first.reading.reason if status == "answered" else first.answer.reason
            label = {"failed": "failed", "answered": "unreadable", "skipped": "not asked"}[status]
            head = f"{len(with_status)} of {len(pieces)} {label}"
            state: FindingState = (
                "failed"
                if status == "failed"
                else "unreadable"
                if status == "answered"
                else "skipped"
            )
            return state, f"{head}: {reason}" if reason else head
    return "skipped", "nothing was asked"


def finding_of_windows(
    task: str,
    video: str,
    item: str,
    pieces: Sequence[Piece],
    detail: Mapping[str, object] | None = None,
) -> Finding:
    """The finding of an item before its value is filled in, from all pieces about it.

    Returns:
        where a piece could be read a finding with state "answered" and no value yet: the task
        combines the readings and fills it in; else the final one, with the reason why there is
        no value. ``pieces`` and ``readable`` are counted, and ``detail["missing"]`` lists the
        windows without a value.

    >>> finding_of_windows("gait", "v1", "walks", []).state
    'skipped'
    """
    readable = sum(p.reading.readable for p in pieces)
    facts = dict(detail or {})
    missing = missing_windows(pieces)
    if missing:
        facts["missing"] = missing
    finding = Finding(
        task, video, item, "answered", pieces=len(pieces), readable=readable, detail=facts
    )
    if readable:
        return finding
    state, reason = why_no_value(pieces)
    return replace(finding, state=state, reason=reason)


def lone_finding(
    task: str, item: str, piece: Piece, choice: str = "", detail: Mapping[str, object] | None = None
) -> Finding:
    """The finding of an item that one clip answers: the answer is the finding.

    Args:
        choice: the positive answer whose probability is kept, "" for none.
        detail: further facts; a remark of the reading is added to them.
    """
    video, facts = piece.inquiry.clip.video, dict(detail or {})
    if not piece.reading.readable:
        state, reason = why_no_value([piece])
        return Finding(task, video, item, state, None, reason, 1, 0, None, facts)
    if piece.reading.reason:
        facts["remark"] = piece.reading.reason
    given = probabilities_of([piece], choice) if choice else []
    probability = given[0] if given else None
    value = piece.reading.value
    return Finding(task, video, item, "answered", value, "", 1, 1, probability, facts)


def missing_windows(pieces: Iterable[Piece]) -> list[Mapping[str, object]]:
    """The windows that gave no value: when, and why. JSON-able, for a finding's detail."""
    return [
        {
            "start": p.inquiry.clip.start,
            "end": p.inquiry.clip.end,
            "status": "unreadable" if p.answer.status == "answered" else p.answer.status,
            "reason": p.reading.reason or p.answer.reason,
        }
        for p in pieces
        if not p.reading.readable
    ]
