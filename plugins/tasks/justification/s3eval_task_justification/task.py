"""Task 2: the reason given for each yes or no, merged over windows and compared as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from s3eval_task_recognition.prompts import THREE_VALUED, questions
from s3eval_task_recognition.task import Recognition

from s3eval.answers.yes_no import split_yes_no
from s3eval.task import Finding, Inquiry, Piece, PlanContext, Reading, ScoringContext, Task
from s3eval.tasks.combining import any_yes, joined, kept_texts, missing_windows, why_no_value
from s3eval.tasks.items import asked_of, by_question, refuse_unknown_options
from s3eval.vocabulary import feature as feature_named

if TYPE_CHECKING:
    from s3eval.dataset import Annotation, Video
    from s3eval.facts.tally import Tally
    from s3eval.model import Answer, Question

__all__ = ["Justification"]


class Justification(Task):
    """Why each feature is said to be there or not (paper, Section 3.2.2).

    The question is the recognition task's with a request for the reason; running both tasks
    asks it once. Of several windows' reasons those the release keeps are taken, then merged by
    the judge, or joined by " || " where there is none. A judge that fails to merge makes the
    finding failed: the texts stay in ``detail["texts"]``, but nothing stands in for its work.
    """

    name: ClassVar[str] = "justification"
    headline: ClassVar[str] = "interpretation"

    def inquiries(
        self, video: Video, annotation: Annotation, context: PlanContext
    ) -> Iterator[Inquiry]:
        """Recognition's windows, each with the same questions, justified."""
        refuse_unknown_options(self.name, context.options)
        asked = questions(context.senses, justified=True)
        for inquiry in Recognition().inquiries(video, annotation, context):
            yield Inquiry(self.name, inquiry.clip, asked)

    def read(self, question: Question, answer: Answer) -> Reading:
        """What follows the yes or no."""
        label, text = split_yes_no(answer.text, na=question.key == THREE_VALUED)
        if not label.readable:
            return label
        return Reading(text) if text else Reading(reason=f"says {label.value}, but not why")

    def combine(
        self, video: str, pieces: Sequence[Piece], context: ScoringContext
    ) -> Iterator[Finding]:
        """One text a feature; the judge merges all features of the video in one call."""
        groups = by_question(pieces)
        kept = {feature: self._kept(feature, theirs) for feature, theirs in groups.items()}
        several = [f for f, texts in kept.items() if len(texts) > 1]
        merged: dict[str, object] = {}
        if several and context.judge:
            merged = dict(
                zip(
                    several,
                    context.judge.merge([kept[f] for f in several], "justification"),
                    strict=True,
                )
            )
        for feature, theirs in groups.items():
            yield self._finding(video, feature, theirs, kept[feature], merged.get(feature))

    def _kept(self, feature: str, pieces: Sequence[Piece]) -> list[str]:
        return kept_texts(
            feature,
            [(_label(p), p.reading.value or "") for p in pieces if p.answer.status == "answered"],
        )

    def _finding(
        self,
        video: str,
        feature: str,
        pieces: Sequence[Piece],
        texts: Sequence[str],
        merged: object,
    ) -> Finding:
        from s3eval.judge import MergedText, Unreadable

        readable = sum(p.reading.readable for p in pieces)
        labels = [label for p in pieces if (label := _label(p))]
        detail: dict[str, object] = {"presence": any_yes(labels), "texts": list(texts)}
        missing = missing_windows(pieces)
        if missing:
            detail["missing"] = missing
        found = Finding(
            self.name,
            video,
            feature,
            "answered",
            joined(texts),
            pieces=len(pieces),
            readable=readable,
            detail=detail,
        )
        if not texts:
            state, reason = why_no_value(pieces)
            return replace(found, state=state, value=None, reason=reason)
        if isinstance(merged, Unreadable):
            reason = f"the judge did not merge {len(texts)} texts: {merged.reason}"
            return replace(found, state="failed", value=None, reason=reason)
        if len(texts) > 1:
            detail["merged_by"] = "judge" if isinstance(merged, MergedText) else "joined"
        return replace(found, value=merged.text) if isinstance(merged, MergedText) else found

    def tallies(self, findings: Sequence[Finding], context: ScoringContext) -> Iterator[Tally]:
        """bleu, rouge, interpretation and coverage per feature, and their means."""
        from s3eval_task_justification.scores import tallies

        yield from tallies(findings, context)

    def trivial(
        self, findings: Sequence[Finding], context: ScoringContext
    ) -> Mapping[str, Sequence[Finding]]:
        """ "never-there": a sentence that denies the feature, whatever the video."""
        from s3eval.tasks.baselines import answered_alike

        denied = []
        for finding in asked_of(findings, context):
            text = f"The patient does not show {feature_named(finding.item).label}."
            denied.append(answered_alike(finding, text, {"presence": "no"}))
        return {"never-there": denied}


def _label(piece: Piece) -> str | None:
    if piece.answer.status != "answered":
        return None
    found = split_yes_no(piece.answer.text, na=piece.question.key == THREE_VALUED)[0]
    return found.value if found.readable else None
