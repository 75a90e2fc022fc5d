"""Task 7: epileptic seizure or not, from the whole video, without and with its report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from s3eval.answers.diagnosis import read_diagnosis
from s3eval.model import Question
from s3eval.task import Finding, Inquiry, Piece, PlanContext, Reading, ScoringContext, Task
from s3eval.tasks.combining import lone_finding
from s3eval.tasks.items import asked_of, by_item, by_question, leading_sense, refuse_unknown_options
from s3eval.vocabulary import DIAGNOSES

if TYPE_CHECKING:
    from s3eval.dataset import Annotation, Video
    from s3eval.facts.tally import Tally
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

    name: ClassVar[str] = "diagnosis"
    headline: ClassVar[str] = "f1"

    def inquiries(
        self, video: Video, annotation: Annotation, context: PlanContext
    ) -> Iterator[Inquiry]:
        """The whole video, once, with both questions."""
        refuse_unknown_options(self.name, context.options)
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

    def read(self, question: Question, answer: Answer) -> Reading:
        """ES or NES, from JSON or prose."""
        return read_diagnosis(answer.text)

    def combine(
        self, video: str, pieces: Sequence[Piece], context: ScoringContext
    ) -> Iterator[Finding]:
        """One clip an item, so the answer is the finding."""
        for item, theirs in by_question(pieces).items():
            yield lone_finding(self.name, item, theirs[0], "ES")

    def tallies(self, findings: Sequence[Finding], context: ScoringContext) -> Iterator[Tally]:
        """Precision, recall, f1, accuracy (positive class ES) and coverage of each item."""
        for item, theirs in by_item(findings, ITEMS).items():
            yield from _of_item(item, theirs, context)

    def trivial(
        self, findings: Sequence[Finding], context: ScoringContext
    ) -> Mapping[str, Sequence[Finding]]:
        """always-ES, always-NES, and the majority of the training videos."""
        from s3eval.tasks.baselines import answered_alike, majority, training_values

        asked = asked_of(findings, context)
        learnt = training_values(asked, context, _truth)
        lines = {f"always-{d}": [answered_alike(f, d) for f in asked] for d in DIAGNOSES}
        lines["majority"] = [
            answered_alike(f, majority(values))
            for f in asked
            if (values := learnt[f.video, f.item])
        ]
        return lines


def _truth(context: ScoringContext, video: str, item: str) -> str | None:
    found = next((v.diagnosis for v in context.dataset.videos if v.name == video), None)
    return found if found in DIAGNOSES else None


def _of_item(item: str, findings: Sequence[Finding], context: ScoringContext) -> list[Tally]:
    from s3eval.metrics import tallies as build
    from s3eval.tasks.counts import counts_of

    truths = {v.name: v.diagnosis for v in context.dataset.videos}
    known = [f for f in asked_of(findings, context) if truths.get(f.video) in DIAGNOSES]
    scored = [f for f in known if f.value in DIAGNOSES]
    lost = len(known) - len(scored)
    note = f"{lost} of {len(known)} without ES or NES dropped" if lost else ""
    facts: dict[str, Any] = {"counts": counts_of(findings), "note": note}
    videos = [f.video for f in scored]
    truth, said = [str(truths[v]) for v in videos], [str(f.value) for f in scored]
    made = build.binary("diagnosis", item, videos, truth, said, "ES", **facts)
    answered = [f in scored for f in known]
    made.append(build.coverage("diagnosis", item, [f.video for f in known], answered, **facts))
    return made
