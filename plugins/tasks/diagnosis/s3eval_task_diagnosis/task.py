"""Task 7: epileptic seizure or not, from the whole video, without and with its report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from s3eval import answers
from s3eval.model import Question
from s3eval.task import (
    Finding,
    Inquiry,
    Item,
    Piece,
    PlanContext,
    Reading,
    ScoringContext,
    Task,
    TruthContext,
)
from s3eval.tasks.combining import lone_finding
from s3eval.tasks.items import asked_of, by_item, by_question, leading_sense, truths_of
from s3eval.vocabulary import DIAGNOSES, Protocol

if TYPE_CHECKING:
    from s3eval.facts.tally import Tally
    from s3eval.facts.videos import Annotation, Video
    from s3eval.model import Answer

__all__ = ["ITEMS", "Diagnosis"]

ITEMS = ("video_only", "with_report")

# Verbatim from the paper's Table 9, Task 7 (typographic quotes made plain).
VIDEO_ONLY = (
    "Describe the patient's seizure symptoms in the video and diagnose whether it is an epileptic "
    "seizure (ES) or a non-epileptic event (NES). Provide a description and answer with 'ES' or "
    '\'NES\'. Respond with exactly one JSON object in the format {"description": "...",'
    '"answer": "..."} and do not include any extra text outside of the JSON.'
)
WITH_REPORT = (
    "Based on the patient's seizure video and seizure semiology report, determine whether the "
    "patient has epileptic seizures (ES) or non-epileptic events (NES). Answer with 'ES' or 'NES' "
    "and do not include any other text."
)


class Diagnosis(Task):
    """ES or NES (paper, Sections 3.2.7 and 3.3.2): 60 frames (120) spread over the whole video.

    The question with the report carries the annotated report's text and is asked only where
    there is one; whether text may leave the machine is the engine's and the user's decision.
    """

    name = "diagnosis"
    headline: ClassVar[str] = "f1"

    def inquiries(
        self, video: Video, annotation: Annotation, context: PlanContext
    ) -> Iterator[Inquiry]:
        """The whole video, once, with both questions."""
        from s3eval.facts.clips import whole

        if not context.senses or not video.duration:
            return
        sense = leading_sense(context.senses)
        asked = [Question("video_only", VIDEO_ONLY, DIAGNOSES, 384, sense)]
        if annotation.report:
            text = f"{WITH_REPORT}\n\nSeizure semiology report: {annotation.report}"
            asked.append(Question("with_report", text, DIAGNOSES, 16, sense))
        clip = whole(video.name, video.duration, context.profile.video_sampling)
        yield Inquiry(self.name, clip, tuple(asked))

    def read(self, question: Question, answer: Answer, protocol: Protocol = "paper") -> Reading:
        """ES or NES, from JSON or prose."""
        return answers.read_diagnosis(answer.text, protocol=protocol)

    def combine(
        self, video: str, pieces: Sequence[Piece], context: ScoringContext
    ) -> Iterator[Finding]:
        """One clip an item, so the answer is the finding."""
        for item, item_pieces in by_question(pieces).items():
            yield lone_finding(self.name, item, item_pieces[0], "ES")

    def tallies(self, findings: Sequence[Finding], context: ScoringContext) -> Iterator[Tally]:
        """Precision, recall, f1, accuracy (positive class ES) and coverage of each item."""
        for item, item_findings in by_item(findings, ITEMS).items():
            yield from self._of_item(item, item_findings, context)

    def baselines(
        self, findings: Sequence[Finding], context: ScoringContext
    ) -> Mapping[str, Sequence[Finding]]:
        """always-ES, always-NES, and the majority of the training videos."""
        from s3eval.tasks.baselines import answered_alike, majority, training_values

        asked = asked_of(findings, context)
        learnt = training_values(asked, context, _diagnosis)
        lines = {f"always-{d}": [answered_alike(f, d) for f in asked] for d in DIAGNOSES}
        lines["majority"] = [
            answered_alike(f, majority(values))
            for f in asked
            if (values := learnt[f.video, f.item])
        ]
        return lines

    def items(self) -> Sequence[Item]:
        """ES, searched for, or NES: from the video alone, and with its report."""
        return [Item(name, labels=DIAGNOSES, positive="ES") for name in ITEMS]

    def truth(
        self, video: Video, annotation: Annotation, item: str, context: TruthContext
    ) -> str | None:
        """The patient's diagnosis, a fact about the video."""
        return video.diagnosis if video.diagnosis in DIAGNOSES else None

    def _of_item(
        self, item: str, findings: Sequence[Finding], context: ScoringContext
    ) -> Iterator[Tally]:
        from s3eval.metrics import tallies as build
        from s3eval.tasks.counts import counts_of

        asked = asked_of(findings, context)
        truths = truths_of(self, asked, context)
        known = [f for f in asked if f.video in truths]
        scored = [f for f in known if f.value in DIAGNOSES]
        lost = len(known) - len(scored)
        note = f"{lost} of {len(known)} without ES or NES dropped" if lost else ""
        facts: dict[str, Any] = {"counts": counts_of(findings), "note": note}
        videos = [f.video for f in scored]
        truth, predicted = [truths[v] for v in videos], [str(f.value) for f in scored]
        yield from build.binary(self.name, item, videos, truth, predicted, "ES", **facts)
        answered = [f.value in DIAGNOSES for f in known]
        yield build.coverage(self.name, item, [f.video for f in known], answered, **facts)


def _diagnosis(context: ScoringContext, video: str, item: str) -> str | None:
    diagnosis = context.dataset.video(video).diagnosis
    return diagnosis if diagnosis in DIAGNOSES else None
