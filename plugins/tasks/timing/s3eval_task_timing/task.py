"""Task 4: when features, the seizure's start and its end show."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from s3eval import answers
from s3eval.errors import S3EvalError, suggestion
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
from s3eval.vocabulary import Protocol
from s3eval_task_timing.questions import ITEMS, question
from s3eval_task_timing.truth import CLIP_SECONDS, true_time

if TYPE_CHECKING:
    from s3eval.facts.clips import Clip
    from s3eval.facts.tally import Tally
    from s3eval.facts.videos import Annotation, Video
    from s3eval.model import Answer, Question

__all__ = ["PLACEMENTS", "Timing"]

PLACEMENTS = ("centred", "random", "full-video")


class Timing(Task):
    """When each annotated event shows (paper, Sections 3.2.4 and 3.3.2, Appendix H, Table 30).

    Option ``placement`` (``--task-option timing.placement=...``):

    - ``centred`` (default; Tables 16 and 22): 60-s clips with the event in their middle, unless
      the video's start or end cuts them. **Answering the middle without looking is right then**,
      which the chance level middle-of-clip shows beside every score.
    - ``random`` (the fine-tuning data's variant, Appendix E): 60-s clips with the event at a
      place drawn from the run's seed, the video and the item.
    - ``full-video`` (Table 30): the whole video, frames spread over it.
    """

    name = "timing"
    headline: ClassVar[str] = "mae"
    options: ClassVar[Mapping[str, str]] = {
        "placement": "where the event lies in its clip: centred, random or full-video"
    }

    def inquiries(
        self, video: Video, annotation: Annotation, context: PlanContext
    ) -> Iterator[Inquiry]:
        """A clip and a question for every annotated time inside the video."""
        placement = context.options.get("placement", "centred")
        if placement not in PLACEMENTS:
            raise S3EvalError(
                f"Expected timing.placement to be one of {', '.join(PLACEMENTS)}, "
                f"but got '{placement}'{suggestion(str(placement), PLACEMENTS)}"
            )
        if "sight" not in context.senses or not video.duration:
            return
        for item in ITEMS:
            at = true_time(annotation, item)
            if at is None or not 0 <= at <= video.duration:
                continue
            clip = _clip(video.name, video.duration, item, at, str(placement), context)
            detail = {"item": item, "placement": placement, "target": at - clip.start}
            yield Inquiry(self.name, clip, (question(item),), detail)

    def read(self, question: Question, answer: Answer, protocol: Protocol = "paper") -> Reading:
        """Seconds from the clip's start."""
        return answers.read_time(answer.text)

    def combine(
        self, video: str, pieces: Sequence[Piece], context: ScoringContext
    ) -> Iterator[Finding]:
        """The answered time, in seconds of the video.

        ``detail`` holds ``target`` and ``predicted_in_clip`` in seconds of the clip shown, and
        ``clip_start`` and ``clip_end`` in seconds of the video.
        """
        for piece in pieces:
            clip, asked = piece.inquiry.clip, piece.inquiry.detail
            detail: dict[str, object] = {
                "target": asked["target"],
                "placement": asked["placement"],
                "clip_start": clip.start,
                "clip_end": clip.end,
            }
            finding = lone_finding(self.name, str(asked["item"]), piece, detail=detail)
            if finding.state == "answered":
                detail["predicted_in_clip"] = piece.reading.value
                finding = replace(finding, value=clip.start + piece.reading.value, detail=detail)
            yield finding

    def tallies(self, findings: Sequence[Finding], context: ScoringContext) -> Iterator[Tally]:
        """mae, median, within_5s and coverage of each item, and their means over items."""
        from s3eval_task_timing.scores import tallies

        yield from tallies(self.name, findings, context)

    def baselines(
        self, findings: Sequence[Finding], context: ScoringContext
    ) -> Mapping[str, Sequence[Finding]]:
        """middle-of-clip, and the median place of the event in training clips."""
        from s3eval_task_timing.scores import baselines

        return baselines(findings, context)

    def items(self) -> Sequence[Item]:
        """The seizure's start and end, and each feature's onset, in seconds of the video."""
        return [Item(name, "number", unit="s") for name in ITEMS]

    def truth(
        self, video: Video, annotation: Annotation, item: str, context: TruthContext
    ) -> float | None:
        """The annotated time in seconds of the video."""
        return true_time(annotation, item)


def _clip(
    video: str, duration: float, item: str, at: float, placement: str, context: PlanContext
) -> Clip:
    from s3eval.facts.clips import event_clip, whole

    if placement == "full-video":
        return whole(video, duration, context.profile.video_sampling)
    place = 0.5 if placement == "centred" else _drawn(context.seed, video, item)
    return event_clip(video, duration, at, CLIP_SECONDS, context.profile.clip_sampling, place)


def _drawn(seed: int, video: str, item: str) -> float:
    """A place in [0.02, 0.98], the same on every machine: the event is never on the very edge."""
    digest = hashlib.sha256("\x1f".join([str(seed), video, item]).encode()).digest()
    return 0.02 + 0.96 * int.from_bytes(digest[:8], "big") / 2**64
