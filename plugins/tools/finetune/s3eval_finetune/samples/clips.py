"""Tasks 3, 4 and 7: the tasks' own questions on annotated spans, 60-s clips, whole videos."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from s3eval.task import TruthContext
from s3eval_finetune.appendix import CLIP_SECONDS
from s3eval_finetune.samples.sample import Left, Sample, Span, of_inquiry, seeded
from s3eval_finetune.tasks import task_numbered

if TYPE_CHECKING:
    from s3eval.facts.videos import Annotation, Video
    from s3eval.task import PlanContext

__all__ = ["clock", "diagnosis", "placed", "spatial", "timing"]


def spatial(video: Video, annotation: Annotation, context: PlanContext) -> Iterator[Sample | Left]:
    """Task 3: the side or body part, on the clip that an evaluation shows.

    That is the event's annotated span, and for the first body part the window that starts with
    the seizure (`s3eval_task_spatial`).
    """
    task = task_numbered(3)
    asked = list(task.inquiries(video, annotation, context))
    if not asked and annotation.lateralization:
        yield Left(3, "no side is annotated, or the video's duration is not known")
    for inquiry in asked:
        question = inquiry.questions[0]
        value = task.truth(video, annotation, question.key, TruthContext())
        if value not in question.choices:
            yield Left(3, "the annotated value is none of the answers offered")
            continue
        made = of_inquiry(3, video, inquiry, question, str(value).capitalize(), str(value))
        # The body part's 11 values are not sides; their balance is counted apart by the item.
        yield replace(made, solution={"value": value})


def timing(video: Video, annotation: Annotation, context: PlanContext) -> Iterator[Sample | Left]:
    """Task 4: 60-s clips with the event at a place drawn from the seed.

    Where the video is that long the clip has its 60 s, whatever place was drawn: it is moved
    into the video, not cut, since a short clip would tell where the event is.
    """
    for inquiry in task_numbered(4).inquiries(video, annotation, context):
        question, item = inquiry.questions[0], str(inquiry.detail["item"])
        at = inquiry.clip.start + float(inquiry.detail["target"])
        assert video.duration is not None  # without one the task asks nothing
        start, end = placed(at, video.duration, seeded(context.seed, video.name, item))
        seconds = round(at - start, 3)
        stamp = clock(seconds)
        # The task's question says which form it wants.
        says = json.dumps({"timestamp": stamp}) if "JSON" in question.text else stamp
        made = of_inquiry(4, video, inquiry, question, says)
        yield replace(
            made,
            item=item,
            span=Span(video.name, start, end),
            solution={"value": seconds, "length": round(end - start, 3)},
        )


def diagnosis(
    video: Video, annotation: Annotation, context: PlanContext
) -> Iterator[Sample | Left]:
    """Task 7: frames spread over the whole video; with a report's text where there is one.

    The question on the video alone wants a description beside the answer; the annotated report
    is that description, and without one the question makes no sample.
    """
    task = task_numbered(7)
    value = task.truth(video, annotation, "video_only", TruthContext())
    if value is None:
        yield Left(7, "no diagnosis is annotated")
        return
    for inquiry in task.inquiries(video, annotation, context):
        for question in inquiry.questions:
            says = str(value)
            if "JSON" in question.text:
                if not annotation.report:
                    yield Left(7, "the question wants a description, but no report is annotated")
                    continue
                reply = {"description": annotation.report.strip(), "answer": value}
                says = json.dumps(reply, ensure_ascii=False)
            made = of_inquiry(7, video, inquiry, question, says, str(value))
            span = Span(video.name, 0.0, round(float(inquiry.clip.end), 3), "sparse")
            yield replace(made, span=span, solution={"value": value})


def placed(
    at: float, duration: float, drawn: float, length: float = CLIP_SECONDS
) -> tuple[float, float]:
    """A clip of ``length`` seconds in the video with an event at a drawn place of it.

    Args:
        at: the event, in seconds of the video.
        drawn: in [0, 1), which of the possible places.

    Returns:
        start and end in seconds; the whole video where it is no longer than ``length``.

    >>> placed(100.0, 300.0, 0.5), placed(10.0, 300.0, 0.5), placed(290.0, 300.0, 0.0)
    ((70.0, 130.0), (5.0, 65.0), (230.0, 290.0))
    >>> placed(10.0, 40.0, 0.5)
    (0.0, 40.0)
    """
    if duration <= length:
        return 0.0, round(duration, 3)
    earliest, latest = max(0.0, at - length), min(at, duration - length)
    start = round(earliest + (latest - earliest) * drawn, 3)
    return start, round(start + length, 3)


def clock(seconds: float) -> str:
    """MM:SS, to the nearest second.

    >>> clock(7.6), clock(75.2)
    ('00:08', '01:15')
    """
    whole = round(seconds)
    return f"{whole // 60:02d}:{whole % 60:02d}"
