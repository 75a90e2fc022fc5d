"""Small groupings every task needs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from s3eval.task import Finding, Piece, ScoringContext, Task
    from s3eval.vocabulary import Sense

__all__ = [
    "asked_of",
    "by_item",
    "by_question",
    "leading_sense",
    "refuse_unknown_options",
    "truths_of",
]


def by_item(findings: Iterable[Finding], order: Sequence[str] = ()) -> dict[str, list[Finding]]:
    """Findings by item: the items of ``order`` first and in it, then the others as they come.

    >>> from s3eval.task import Finding
    >>> found = [Finding("t", "v", i, "answered", 1) for i in ("b", "x", "a")]
    >>> list(by_item(found, ("a", "b")))
    ['a', 'b', 'x']
    """
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(finding.item, []).append(finding)
    known = [i for i in order if i in groups]
    return {i: groups[i] for i in [*known, *(i for i in groups if i not in known)]}


def by_question(pieces: Iterable[Piece]) -> dict[str, list[Piece]]:
    """Pieces by the key of their question, each in order of time in the video."""
    groups: dict[str, list[Piece]] = {}
    for piece in sorted(pieces, key=lambda p: (p.inquiry.clip.start, p.inquiry.clip.end)):
        groups.setdefault(piece.question.key, []).append(piece)
    return groups


def asked_of(findings: Iterable[Finding], context: ScoringContext) -> list[Finding]:
    """The findings that count: asked (not skipped) about a video that the dataset knows."""
    known = context.dataset.annotations
    return [f for f in findings if f.state != "skipped" and f.video in known]


def truths_of(task: Task, findings: Iterable[Finding], context: ScoringContext) -> dict[str, Any]:
    """The annotated values of some findings of one item, by video; videos without one left out."""
    truths: dict[str, Any] = {}
    dataset, on = context.dataset, context.truth
    for f in findings:
        value = task.truth(dataset.video(f.video), dataset.annotation(f.video), f.item, on)
        if value is not None:
            truths[f.video] = value
    return truths


def leading_sense(senses: Collection[Sense]) -> Sense:
    """The sense a question about the whole scene takes: sight, or hearing for who only hears.

    >>> leading_sense({"hearing"}), leading_sense({"sight", "hearing"})
    ('hearing', 'sight')
    """
    return "sight" if "sight" in senses else "hearing"


def refuse_unknown_options(
    task: str, options: Mapping[str, Any], known: Iterable[str] = ()
) -> None:
    """An option a task does not take is an error, never ignored.

    Raises:
        S3EvalError: names the option, and what the task takes.

    >>> refuse_unknown_options("timing", {"placement": "random"}, ["placement"])
    >>> refuse_unknown_options("recognition", {"placement": "random"})
    Traceback (most recent call last):
    s3eval.errors.S3EvalError: Task 'recognition' takes no option 'placement'; it takes none.
    """
    from s3eval.errors import S3EvalError, nearest

    takes = [*known]
    for name in sorted(set(options).difference(takes)):
        close = nearest(name, takes)
        listed = ", ".join(takes) if takes else "none"
        raise S3EvalError(
            f"Task '{task}' takes no option '{name}'; it takes {listed}",
            fix=f"--task-option {task}.{close}=..." if close else "",
        )
