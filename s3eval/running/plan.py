"""Planning: which questions about which clips, each asked once however many tasks want it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from s3eval.errors import S3EvalError
from s3eval.facts.clips import Clip, SamplingProfile
from s3eval.model import Question
from s3eval.task import Inquiry, PlanContext, Task
from s3eval.vocabulary import Sense

if TYPE_CHECKING:
    from s3eval.dataset import Dataset, Video

__all__ = ["Plan", "VideoPlan", "answer_key", "make_plan"]


@dataclass(frozen=True)
class VideoPlan:
    """All that is asked about one video.

    ``questions`` holds each clip's questions without repeats, clips in order of time.
    """

    video: Video
    inquiries: tuple[Inquiry, ...]
    questions: Mapping[Clip, tuple[Question, ...]]


@dataclass(frozen=True)
class Plan:
    """All that a run asks.

    Attributes:
        videos: one plan a video, in dataset order.
        unplanned: videos left out, with the reason (no duration to be had, ...).
    """

    videos: tuple[VideoPlan, ...]
    unplanned: Mapping[str, str] = field(default_factory=dict)

    def asks(self) -> Iterator[tuple[Video, Clip, Question]]:
        """Every question once."""
        for plan in self.videos:
            for clip, questions in plan.questions.items():
                for question in questions:
                    yield plan.video, clip, question

    def count(self) -> dict[str, int]:
        """Questions each task wants, and under "together" what is asked when shared."""
        wanted: dict[str, int] = {}
        for plan in self.videos:
            for inquiry in plan.inquiries:
                wanted[inquiry.task] = wanted.get(inquiry.task, 0) + len(inquiry.questions)
        return {**wanted, "together": sum(1 for _ in self.asks())}


def make_plan(
    dataset: Dataset,
    tasks: Mapping[str, Task],
    profile: SamplingProfile,
    senses: frozenset[Sense],
    seed: int = 0,
    options: Mapping[str, Mapping[str, Any]] | None = None,
) -> Plan:
    """Plan a run. Opens video files only to learn durations the dataset does not state."""
    plans, unplanned = [], {}
    for video in dataset.videos:
        try:
            known = video if video.duration else replace(video, duration=_duration(dataset, video))
        except S3EvalError as error:
            unplanned[video.name] = str(error)
            continue
        inquiries: list[Inquiry] = []
        for name, task in tasks.items():
            context = PlanContext(
                profile, senses, frozenset(tasks), seed, (options or {}).get(name, {})
            )
            inquiries += task.inquiries(known, dataset.annotation(video.name), context)
        plans.append(VideoPlan(known, tuple(inquiries), _by_clip(inquiries)))
    return Plan(tuple(plans), unplanned)


def _duration(dataset: Dataset, video: Video) -> float:
    from s3eval.footage.decoding import probe

    return float(probe(dataset.path(video)).duration)


def _by_clip(inquiries: Iterable[Inquiry]) -> dict[Clip, tuple[Question, ...]]:
    found: dict[Clip, dict[Question, None]] = {}
    for inquiry in inquiries:
        found.setdefault(inquiry.clip, {}).update(dict.fromkeys(inquiry.questions))
    ordered = sorted(found, key=lambda c: (c.end, c.start, repr(c.sampling)))
    return {clip: tuple(found[clip]) for clip in ordered}


def answer_key(model: Mapping[str, Any], media: str, clip: Clip, question: Question) -> str:
    """The key under which an answer is stored: a hash of everything that determines it.

    Args:
        model: the model's name and identity.
        media: content hash of the video file; "name:..." for models that do not look.
        clip: what is shown (its video name does not count, the content does).
        question: what is asked.
    """
    facts = {
        "model": model,
        "media": media,
        "clip": [round(clip.start, 6), round(clip.end, 6), asdict(clip.sampling)],
        "question": asdict(question),
    }
    text = json.dumps(facts, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
