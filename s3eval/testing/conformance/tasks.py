"""What is checked of a task: its plan, its reading, and that its scores reward the truth."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

from s3eval.facts.clips import PROFILES
from s3eval.facts.videos import Annotation, Video
from s3eval.specs import TaskSpec
from s3eval.task import Inquiry, Item, Task
from s3eval.testing.conformance.invented import invented_dataset
from s3eval.testing.conformance.problems import (
    Check,
    Problem,
    package_of,
    run_checks,
    shown_error,
)
from s3eval.testing.conformance.specs import adapter_is, spec_fields
from s3eval.testing.conformance.task_baselines import baselines
from s3eval.testing.conformance.task_reading import combine, read
from s3eval.testing.conformance.task_requests import requests
from s3eval.testing.conformance.task_scores import counts, order, scores, tallies
from s3eval.testing.conformance.task_subject import SENSES, Subject, wrong_kind
from s3eval.vocabulary import FEATURE_NAMES, Sense

if TYPE_CHECKING:
    from s3eval.facts.videos import Dataset
    from s3eval.judge import Judge

__all__ = ["check_task"]


class _Noting(dict[str, Any]):
    """Options that note which names were asked for; there are none in it."""

    def __init__(self) -> None:
        super().__init__()
        self.wanted: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        self.wanted.add(key)
        return default

    def __contains__(self, key: object) -> bool:
        self.wanted.add(str(key))
        return False


def check_task(
    spec: TaskSpec, data: Dataset | None = None, judge: Judge | None = None
) -> list[Problem]:
    """Everything that is wrong with a task, an empty list where nothing is.

    Args:
        spec: the spec, as the hook returns it.
        data: a dataset in which the task has a truth, with durations; files are not opened.
            None where the paper's annotation (features, sides, sequence, report) serves.
        judge: reads for scores; without one, scores that need it are not checked.
    """
    return run_checks(_CHECKS, Subject(spec, data or invented_dataset(), judge))


def _items(subject: Subject) -> Iterator[tuple[str, str]]:
    items = list(subject.task.items())
    names = [item.name for item in items]
    if not items:
        yield "items() is empty", "list what the task finds out about a video"
    for name in sorted({n for n in names if names.count(n) > 1}):
        yield f"items() lists '{name}' twice", "name each item once"
    for item in items:
        yield from _one_item(item)
    if not subject.task.headline:
        yield "there is no headline", "name the metric to show when only one number fits"
    if "features" in subject.spec.provides and not any(_is_feature(item) for item in items):
        yield (
            "its spec provides 'features', but none of its items is one of the 20 features, "
            "with the labels yes and no",
            "name such items as `s3eval list features` does, or leave 'features' out of provides",
        )


def _is_feature(item: Item) -> bool:
    return item.name in FEATURE_NAMES and {"yes", "no"} <= {*item.labels}


def _one_item(item: Item) -> Iterator[tuple[str, str]]:
    if item.kind == "label" and len({*item.labels}) < 2:
        yield f"the label '{item.name}' has fewer than two labels", "list its values in labels="
    if item.kind == "number" and not item.unit:
        yield f"the number '{item.name}' has no unit", 'state it, e.g. unit="s"'
    for role, label in (("positive", item.positive), ("negative", item.negative)):
        if label and label not in item.labels:
            listed = ", ".join(item.labels)
            yield f"{role} of '{item.name}' is '{label}'", f"use one of its labels: {listed}"


def _plan(subject: Subject) -> Iterator[tuple[str, str]]:
    asked = 0
    for video in subject.data.videos:
        for sampling, senses in product(PROFILES, SENSES):
            plan = subject.plan(video, senses, sampling)
            asked += len(plan)
            if plan != subject.plan(video, senses, sampling):
                yield (
                    "inquiries() gives another plan when it is called again",
                    "draw nothing at random but from context.seed and the video's name",
                )
                return
            problem = next((p for i in plan for p in _inquiry(subject, video, senses, i)), None)
            if problem:
                yield problem
                return
    if not asked:
        yield (
            "inquiries() asks nothing about any video of the data",
            "pass data= with videos (and durations) that the task asks about",
        )


def _inquiry(
    subject: Subject, video: Video, senses: frozenset[Sense], inquiry: Inquiry
) -> Iterator[tuple[str, str]]:
    clip, keys = inquiry.clip, [q.key for q in inquiry.questions]
    if inquiry.task != subject.spec.name:
        yield f"an inquiry names the task '{inquiry.task}'", "use self.name"
    if clip.video != video.name or not (
        clip.start >= 0 and clip.end <= (video.duration or math.inf)
    ):
        yield "a clip leaves its video", "keep clips between 0 and video.duration"
    if not keys or len({*keys}) < len(keys):
        yield "the questions about a clip have no keys of their own", "give each another key"
    for question in inquiry.questions:
        if question.sense not in senses:
            yield (
                f"'{question.key}' takes {question.sense}, which the model has not",
                "ask only what context.senses allows",
            )
        if not question.text.strip() or question.max_tokens < 1:
            yield f"'{question.key}' has no text or no tokens to answer", "give it both"


def _options(subject: Subject) -> Iterator[tuple[str, str]]:
    declared = subject.task.options
    for name, text in declared.items():
        if not str(text).strip():
            yield f"the option '{name}' has no line of help", "say what it does and what it takes"
    noting = _Noting()
    for video in subject.data.videos:
        subject.plan(video, options=noting)
    for name in sorted(noting.wanted.difference(declared)):
        yield (
            f"inquiries() looks for the option '{name}', which is not declared",
            "add it to the class attribute options: what is not there is refused",
        )


def _truth(subject: Subject) -> Iterator[tuple[str, str]]:
    if not subject.known:
        yield (
            "truth() is None for every item of every video of the data",
            "implement truth(), or pass data= in which the task has a truth",
        )
    yield from _truth_of_nothing(subject)
    # In another order than before, or what alternates would agree.
    for video, item, value in reversed(subject.known):
        if subject.truth(video, item.name) != value:
            yield f"truth() of '{item.name}' is another when asked again", "make it a function"
            return
        if wrong := wrong_kind(item, value):
            yield f"truth() of '{item.name}' is {value!r:.60}, {wrong}", "give None or a value"
            return


def _truth_of_nothing(subject: Subject) -> Iterator[tuple[str, str]]:
    """A dataset may know less of a video than the data of the test do."""
    video = Video("a video of which nothing is known", "nobody")
    for item in subject.task.items():
        try:
            subject.task.truth(video, Annotation(video.name), item.name, subject.truth_context)
        except Exception as error:
            raised = shown_error(error, package_of(subject.spec))
            yield (
                f"truth() of '{item.name}' raised {raised} for a video without annotation",
                "return None where the truth is not known: that video is then not scored",
            )
            return


def _adapter(subject: Subject) -> Iterator[tuple[str, str]]:
    yield from adapter_is(subject.spec, Task)  # type: ignore[type-abstract]


_USABLE = ("adapter", "items")
_READ = (*_USABLE, "plan", "read")
_KNOWN = (*_USABLE, "truth")
_CHECKS: Sequence[Check[Subject]] = (
    Check("spec", lambda subject: spec_fields(subject.spec)),
    Check("adapter", _adapter),
    Check("items", _items, ("adapter",)),
    Check("plan", _plan, ("adapter",)),
    Check("options", _options, ("adapter", "plan")),
    Check("read", read, (*_USABLE, "plan")),
    Check("combine", combine, _READ),
    Check("truth", _truth, _USABLE),
    Check("requests", requests, (*_READ, "combine", "truth")),
    Check("tallies", tallies, _KNOWN),
    Check("baselines", baselines, _KNOWN),
    Check("order", order, (*_KNOWN, "tallies", "baselines")),
    Check("counts", counts, (*_KNOWN, "tallies")),
    Check("scores", scores, (*_KNOWN, "order")),
)
