"""Task 3: sides and the first body part, on clips of the annotated events."""

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
from s3eval.tasks.items import asked_of, by_item, by_question
from s3eval.vocabulary import BODY_PARTS, SIDES, Protocol

if TYPE_CHECKING:
    from s3eval.facts.clips import Clip
    from s3eval.facts.tally import Tally
    from s3eval.facts.videos import Annotation, Lateralization, Video
    from s3eval.model import Answer

__all__ = ["ITEMS", "ONSET", "Spatial"]

ONSET = "onset_body_part"
ITEMS = ("head_turning", "arm_movement", ONSET)
#: How recorded answers say that there is none.
FAILED = "fail"
FAILURES = frozenset({FAILED, "failed", "error"})
METRICS = ("precision", "recall", "f1", "accuracy", "coverage")

# Verbatim from the paper's Table 9, Task 3 (typographic quotes made plain).
QUESTIONS = {
    "head_turning": Question(
        "head_turning",
        "Does the patient's head turn to the patient's left or to the patient's right? Answer "
        'with "left" or "right" only. Do not include any extra text. Return exactly one word: '
        "left or right.",
        choices=SIDES,
        max_tokens=16,
    ),
    "arm_movement": Question(
        "arm_movement",
        'Which arm of the patient is moving in the video? Answer with "left" or "right" only. '
        "Do not include any extra text. Return exactly one word: left or right.",
        choices=SIDES,
        max_tokens=16,
    ),
    ONSET: Question(
        ONSET,
        "Localize which body part shows the earliest visible seizure sign. Answer only with one "
        "of the following options: head, eyes, mouth, face, left arm, left leg, right arm, "
        "right leg, arms, legs, full body.",
        choices=BODY_PARTS,
        max_tokens=16,
    ),
}


class Spatial(Task):
    """Which way, which arm, where first (paper, Sections 3.2.3 and 3.3.2). The patient's sides.

    Head turning and arm movement are asked where a side is annotated, on the clip from the
    event's annotated start to its end. The first body part is asked on the clip that starts with
    the seizure and lasts one window (30 s, 60 s for the long profile). An event without times
    is asked on the whole video.
    """

    name = "spatial"
    headline: ClassVar[str] = "f1"

    def inquiries(
        self, video: Video, annotation: Annotation, context: PlanContext
    ) -> Iterator[Inquiry]:
        """One clip and question for each annotated item."""
        if "sight" not in context.senses or not video.duration:
            return
        for item in ITEMS:
            known = annotation.lateralization.get(item)
            if known is None or (item != ONSET and known.value not in SIDES):
                continue
            clip = _clip(item, video.name, video.duration, annotation, known, context)
            yield Inquiry(self.name, clip, (QUESTIONS[item],))

    def read(self, question: Question, answer: Answer, protocol: Protocol = "paper") -> Reading:
        """The side (under ``release`` the last one mentioned), or the body part."""
        if question.key == ONSET:
            return answers.read_body_part(answer.text)
        return answers.read_side(answer.text, protocol=protocol)

    def combine(
        self, video: str, pieces: Sequence[Piece], context: ScoringContext
    ) -> Iterator[Finding]:
        """One clip an item, so the answer is the finding."""
        for item, item_pieces in by_question(pieces).items():
            clip = item_pieces[0].inquiry.clip
            choice = "right" if item != ONSET else ""
            detail = {"clip": [clip.start, clip.end]}
            yield lone_finding(self.name, item, item_pieces[0], choice, detail)

    def tallies(self, findings: Sequence[Finding], context: ScoringContext) -> Iterator[Tally]:
        """Precision, recall, f1, accuracy and coverage of each item, and their means."""
        from s3eval.metrics import tallies as build

        made = [
            t for i, f in by_item(findings, ITEMS).items() for t in self._of_item(i, f, context)
        ]
        yield from made
        for metric in METRICS:
            average = build.mean_over_items([t for t in made if t.metric == metric])
            if average:
                yield average

    def baselines(
        self, findings: Sequence[Finding], context: ScoringContext
    ) -> Mapping[str, Sequence[Finding]]:
        """always-left and always-right, and the majority of the training videos for each item.

        The first two name the most frequent body part, so that all means are over the same items.
        """
        from s3eval.tasks.baselines import answered_alike, majority, training_values

        asked = asked_of(findings, context)
        learnt = training_values(asked, context, _truth)
        frequent = [
            answered_alike(f, majority(values))
            for f in asked
            if (values := learnt[f.video, f.item])
        ]
        parts = [f for f in frequent if f.item == ONSET]
        sided = [f for f in asked if f.item != ONSET]
        lines = {f"always-{s}": [*(answered_alike(f, s) for f in sided), *parts] for s in SIDES}
        return {**lines, "majority": frequent}

    def items(self) -> Sequence[Item]:
        """Two sides, searched for "right", and the first body part, by macro averages."""
        sides = [Item(i, labels=SIDES, positive="right") for i in ITEMS if i != ONSET]
        return (*sides, Item(ONSET, labels=BODY_PARTS, macro=True))

    def truth(
        self, video: Video, annotation: Annotation, item: str, context: TruthContext
    ) -> str | None:
        """The annotated side or body part."""
        return _true_label(annotation, item)

    def _of_item(
        self, item: str, findings: Sequence[Finding], context: ScoringContext
    ) -> list[Tally]:
        from s3eval.metrics import tallies as build
        from s3eval.tasks.counts import counts_of

        known = [
            (f, true)
            for f in asked_of(findings, context)
            if (true := _truth(context, f.video, item)) is not None
        ]
        scored, wrong = [], 0
        for finding, true in known:
            answer = _answer(item, finding, context)
            if answer is not None:
                scored.append((finding.video, true, answer))
                wrong += answer == FAILED
        lost = len(known) - len(scored)
        note = f"{lost} of {len(known)} unparsed dropped" if lost else ""
        if wrong:
            note = f"{wrong} failed answers counted as wrong"
        facts: dict[str, Any] = {"counts": counts_of(findings), "note": note}
        videos = [v for v, _, _ in scored]
        truth, predicted = [t for _, t, _ in scored], [s for _, _, s in scored]
        if item == ONSET:
            made = build.macro(self.name, item, videos, truth, predicted, **facts)
        else:
            made = build.binary(self.name, item, videos, truth, predicted, "right", **facts)
        answered = [_answer(item, f, context) not in (None, FAILED) for f, _ in known]
        made.append(build.coverage(self.name, item, [f.video for f, _ in known], answered, **facts))
        return made


def _clip(
    item: str,
    video: str,
    duration: float,
    annotation: Annotation,
    known: Lateralization,
    context: PlanContext,
) -> Clip:
    from s3eval.facts.clips import Clip, whole

    profile = context.profile
    start, end = known.start, known.end
    if item == ONSET:
        onsets = [f.start for f in annotation.features.values() if f.start is not None]
        start = known.start if known.start is not None else annotation.seizure_start
        start = min(onsets, default=0.0) if start is None else start
        end = start + profile.window_seconds
    elif start is not None and (end is None or end <= start):
        end = start + profile.window_seconds
    if start is None or end is None or not 0 <= start < duration:
        return whole(video, duration, profile.clip_sampling)
    return Clip(video, float(start), float(min(end, duration)), profile.clip_sampling)


def _truth(context: ScoringContext, video: str, item: str) -> str | None:
    return _true_label(context.dataset.annotation(video), item)


def _true_label(annotation: Annotation, item: str) -> str | None:
    known = annotation.lateralization.get(item)
    if known is None or not known.value or (item != ONSET and known.value not in SIDES):
        return None
    return known.value


def _answer(item: str, finding: Finding, context: ScoringContext) -> str | None:
    """The label that is scored, None where the finding is dropped.

    For the onset body part ``release`` keeps a failed answer as a label of its own, which is
    never right, and drops only what is empty (protocol, Task 3); ``paper`` drops both.
    """
    value = str(finding.value) if finding.state == "answered" else None
    if item != ONSET:
        return value if value in SIDES else None
    if value is not None and value not in FAILURES:
        return value
    if context.protocol == "paper" or not str(finding.detail.get("raw", FAILED)).strip():
        return None
    return FAILED
