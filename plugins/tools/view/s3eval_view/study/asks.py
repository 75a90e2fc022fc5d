"""What a reader is asked, in which order: the very questions of the tasks, blind and seeded."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from s3eval.model import Answer, Question

if TYPE_CHECKING:
    from s3eval.facts.clips import Clip, SamplingProfile
    from s3eval.facts.videos import Annotation, Dataset
    from s3eval.running.plan import Plan, VideoPlan
    from s3eval.task import Item, Task
    from s3eval.vocabulary import Protocol

__all__ = ["Ask", "ClipAsks", "asks_of", "shows_annotation"]


@dataclass(frozen=True)
class Ask:
    """One question to a reader.

    Attributes:
        question: as a model gets it.
        tasks: whose it is, by name.
        choices: answers to choose from, () for free text.
        needs_words: whether a choice alone is not enough (a reason is asked for).
        is_long: whether free text may be several lines.
        unit: of a number, e.g. "s".
        blinded: why the question is not put, "" where it is: its words hold the annotation.
    """

    question: Question
    tasks: tuple[str, ...]
    choices: tuple[str, ...] = ()
    needs_words: bool = False
    is_long: bool = False
    unit: str = ""
    blinded: str = ""


@dataclass(frozen=True)
class ClipAsks:
    """A clip with its questions; ``is_whole`` where it is the whole video."""

    clip: Clip
    asks: tuple[Ask, ...]
    is_whole: bool = False


def asks_of(
    plan: Plan,
    tasks: Mapping[str, Task],
    dataset: Dataset,
    profile: SamplingProfile,
    protocol: Protocol,
    seed: str,
) -> list[ClipAsks]:
    """All clips in the order in which they are shown.

    Videos are shuffled by the seed. Of a video the windows come first, in order of time. Clips
    of annotated events come after them, shuffled: that they are asked about, and where they lie,
    says what was annotated.
    """
    videos = list(plan.videos)
    random.Random(seed).shuffle(videos)
    clip_asks: list[ClipAsks] = []
    for video in videos:
        duration = float(video.video.duration or 0.0)
        cover = set(profile.windows(video.video.name, duration))
        windows = [clip for clip in video.questions if clip in cover]
        events = [clip for clip in video.questions if clip not in cover]
        random.Random(f"{seed}/{video.video.name}").shuffle(events)
        owners = _owners(video)
        annotation = dataset.annotation(video.video.name)
        for clip in [*windows, *events]:
            asks = [
                _ask(question, owners[clip, question], tasks, annotation, protocol)
                for question in video.questions[clip]
            ]
            whole = clip.start <= 0 and clip.end >= duration
            clip_asks.append(ClipAsks(clip, tuple(asks), whole))
    return clip_asks


def _owners(video: VideoPlan) -> dict[tuple[Clip, Question], tuple[str, ...]]:
    owners: dict[tuple[Clip, Question], dict[str, None]] = {}
    for inquiry in video.inquiries:
        for question in inquiry.questions:
            owners.setdefault((inquiry.clip, question), {})[inquiry.task] = None
    return {asked: tuple(names) for asked, names in owners.items()}


def _ask(
    question: Question,
    owners: tuple[str, ...],
    tasks: Mapping[str, Task],
    annotation: Annotation,
    protocol: Protocol,
) -> Ask:
    if shows_annotation(question, annotation):
        return Ask(question, owners, blinded="the question shows the annotated report")
    items = [item for name in owners for item in _items(tasks[name], question.key)]
    choices = question.choices or next((i.labels for i in items if i.labels), ())
    reads = [
        all(tasks[name].read(question, Answer.of(c), protocol).readable for c in choices)
        for name in owners
    ]
    is_long = any(i.kind in ("text", "list") for i in items) or (not choices and not items)
    needs_words = bool(choices) and not all(reads)
    unit = next((i.unit for i in items if i.unit), "")
    return Ask(question, owners, tuple(choices), needs_words, is_long, unit)


def _items(task: Task, key: str) -> Sequence[Item]:
    """The item a question is about; where it is called otherwise, all of the task if alike."""
    named = task.item(key)
    if named is not None:
        return [named]
    every = task.items()
    return every if len({(item.kind, item.labels, item.unit) for item in every}) == 1 else ()


def shows_annotation(question: Question, annotation: Annotation) -> bool:
    """Whether a question's words hold what was annotated in free text.

    >>> from s3eval.facts.videos import Annotation
    >>> note = Annotation("v", report="The head turns to the left.")
    >>> shows_annotation(Question("d", "ES or NES? Report: The head turns to the left."), note)
    True
    """
    texts: Iterable[str] = (annotation.report or "", *_justifications(annotation))
    words = " ".join(f"{question.system} {question.text}".split())
    return any(len(text) > 0 and text in words for text in (" ".join(t.split()) for t in texts))


def _justifications(annotation: Annotation) -> Sequence[str]:
    return [f.justification for f in annotation.features.values() if f.justification.strip()]
