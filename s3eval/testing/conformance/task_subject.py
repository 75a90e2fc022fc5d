"""The task under test: its plan, the truth it knows, and findings made of that truth."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, Any

from s3eval.facts.clips import profile
from s3eval.model import Answer, Question
from s3eval.running.loading import LoadedTasks
from s3eval.running.scoring import Tallied, tally_findings
from s3eval.specs import TaskSpec
from s3eval.task import Finding, Inquiry, Item, PlanContext, Reading, Task, TruthContext
from s3eval.vocabulary import Sense

if TYPE_CHECKING:
    from s3eval.facts.videos import Dataset, Video
    from s3eval.judge import Judge

__all__ = ["SENSES", "Subject", "wrong_kind", "wrong_value"]

_SIGHT: frozenset[Sense] = frozenset({"sight"})
_HEARING: frozenset[Sense] = frozenset({"hearing"})
SENSES = (_SIGHT, _HEARING, _SIGHT | _HEARING)


@dataclass(frozen=True)
class Subject:
    """A task under test, with a dataset, what it asks about it and how it is scored on it."""

    spec: TaskSpec
    data: Dataset
    judge: Judge | None = None
    _readable: dict[Question, list[tuple[str, Reading]]] = field(
        init=False, default_factory=dict, compare=False
    )

    @cached_property
    def task(self) -> Task:
        """The task, loaded once."""
        loaded: Task = self.spec.load().load(self.spec)
        return loaded

    def plan(
        self,
        video: Video,
        senses: frozenset[Sense] = SENSES[-1],
        sampling: str = "standard",
        options: Mapping[str, Any] | None = None,
    ) -> list[Inquiry]:
        """What it asks about a video."""
        names, offers = frozenset({self.spec.name}), frozenset(self.spec.provides)
        # Not `options or {}`: what notes names is empty too.
        given = {} if options is None else options
        context = PlanContext(profile(sampling), senses, names, offers, 0, given)
        annotation = self.data.annotation(video.name)
        return list(self.task.inquiries(video, annotation, context))

    @cached_property
    def truth_context(self) -> TruthContext:
        """What a truth may depend on."""
        return TruthContext(patient_facts=self.data.patient_facts)

    def truth(self, video: Video, item: str) -> Any:
        """The annotated value of an item."""
        annotation = self.data.annotation(video.name)
        return self.task.truth(video, annotation, item, self.truth_context)

    @cached_property
    def known(self) -> list[tuple[Video, Item, Any]]:
        """Every video and item of which the truth is known."""
        pairs = product(self.data.videos, self.task.items())
        triples = ((video, item, self.truth(video, item.name)) for video, item in pairs)
        return [(video, item, value) for video, item, value in triples if value is not None]

    def questions(self) -> Iterator[tuple[Inquiry, Question]]:
        """Each key once."""
        seen: set[str] = set()
        for video in self.data.videos:
            for inquiry in self.plan(video):
                for question in inquiry.questions:
                    if question.key not in seen:
                        seen.add(question.key)
                        yield inquiry, question

    def readable(self, question: Question, texts: Sequence[str]) -> list[tuple[str, Reading]]:
        """Of some answers to a question those that the task can read, with what it reads."""
        # The same question comes with every window.
        if question not in self._readable:
            readings = [(text, self.task.read(question, Answer.of(text))) for text in texts]
            self._readable[question] = [pair for pair in readings if pair[1].readable]
        return self._readable[question]

    def findings(self, wrong: bool = False) -> list[Finding]:
        """The truth, or something else, as findings."""
        return [
            self._finding(video, item, wrong_value(item, value) if wrong else value)
            for video, item, value in self.known
        ]

    def _finding(self, video: Video, item: Item, value: Any) -> Finding:
        value = list(value) if isinstance(value, tuple) else value
        probability = float(value == item.positive) if item.positive else None
        name = self.spec.name
        return Finding(name, video.name, item.name, "answered", value, "", 1, 1, probability)

    def scored(self, findings: Sequence[Finding], baselines: bool = False) -> Tallied:
        """Findings, scored by the task's own metrics."""
        name = self.spec.name
        judged = frozenset({name} if self.spec.judged else ())
        tasks = LoadedTasks({name: self.task}, {name: self.spec.provides}, judged)
        by_task = {name: findings}
        return tally_findings(by_task, self.data, "paper", tasks, self.judge, baselines=baselines)


def wrong_value(item: Item, value: Any) -> Any:
    """A wrong value of the same kind."""
    if item.kind == "label":
        return next(label for label in (*item.labels[::-1], "wrong") if label != value)
    return {"number": 1e4, "list": [], "text": "Nothing."}[item.kind]


def wrong_kind(item: Item, value: Any) -> str:
    """Why a value is none of the item's, "" where it is one."""
    if item.kind == "label":
        return "" if value in item.labels else f"none of its labels {', '.join(item.labels)}"
    if item.kind == "number":
        is_number = isinstance(value, (int, float)) and math.isfinite(value)
        return "" if is_number else "no finite number"
    kinds = (list, tuple) if item.kind == "list" else (str,)
    return "" if isinstance(value, kinds) else f"no {item.kind}"
