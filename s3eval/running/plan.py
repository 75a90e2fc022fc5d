"""Planning: which questions about which clips, each asked once however many tasks want it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from s3eval.errors import S3EvalError
from s3eval.facts.clips import Clip, SamplingProfile, check_duration
from s3eval.model import Question
from s3eval.plugin_calls import call_plugin
from s3eval.running.loading import LoadedTasks
from s3eval.running.reasons import reason_of
from s3eval.running.repeats import ONCE, Repeats
from s3eval.running.task_results import checked_inquiries
from s3eval.task import Inquiry, PlanContext
from s3eval.vocabulary import Sense

if TYPE_CHECKING:
    from s3eval.facts.videos import Annotation, Dataset, Video

__all__ = ["Plan", "Unplanned", "VideoPlan", "assumed_duration", "make_plan"]


@dataclass(frozen=True)
class VideoPlan:
    """All that is asked about one video.

    ``questions`` holds each clip's questions without repeats, clips in order of time.
    """

    video: Video
    inquiries: tuple[Inquiry, ...]
    questions: Mapping[Clip, tuple[Question, ...]]


@dataclass(frozen=True)
class Unplanned:
    """A video that could not be planned: it counts as failed, it is not left out.

    Attributes:
        reason: why, e.g. that the file is no video.
        inquiries: what would have been asked, were the video as long as its annotation; only
            which questions stand in them counts, their clips are never shown.
    """

    reason: str
    inquiries: tuple[Inquiry, ...]


@dataclass(frozen=True)
class Plan:
    """All that a run asks.

    Attributes:
        videos: one plan a video, in dataset order.
        unplanned: videos that nothing can be asked about (no duration to be had, ...), by name.
        repeats: how often each question is asked; all repetitions stand among the questions of
            the videos, once each among the inquiries.
    """

    videos: tuple[VideoPlan, ...]
    unplanned: Mapping[str, Unplanned] = field(default_factory=dict)
    repeats: Repeats = ONCE

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
    tasks: LoadedTasks,
    profile: SamplingProfile,
    senses: frozenset[Sense],
    seed: int = 0,
    options: Mapping[str, Mapping[str, Any]] | None = None,
    repeats: Repeats = ONCE,
) -> Plan:
    """Plan a run. Opens video files only to learn durations the dataset does not state.

    Raises:
        S3EvalError: an option that its task does not take, or a task that cannot plan.
    """
    tasks.check_options(options or {})
    contexts = {
        name: PlanContext(
            profile,
            senses,
            frozenset(tasks.by_name),
            tasks.offered,
            seed,
            (options or {}).get(name, {}),
        )
        for name in tasks.by_name
    }
    plans, unplanned = [], {}
    for video in dataset.videos:
        try:
            seconds = video.duration or _duration(dataset, video)
            check_duration(video.name, seconds)
            known = replace(video, duration=seconds)
        except S3EvalError as error:
            annotation = dataset.annotation(video.name)
            assumed = replace(video, duration=assumed_duration(annotation, profile))
            asked = _asked(tasks, contexts, assumed, annotation)
            unplanned[video.name] = Unplanned(reason_of(error, video.file), tuple(asked))
            continue
        inquiries = _asked(tasks, contexts, known, dataset.annotation(video.name))
        plans.append(VideoPlan(known, tuple(inquiries), _by_clip(inquiries, repeats)))
    return Plan(tuple(plans), unplanned, repeats)


def _asked(
    tasks: LoadedTasks,
    contexts: Mapping[str, PlanContext],
    video: Video,
    annotation: Annotation,
) -> list[Inquiry]:
    return [
        inquiry
        for name, context in contexts.items()
        for inquiry in _inquiries(tasks, name, video, annotation, context)
    ]


def assumed_duration(annotation: Annotation, profile: SamplingProfile) -> float:
    """Seconds for a video that cannot be read: every annotated time inside, else one window."""
    times = [annotation.seizure_start, annotation.seizure_end]
    times += [t for f in annotation.features.values() for t in (f.start, f.end)]
    times += [t for where in annotation.lateralization.values() for t in (where.start, where.end)]
    return max([profile.window_seconds, *(t for t in times if t is not None)])


def _inquiries(
    tasks: LoadedTasks, name: str, video: Video, annotation: Annotation, context: PlanContext
) -> list[Inquiry]:
    package = tasks.packages.get(name, "unknown")

    def inquiries() -> list[Inquiry]:
        try:
            given = tasks.by_name[name].inquiries(video, annotation, context)
        except S3EvalError as error:  # a clip that ends before it begins, made at once
            raise S3EvalError("Expected what can be asked", why=str(error)) from error
        return checked_inquiries(name, video.name, given)

    return call_plugin(f"Planning a video by task '{name}'", package, inquiries)


def _duration(dataset: Dataset, video: Video) -> float:
    from s3eval.footage.decoding import probe

    return float(probe(dataset.path(video), name=video.name).duration)


def _by_clip(inquiries: Iterable[Inquiry], repeats: Repeats) -> dict[Clip, tuple[Question, ...]]:
    by_clip: dict[Clip, dict[Question, None]] = {}
    for inquiry in inquiries:
        asked = (q for question in inquiry.questions for q in repeats.questions(question))
        by_clip.setdefault(inquiry.clip, {}).update(dict.fromkeys(asked))
    ordered = sorted(by_clip, key=lambda c: (c.end, c.start, repr(c.sampling)))
    return {clip: tuple(by_clip[clip]) for clip in ordered}
