"""Task 1: its windows, questions, reading, combining and scores."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from s3eval import answers
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
from s3eval.tasks.combining import any_yes, finding_of_windows, noisy_or, probabilities_of
from s3eval.tasks.items import asked_of, by_item, by_question, truths_of
from s3eval.vocabulary import FEATURE_NAMES, Protocol
from s3eval_task_recognition.prompts import THREE_VALUED, questions

if TYPE_CHECKING:
    from s3eval.facts.tally import Tally
    from s3eval.facts.videos import Annotation, Video
    from s3eval.model import Answer, Question

__all__ = ["ITEMS", "Recognition"]

METRICS = ("precision", "recall", "f1", "accuracy")
ITEMS = tuple(
    Item(
        name,
        labels=("yes", "no", "na") if name == THREE_VALUED else ("yes", "no"),
        positive="yes",
        negative="no",
        macro=name == THREE_VALUED,
    )
    for name in FEATURE_NAMES
)


class Recognition(Task):
    """Which of the 20 features a video shows (paper, Sections 3.2.1 and 3.3.2).

    A window that failed or cannot be read takes no part in any-yes: one readable "yes" is
    enough for yes, and "no" rests on the windows that could be read. How many those were stands
    in ``Finding.pieces`` and ``readable``, which ones are missing in ``detail["missing"]``, and
    the score's note says how many findings rest on part of their windows.
    """

    name = "recognition"
    headline: ClassVar[str] = "f1"

    def inquiries(
        self, video: Video, annotation: Annotation, context: PlanContext
    ) -> Iterator[Inquiry]:
        """Every window, with one question a feature that the model's senses allow."""
        asked = questions(context.senses, justified="justification" in context.provided)
        if not asked or not video.duration:
            return
        for clip in context.profile.windows(video.name, video.duration):
            yield Inquiry(self.name, clip, asked)

    def read(self, question: Question, answer: Answer, protocol: Protocol = "paper") -> Reading:
        """Yes or no; also "na" for verbal responsiveness."""
        return answers.read_yes_no(answer.text, na=question.key == THREE_VALUED)

    def combine(
        self, video: str, pieces: Sequence[Piece], context: ScoringContext
    ) -> Iterator[Finding]:
        """Any-yes over the windows, feature by feature."""
        for feature, feature_pieces in by_question(pieces).items():
            yield self._combined(video, feature, feature_pieces)

    def _combined(self, video: str, feature: str, pieces: Sequence[Piece]) -> Finding:
        finding = finding_of_windows(self.name, video, feature, pieces)
        if finding.state != "answered":
            return finding
        readable = [p for p in pieces if p.reading.readable]
        detail = dict(finding.detail)
        detail["windows"] = [
            [p.inquiry.clip.start, p.inquiry.clip.end, p.reading.value] for p in readable
        ]
        given = probabilities_of(readable, "yes")
        if given:
            detail["noisy_or"] = noisy_or(given)
            detail["probabilities"] = given
        value = any_yes(p.reading.value for p in readable)
        return replace(finding, value=value, probability=max(given, default=None), detail=detail)

    def tallies(self, findings: Sequence[Finding], context: ScoringContext) -> Iterator[Tally]:
        """Precision, recall, f1, accuracy and coverage per feature, and their means."""
        from s3eval.metrics import tallies as build

        made = [
            tally
            for item, item_findings in by_item(findings, FEATURE_NAMES).items()
            for tally in self._of_item(item, item_findings, context)
        ]
        yield from made
        for metric in (*METRICS, "coverage"):
            if not context.wants(metric):
                continue
            average = build.mean_over_items([t for t in made if t.metric == metric])
            if average:
                yield average

    def baselines(
        self, findings: Sequence[Finding], context: ScoringContext
    ) -> Mapping[str, Sequence[Finding]]:
        """always-yes, always-no and majority."""
        from s3eval_task_recognition.baselines import baselines

        return baselines(findings, context)

    def items(self) -> Sequence[Item]:
        """The 20 features: yes or no; verbal responsiveness also "na", by macro averages."""
        return ITEMS

    def truth(
        self, video: Video, annotation: Annotation, item: str, context: TruthContext
    ) -> str | None:
        """The annotated presence.

        The release leaves the annotation blank where nobody spoke to the patient, and drops
        those videos; the paper's prompt makes "na" the right answer there.
        """
        labels = _labels_of(item)
        presence = annotation.presence(item)
        return presence if presence in labels[: 2 if context.protocol == "release" else 3] else None

    def _of_item(
        self, item: str, findings: Sequence[Finding], context: ScoringContext
    ) -> list[Tally]:
        """One feature's tallies, over the videos whose annotation has a label for it."""
        from s3eval.metrics import tallies as build
        from s3eval.tasks.counts import counts_of

        asked = asked_of(findings, context)
        truths = truths_of(self, asked, context)
        known = [f for f in asked if f.video in truths]
        scored, filled = _labels(item, known, context)
        videos = [f.video for f, _ in scored]
        truth = [str(truths[v]) for v in videos]
        facts: dict[str, Any] = {"counts": counts_of(findings), "note": _note(known, filled)}
        predicted = [p for _, p in scored]
        labels = _labels_of(item)
        if item == THREE_VALUED:
            made = build.macro(self.name, item, videos, truth, predicted, labels, **facts)
        else:
            made = build.binary(self.name, item, videos, truth, predicted, "yes", **facts)
        answered = [f.value in labels for f in known]
        made.append(build.coverage(self.name, item, [f.video for f in known], answered, **facts))
        return made


def _labels_of(item: str) -> tuple[str, ...]:
    return ("yes", "no", "na") if item == THREE_VALUED else ("yes", "no")


def _labels(
    item: str, findings: Iterable[Finding], context: ScoringContext
) -> tuple[list[tuple[Finding, str]], int]:
    """The findings that are scored with their labels, and how many labels were filled in."""
    labels, scored, filled = _labels_of(item), [], 0
    for finding in findings:
        if finding.value in labels:
            scored.append((finding, str(finding.value)))
        elif item == THREE_VALUED and context.protocol == "release":
            # The release takes a missing answer for "na" (protocol, Task 1).
            scored.append((finding, "na"))
            filled += 1
    return scored, filled


def _note(findings: Sequence[Finding], filled: int) -> str:
    partial = sum(0 < f.readable < f.pieces for f in findings)
    lost = sum(f.value is None for f in findings)
    parts = []
    if partial:
        parts.append(f"{partial} of {len(findings)} rest on part of their windows")
    if filled:
        parts.append(f"{filled} missing taken for 'na'")
    elif lost:
        parts.append(f"{lost} of {len(findings)} without an answer left out")
    return "; ".join(parts)
