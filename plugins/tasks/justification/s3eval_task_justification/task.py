"""Task 2: the reason given for each yes or no, merged over windows and compared as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from s3eval_task_recognition.prompts import THREE_VALUED, questions
from s3eval_task_recognition.task import Recognition

from s3eval import answers
from s3eval.judge import AnswerQuestions, MergeTexts
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
from s3eval.tasks.combining import (
    any_yes,
    finding_of_windows,
    joined,
    kept_texts,
    merged_by_judge,
    why_no_value,
)
from s3eval.tasks.items import asked_of, by_question
from s3eval.vocabulary import FEATURE_NAMES, Protocol
from s3eval.vocabulary import feature as feature_named

if TYPE_CHECKING:
    from s3eval.facts.tally import Tally
    from s3eval.facts.videos import Annotation, Video
    from s3eval.model import Answer, Question

__all__ = ["Justification"]

#: What the texts are that a judge merges.
MERGED = "justification"


class Justification(Task):
    """Why each feature is said to be there or not (paper, Section 3.2.2).

    The question is the recognition task's with a request for the reason; running both tasks
    asks it once. Of several windows' reasons those the release keeps are taken, then merged by
    the judge, or joined by " || " where there is none. A judge that fails to merge makes the
    finding failed: the texts stay in ``detail["texts"]``, but nothing stands in for its work.
    """

    name = "justification"
    headline: ClassVar[str] = "interpretation"

    def inquiries(
        self, video: Video, annotation: Annotation, context: PlanContext
    ) -> Iterator[Inquiry]:
        """Recognition's windows, each with the same questions, justified."""
        asked = questions(context.senses, justified=True)
        for inquiry in Recognition().inquiries(video, annotation, context):
            yield Inquiry(self.name, inquiry.clip, asked)

    def read(self, question: Question, answer: Answer, protocol: Protocol = "paper") -> Reading:
        """What follows the yes or no."""
        label, text = answers.split_yes_no(answer.text, na=question.key == THREE_VALUED)
        if not label.readable:
            return label
        return Reading(text) if text else Reading(reason=f"says {label.value}, but not why")

    def combine(
        self, video: str, pieces: Sequence[Piece], context: ScoringContext
    ) -> Iterator[Finding]:
        """One text a feature."""
        for feature, of_feature in by_question(pieces).items():
            yield self._finding(video, feature, of_feature, context)

    def merge_requests(
        self, video: str, pieces: Sequence[Piece], context: ScoringContext
    ) -> Iterator[MergeTexts]:
        """The texts of each feature with more than one."""
        for feature, of_feature in by_question(pieces).items():
            texts = _kept(feature, of_feature)
            if len(texts) > 1:
                yield MergeTexts(tuple(texts), MERGED)

    def _finding(
        self, video: str, feature: str, pieces: Sequence[Piece], context: ScoringContext
    ) -> Finding:
        texts = _kept(feature, pieces)
        labels = [label for p in pieces if (label := _label(p))]
        detail: dict[str, object] = {"presence": any_yes(labels), "texts": texts}
        finding = finding_of_windows(self.name, video, feature, pieces, detail)
        if not texts:
            state, reason = why_no_value(pieces)
            return replace(finding, state=state, reason=reason)
        if len(texts) == 1:
            return replace(finding, state="answered", reason="", value=texts[0])
        if not context.has_judge:
            joined_detail = {**finding.detail, "merged_by": "joined"}
            return replace(finding, value=joined(texts), detail=joined_detail)
        return merged_by_judge(finding, texts, MERGED, context)

    def tallies(self, findings: Sequence[Finding], context: ScoringContext) -> Iterator[Tally]:
        """bleu, rouge, interpretation and coverage per feature, and their means."""
        from s3eval_task_justification.scores import tallies

        yield from tallies(self.name, findings, context)

    def read_requests(
        self, findings: Sequence[Finding], context: ScoringContext
    ) -> Iterator[AnswerQuestions]:
        """The questions of every text that decides a score."""
        from s3eval_task_justification.scores import read_requests

        yield from read_requests(findings, context)

    def items(self) -> Sequence[Item]:
        """A text for each of the 20 features."""
        return [Item(name, "text") for name in FEATURE_NAMES]

    def truth(
        self, video: Video, annotation: Annotation, item: str, context: TruthContext
    ) -> str | None:
        """The annotated justification."""
        known = annotation.features.get(item)
        return known.justification if known and known.justification else None

    def baselines(
        self, findings: Sequence[Finding], context: ScoringContext
    ) -> Mapping[str, Sequence[Finding]]:
        """ "never-there": a sentence that denies the feature, whatever the video."""
        from s3eval.tasks.baselines import answered_alike

        denied = []
        for finding in asked_of(findings, context):
            text = f"The patient does not show {feature_named(finding.item).label}."
            denied.append(answered_alike(finding, text, {"presence": "no"}))
        return {"never-there": denied}


def _kept(feature: str, pieces: Sequence[Piece]) -> list[str]:
    return kept_texts(
        feature,
        [(_label(p), p.reading.value or "") for p in pieces if p.answer.status == "answered"],
    )


def _label(piece: Piece) -> str | None:
    if piece.answer.status != "answered":
        return None
    reading = answers.split_yes_no(piece.answer.text, na=piece.question.key == THREE_VALUED)[0]
    return reading.value if reading.readable else None
