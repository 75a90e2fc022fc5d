"""Tasks 1 and 2: a sign's annotated span, whether it is there, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from s3eval.facts.clips import profile
from s3eval.facts.videos import Annotation, Video
from s3eval.task import PlanContext, TruthContext
from s3eval_finetune.samples.sample import Left, Sample, Span, seeded
from s3eval_finetune.tasks import task_numbered

if TYPE_CHECKING:
    from s3eval.model import Question
    from s3eval.task import Task

__all__ = ["justification", "recognition"]

_SAYS = {"yes": "Yes", "no": "No", "na": "NA"}
# A model that is shown one frame a second sees two frames of this, a pair its encoder folds.
_LEAST = 2.0
# Asked of the beginning of the video; it has no onset and no span, and is shown one window.
_AT_THE_START = "occur_during_sleep"


def recognition(
    video: Video, annotation: Annotation, context: PlanContext
) -> Iterator[Sample | Left]:
    """Task 1: "Yes", "No" or "NA" on the sign's annotated span.

    A sign that is not there has no span. It is shown another sign's of the same video, drawn by
    the seed, so that neither length nor place of a clip tells the answer.
    """
    for feature, question, span, value in _asked(1, video, annotation, context):
        if span is None:
            yield Left(1, f"{value}, but no times are annotated to trim to")
            continue
        yield _sample(1, video, feature, question, span, value, _SAYS[value])


def justification(
    video: Video, annotation: Annotation, context: PlanContext
) -> Iterator[Sample | Left]:
    """Task 2: the same spans, the question that asks why as well, and the annotated reason."""
    for feature, question, span, value in _asked(2, video, annotation, context):
        known = annotation.features.get(feature)
        reason = known.justification.strip() if known else ""
        if span is None or not reason:
            what = "reason is annotated" if span else "times are annotated to trim to"
            yield Left(2, f"{value}, but no {what}")
            continue
        made = _sample(2, video, feature, question, span, value, f"{_SAYS[value]}. {reason}")
        yield replace(made, solution={**made.solution, "reason": reason})


def _sample(
    number: int, video: Video, feature: str, question: Question, span: Span, value: str, says: str
) -> Sample:
    return Sample(
        number,
        task_numbered(number).name,
        feature,
        video.patient,
        video.fold or 0,
        span,
        question.text,
        says,
        label=value,
        solution={"value": value},
    )


def _asked(
    number: int, video: Video, annotation: Annotation, context: PlanContext
) -> Iterator[tuple[str, Question, Span | None, str]]:
    """Each annotated sign: its name, question, span (None where no times are known), value."""
    task = task_numbered(1)
    shown = {
        name: Span(video.name, *_widened(f.start, f.end, video.duration))
        for name, f in annotation.features.items()
        if f.presence == "yes" and f.start is not None and f.end is not None and f.end >= f.start
    }
    spans = [shown[name] for name in sorted(shown)]
    window = context.profile.window_seconds
    for feature, question in _questions(number, context.senses).items():
        value = task.truth(video, annotation, feature, TruthContext(senses=context.senses))
        if value not in _SAYS:
            continue
        span = shown.get(feature)
        if feature == _AT_THE_START:
            span = Span(video.name, 0.0, round(min(window, video.duration or window), 3))
        elif value != "yes":
            drawn = seeded(context.seed, video.name, feature)
            span = spans[int(drawn * len(spans))] if spans else _seizure(video, annotation)
        yield feature, question, span, value


def _seizure(video: Video, annotation: Annotation) -> Span | None:
    start, end = annotation.seizure_start, annotation.seizure_end
    if start is None or end is None or end <= start:
        return None
    return Span(video.name, *_widened(start, end, video.duration))


def _widened(start: float, end: float, duration: float | None) -> tuple[float, float]:
    """At least 2 s, around the middle, within the video; to milliseconds, as files state times.

    >>> _widened(10.0, 10.5, 60.0), _widened(0.0, 1.0, 60.0), _widened(5.0, 30.0, None)
    ((9.25, 11.25), (0.0, 2.0), (5.0, 30.0))
    """
    missing = max(0.0, _LEAST - (end - start)) / 2
    start, end = start - missing, end + missing
    start, end = (0.0, end - start) if start < 0 else (start, end)
    if duration is not None and end > duration:
        start, end = max(0.0, start - (end - duration)), duration
    return round(start, 3), round(end, 3)


@cache
def _questions(number: int, senses: frozenset[str]) -> Mapping[str, Question]:
    """The task's own question for each sign that these senses perceive."""
    task: Task = task_numbered(number)
    made = PlanContext(profile("standard"), senses)  # type: ignore[arg-type]
    (inquiry, *_) = task.inquiries(Video("any", "any", duration=1.0), Annotation("any"), made)
    return {question.key: question for question in inquiry.questions}
