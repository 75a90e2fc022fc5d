"""One sample, and what of a dataset becomes one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from s3eval.facts.videos import Video
    from s3eval.model import Question
    from s3eval.task import Inquiry

__all__ = ["Left", "Sample", "Show", "Span", "of_inquiry", "seeded"]

#: How a clip is shown: every frame of it, or a few spread over it.
Show = Literal["all", "sparse"]


@dataclass(frozen=True)
class Span:
    """A stretch of a video, in seconds of it, and how it is shown."""

    video: str
    start: float
    end: float
    show: Show = "all"

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.end - self.start

    @property
    def name(self) -> str:
        """A file name that tells nothing of whom it shows; the same span, the same name."""
        text = f"{self.video}\t{self.start:.3f}\t{self.end:.3f}\t{self.show}"
        return hashlib.sha256(text.encode()).hexdigest()[:20]


@dataclass(frozen=True)
class Sample:
    """A clip, what is asked about it, and the answer the annotation gives.

    Attributes:
        number, task: the task, by its number in the paper and by name.
        item: of the task, e.g. a feature.
        patient, fold: whose video it is.
        span: what is shown.
        prompt: the task's own question, word for word as in an evaluation.
        answer: what the model is taught to say.
        label: the value whose balance matters ("yes", "left", "ES"), "" where there is none.
        solution: JSON-able facts that a reward needs beside the answer.
    """

    number: int
    task: str
    item: str
    patient: str
    fold: int
    span: Span
    prompt: str
    answer: str
    label: str = ""
    solution: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def key(self) -> str:
        """Names the sample; the same sample of the same data has the same key."""
        return f"{self.task}-{self.item}-{self.span.name}"

    def solution_text(self) -> str:
        """What a reward reads: one JSON object, so that every engine keeps it as text."""
        facts = {"item": self.item, "prompt": self.prompt, **self.solution}
        return json.dumps(facts, ensure_ascii=False, sort_keys=True)


@dataclass(frozen=True)
class Left:
    """What was annotated but makes no sample, and why."""

    number: int
    why: str


def of_inquiry(
    number: int, video: Video, inquiry: Inquiry, question: Question, says: str, label: str = ""
) -> Sample:
    """What a task asks about a clip, and what it is taught to say."""
    clip = inquiry.clip
    return Sample(
        number,
        inquiry.task,
        question.key,
        video.patient,
        video.fold or 0,
        Span(video.name, round(clip.start, 3), round(clip.end, 3)),
        question.text,
        says,
        label,
    )


def seeded(seed: int, *words: str) -> float:
    """A number in [0, 1) drawn from a seed and words: the same ones, the same number.

    >>> seeded(0, "v", "tonic") == seeded(0, "v", "tonic") != seeded(1, "v", "tonic")
    True
    """
    digest = hashlib.sha256("\0".join([str(seed), *words]).encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
