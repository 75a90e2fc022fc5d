"""Task 4: when features, the seizure's start and its end show."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from s3eval.answers.times import read_time
from s3eval.errors import S3EvalError
from s3eval.task import Finding, Inquiry, Piece, PlanContext, Reading, ScoringContext, Task
from s3eval.tasks.combining import why_no_value
from s3eval.tasks.items import refuse_unknown_options
from s3eval_task_timing.questions import FEATURES, ITEMS, question

if TYPE_CHECKING:
    from s3eval.dataset import Annotation, Video
    from s3eval.facts.tally import Tally
    from s3eval.footage import Clip
    from s3eval.model import Answer, Question

__all__ = ["CLIP_SECONDS", "PLACEMENTS", "Timing", "true_time"]

CLIP_SECONDS = 60.0
PLACEMENTS = ("centred", "random", "full-video")


class Timing(Task):
    """When each annotated event shows (paper, Sections 3.2.4 and 3.3.2, Appendix H, Table 30).

    Option ``placement`` (``--task-option timing.placement=...``):

    - ``centred`` (default; Tables 16 and 22): 60-s clips with the event in their middle, unless
      the video's start or end cuts them. **Answering the middle without looking is right then**,
      which the chance line middle-of-clip shows beside every score.
    - ``random`` (the fine-tuning data's variant, Appendix E): 60-s clips with the event at a
      place drawn from the run's seed, the video and the item.
    - ``full-video`` (Table 30): the whole video, frames spread over it.
    """

    name: ClassVar[str] = "timing"
    headline: ClassVar[str] = "mae"

    def inquiries(
        self, video: Video, annotation: Annotation, context: PlanContext
    ) -> Iterator[Inquiry]:
        """A clip and a question for every annotated time inside the video."""
        refuse_unknown_options(self.name, context.options, ("placement",))
        placement = context.options.get("placement", "centred")
        if placement not in PLACEMENTS:
            raise S3EvalError(
                f"Expected timing.placement to be one of {', '.join(PLACEMENTS)}, "
                f"but got '{placement}'"
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

    def read(self, question: Question, answer: Answer) -> Reading:
        """Seconds from the clip's start."""
        return read_time(answer.text)

    def combine(
        self, video: str, pieces: Sequence[Piece], context: ScoringContext
    ) -> Iterator[Finding]:
        """The answered time, in seconds of the video.

        ``detail`` holds ``target`` and ``predicted_in_clip`` in seconds of the clip shown, and
        ``clip_start`` and ``clip_end`` in seconds of the video.
        """
        for piece in pieces:
            clip, told = piece.inquiry.clip, piece.inquiry.detail
            detail: dict[str, object] = {
                "target": told["target"],
                "placement": told["placement"],
                "clip_start": clip.start,
                "clip_end": clip.end,
            }
            item = str(told["item"])
            if not piece.reading.readable:
                state, reason = why_no_value([piece])
                yield Finding(self.name, video, item, state, None, reason, 1, 0, None, detail)
                continue
            detail["predicted_in_clip"] = piece.reading.value
            value = clip.start + piece.reading.value
            yield Finding(
                self.name, video, item, "answered", value, pieces=1, readable=1, detail=detail
            )

    def tallies(self, findings: Sequence[Finding], context: ScoringContext) -> Iterator[Tally]:
        """mae, median, within_5s and coverage of each item, and their means over items."""
        from s3eval_task_timing.scores import tallies

        yield from tallies(findings, context)

    def trivial(
        self, findings: Sequence[Finding], context: ScoringContext
    ) -> Mapping[str, Sequence[Finding]]:
        """middle-of-clip, and the median place of the event in training clips."""
        from s3eval_task_timing.scores import trivial

        return trivial(findings, context)


def true_time(annotation: Annotation, item: str) -> float | None:
    """The annotated time of an item in seconds of the video, None where there is none."""
    if item == "start":
        return annotation.seizure_start
    if item == "end":
        return annotation.seizure_end
    known = annotation.features.get(item) if item in FEATURES else None
    return known.start if known and known.presence == "yes" else None


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
