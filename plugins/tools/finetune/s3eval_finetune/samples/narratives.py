"""Tasks 5 and 6: 30-s windows with what the annotation tells of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from s3eval.judging.load import load_judge
from s3eval.vocabulary import FEATURE_NAMES, feature
from s3eval_finetune.samples.sample import Left, Sample, of_inquiry
from s3eval_finetune.tasks import task_numbered

if TYPE_CHECKING:
    from s3eval.facts.videos import Annotation, Video
    from s3eval.judge import Judge
    from s3eval.task import PlanContext

__all__ = ["offline_judge", "report", "report_within", "sequence", "sequence_within"]


def sequence(video: Video, annotation: Annotation, context: PlanContext) -> Iterator[Sample | Left]:
    """Task 5: the signs that show in the window, in order of onset, perceived ones alone."""
    annotated = annotation.sequence_for(context.senses)
    for inquiry in task_numbered(5).inquiries(video, annotation, context):
        if annotated is None:
            yield Left(5, "no sequence is annotated")
            return
        within = sequence_within(annotated, annotation, inquiry.clip.start, inquiry.clip.end)
        if within is None:
            yield Left(5, "a sign of the sequence has no time, so it cannot be cut to windows")
            return
        says = ", ".join(feature(name).label for name in within) or "None"
        made = of_inquiry(5, video, inquiry, inquiry.questions[0], says)
        yield replace(made, solution={"value": list(within)})


def report(video: Video, annotation: Annotation, context: PlanContext) -> Iterator[Sample | Left]:
    """Task 6: of the annotated report the sentences that tell of the window."""
    if not annotation.report:
        yield Left(6, "no report is annotated")
        return
    for inquiry in task_numbered(6).inquiries(video, annotation, context):
        clip = inquiry.clip
        whole = clip.start <= 0 and clip.end >= (video.duration or 0)
        says = (
            annotation.report.strip()
            if whole
            else report_within(annotation.report, annotation, clip.start, clip.end)
        )
        if not says:
            yield Left(6, "no sentence of the report tells of this window")
            continue
        made = of_inquiry(6, video, inquiry, inquiry.questions[0], says)
        yield replace(made, solution={"value": says})


def sequence_within(
    annotated: Sequence[str], annotation: Annotation, start: float, end: float
) -> tuple[str, ...] | None:
    """The part of an annotated order that shows in a window; None where a time is missing.

    A sign shows where its annotated span overlaps the window; one without an end, from its
    start on. Occurrence during sleep has no onset and is never asked for.

    >>> from s3eval.facts.videos import Annotation, FeatureAnnotation as F
    >>> known = Annotation("v", {"tonic": F("yes", 3, 9), "clonic": F("yes", 40, 50)})
    >>> sequence_within(("tonic", "clonic"), known, 0, 30)
    ('tonic',)
    """
    within = []
    for name in dict.fromkeys(annotated):
        known = annotation.features.get(name)
        if known is None or known.start is None:
            return None
        if known.start < end and (known.end is None or known.end > start):
            within.append(name)
    return tuple(within)


def report_within(text: str, annotation: Annotation, start: float, end: float) -> str:
    """The sentences of a report that tell of a window, "" where none does.

    The paper says that answers are truncated at the 30-second level, not how. Here the offline
    judge reads which signs a sentence names, and the sentence is told in every window in which
    one of them is annotated to show. A sentence that names no dated sign goes with the one
    before it; those at the beginning with the first that does.

    >>> from s3eval.facts.videos import Annotation, FeatureAnnotation as F
    >>> known = Annotation("v", {"tonic": F("yes", 3, 9), "clonic": F("yes", 40, 50)})
    >>> report_within("He stiffens with tonic arms. Then clonic jerks follow.", known, 0, 30)
    'He stiffens with tonic arms.'
    """
    dated = _dated(text, annotation)
    return " ".join(
        sentence
        for sentence, spans in dated
        if any(a < end and (b is None or b > start) for a, b in spans)
    )


Spans = tuple[tuple[float, float | None], ...]


def _dated(text: str, annotation: Annotation) -> list[tuple[str, Spans]]:
    """The sentences, each with the annotated spans of the signs it names."""
    dated: list[tuple[str, Spans]] = []
    for sentence, names in _signs_by_sentence(text):
        known = [annotation.features[n] for n in names if n in annotation.features]
        spans: Spans = tuple((f.start, f.end) for f in known if f.start is not None)
        dated.append((sentence, spans or (dated[-1][1] if dated else ())))
    first = next((spans for _, spans in dated if spans), ())
    return [(sentence, spans or first) for sentence, spans in dated]


@cache
def _signs_by_sentence(text: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    (facts,) = offline_judge().read_reports([text])
    evidence = getattr(facts, "evidence", ())
    sentences = []
    for match in re.finditer(r"\S.*?(?:[.!?](?=\s|$)|$)", text, re.DOTALL):
        names = {e.fact for e in evidence if e.fact in FEATURE_NAMES and _inside(match, e.start)}
        sentences.append((match.group().strip(), tuple(sorted(names))))
    return tuple(sentences)


def _inside(match: re.Match[str], place: int) -> bool:
    return match.start() <= place < match.end()


@cache
def offline_judge() -> Judge:
    """The judge that never leaves the machine.

    Raises:
        S3EvalError: it is not installed.
    """
    judge = load_judge("lexicon")
    assert judge is not None  # None stands for the name "none" alone
    return judge
