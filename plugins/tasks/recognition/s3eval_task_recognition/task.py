"""Task 1: its windows, questions, reading, combining and scores."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from s3eval.answers.yes_no import read_yes_no
from s3eval.task import Finding, Inquiry, Piece, PlanContext, Reading, ScoringContext, Task
from s3eval.tasks.combining import (
    any_yes,
    missing_windows,
    noisy_or,
    probabilities_of,
    why_no_value,
)
from s3eval.tasks.items import asked_of, by_item, by_question, refuse_unknown_options
from s3eval.vocabulary import FEATURE_NAMES
from s3eval_task_recognition.prompts import THREE_VALUED, questions

if TYPE_CHECKING:
    from s3eval.dataset import Annotation, Video
    from s3eval.facts.tally import Tally
    from s3eval.model import Answer, Question

__all__ = ["Recognition"]

METRICS = ("precision", "recall", "f1", "accuracy")


class Recognition(Task):
    """Which of the 20 features a video shows (paper, Sections 3.2.1 and 3.3.2).

    A window that failed or cannot be read takes no part in any-yes: one readable "yes" is
    enough for yes, and "no" rests on the windows that could be read. How many those were stands
    in ``Finding.pieces`` and ``readable``, which ones are missing in ``detail["missing"]``, and
    the score's note says how many findings rest on part of their windows.
    """

    name: ClassVar[str] = "recognition"
    headline: ClassVar[str] = "f1"

    def inquiries(
        self, video: Video, annotation: Annotation, context: PlanContext
    ) -> Iterator[Inquiry]:
        """Every window, with one question a feature that the model's senses allow."""
        refuse_unknown_options(self.name, context.options)
        asked = questions(context.senses, justified="justification" in context.tasks)
        if not asked or not video.duration:
            return
        for clip in context.profile.windows(video.name, video.duration):
            yield Inquiry(self.name, clip, asked)

    def read(self, question: Question, answer: Answer) -> Reading:
        """Yes or no; also "na" for verbal responsiveness."""
        return read_yes_no(answer.text, na=question.key == THREE_VALUED)

    def combine(
        self, video: str, pieces: Sequence[Piece], context: ScoringContext
    ) -> Iterator[Finding]:
        """Any-yes over the windows, feature by feature."""
        for feature, theirs in by_question(pieces).items():
            yield self._combined(video, feature, theirs)

    def _combined(self, video: str, feature: str, pieces: Sequence[Piece]) -> Finding:
        readable = [p for p in pieces if p.reading.readable]
        detail: dict[str, object] = {}
        missing = missing_windows(pieces)
        if missing:
            detail["missing"] = missing
        if not readable:
            state, reason = why_no_value(pieces)
            return Finding(
                self.name, video, feature, state, None, reason, len(pieces), 0, None, detail
            )
        value = any_yes(p.reading.value for p in readable)
        detail["windows"] = [
            [p.inquiry.clip.start, p.inquiry.clip.end, p.reading.value] for p in readable
        ]
        chances = probabilities_of(readable, "yes")
        if chances:
            detail["noisy_or"] = noisy_or(chances)
            detail["probabilities"] = chances
        return Finding(
            self.name,
            video,
            feature,
            "answered",
            value,
            pieces=len(pieces),
            readable=len(readable),
            probability=max(chances, default=None),
            detail=detail,
        )

    def tallies(self, findings: Sequence[Finding], context: ScoringContext) -> Iterator[Tally]:
        """Precision, recall, f1, accuracy and coverage per feature, and their means."""
        from s3eval.metrics import tallies as build

        made = [
            tally
            for item, theirs in by_item(findings, FEATURE_NAMES).items()
            for tally in _of_item(item, theirs, context)
        ]
        yield from made
        for metric in (*METRICS, "coverage"):
            average = build.mean_over_items([t for t in made if t.metric == metric])
            if average:
                yield average

    def trivial(
        self, findings: Sequence[Finding], context: ScoringContext
    ) -> Mapping[str, Sequence[Finding]]:
        """always-yes, always-no and majority."""
        from s3eval_task_recognition.chance import answerers

        return answerers(findings, context)


def _of_item(item: str, findings: Iterable[Finding], context: ScoringContext) -> list[Tally]:
    """One feature's tallies, over the videos whose annotation has a label for it."""
    from s3eval.metrics import tallies as build
    from s3eval.tasks.counts import counts_of

    labels = ("yes", "no", "na") if item == THREE_VALUED else ("yes", "no")
    asked = asked_of(findings, context)
    truths = {f.video: context.dataset.annotation(f.video).presence(item) for f in asked}
    # The release leaves the annotation blank where nobody spoke to the patient, and drops those
    # videos; the paper's prompt makes "na" the right answer there.
    release = context.protocol == "release"
    known = [f for f in asked if truths[f.video] in (labels[:2] if release else labels)]
    scored, filled = [], 0
    for finding in known:
        if finding.value in labels:
            scored.append((finding, str(finding.value)))
        elif item == THREE_VALUED and release:
            # The release takes a missing answer for "na" (protocol, Task 1).
            scored.append((finding, "na"))
            filled += 1
    videos = [f.video for f, _ in scored]
    truth = [str(truths[v]) for v in videos]
    facts: dict[str, Any] = {"counts": counts_of(findings), "note": _note(known, filled)}
    predicted = [p for _, p in scored]
    if item == THREE_VALUED:
        made = build.macro("recognition", item, videos, truth, predicted, labels, **facts)
    else:
        made = build.binary("recognition", item, videos, truth, predicted, "yes", **facts)
    answered = [f.value in labels for f in known]
    made.append(build.coverage("recognition", item, [f.video for f in known], answered, **facts))
    return made


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
