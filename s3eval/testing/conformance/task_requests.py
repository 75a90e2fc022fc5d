"""What is checked of a task's requests to a judge: made where the spec says so, and only there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from s3eval.judge import Unreadable
from s3eval.running.judge_requests import requests_of
from s3eval.task import Finding, ScoringContext
from s3eval.testing.conformance.task_answers import answered_pieces
from s3eval.testing.conformance.task_subject import Subject

__all__ = ["requests"]


def requests(subject: Subject) -> Iterator[tuple[str, str]]:
    """A task asks a judge exactly where its spec says judged=True, and for what it looks up."""
    context = ScoringContext(subject.data, judged={})
    wanted = _of_findings(subject, subject.findings(), context)
    wanted += _of_findings(subject, subject.findings(wrong=True), context)
    if not wanted:
        wanted = _of_windows(subject, context)
    if wanted and not subject.spec.judged:
        yield (
            f"it asks a judge ({type(wanted[0]).__name__}), but its spec does not say so",
            "state judged=True in its TaskSpec",
        )
    if subject.spec.judged and not wanted:
        yield (
            "its spec says judged=True, but it asks no judge about the truth, wrong answers or "
            "windows of several answers",
            "yield requests from merge_requests() or read_requests(), or leave judged out",
        )
        return
    yield from _looked_up(subject, subject.findings())


class _Looked(dict[Any, Any]):
    """What a judge made of each request; notes what is looked up and was not asked for."""

    def __init__(self, requested: Iterable[Any]) -> None:
        super().__init__(dict.fromkeys(requested, Unreadable("not read in this test")))
        self.unasked: list[Any] = []

    def get(self, key: Any, default: Any = None) -> Any:
        if key not in self:
            self.unasked.append(key)
        return super().get(key, default)


def _looked_up(subject: Subject, findings: Sequence[Finding]) -> Iterator[tuple[str, str]]:
    """What is looked up in tallies() was asked for before: nobody else asks the judge."""
    context = ScoringContext(subject.data, judged={})
    judged = _Looked(_of_findings(subject, findings, context))
    list(subject.task.tallies(findings, replace(context, judged=judged)))
    if judged.unasked:
        request = judged.unasked[0]
        yield (
            f"tallies() looks up {_named(request)}, which read_requests() did not ask for",
            "yield the very request that context.judgement() is given, the same text in it",
        )


def _named(request: Any) -> str:
    """A request in a few words."""
    texts = getattr(request, "texts", (getattr(request, "text", ""),))
    return f"{type(request).__name__} of {' + '.join(texts)!r:.80}"


def _of_findings(
    subject: Subject, findings: Sequence[Finding], context: ScoringContext
) -> list[Any]:
    return requests_of(subject.task.read_requests, findings, context)


def _of_windows(subject: Subject, context: ScoringContext) -> list[Any]:
    """What is to be merged of windows, and to be read of what they come to."""
    unmerged = ScoringContext(subject.data)
    wanted: list[Any] = []
    for video in subject.data.videos:
        for pieces in answered_pieces(subject, video):
            wanted += requests_of(subject.task.merge_requests, video.name, pieces, context)
            combined = list(subject.task.combine(video.name, pieces, unmerged))
            wanted += _of_findings(subject, combined, context)
            if wanted:
                return wanted
    return wanted
