"""The contract of a task: which questions about which clips, and what the answers amount to.

A task is pure: it opens no file, asks no model and no judge. Its steps are `inquiries` (plan),
`read` (text to reading), `combine` (windows to one finding per video and item) and `tallies`
(findings against annotation, as sums over videos from which every score, interval and test
follows). What it wants of a judge it states beforehand (`merge_requests`, `read_requests`), so
that a judge is asked about everything at once. What others must know of it (its items, their
labels, their truth) stands in `items` and `truth`: nothing outside a task knows it by name.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from s3eval.judge import JudgeRequest, Unreadable
from s3eval.model import Answer, Question
from s3eval.vocabulary import Protocol, Sense

if TYPE_CHECKING:
    from s3eval.facts.clips import Clip, SamplingProfile
    from s3eval.facts.tally import Tally
    from s3eval.facts.videos import Annotation, Dataset, Video
    from s3eval.specs import TaskSpec

__all__ = [
    "Finding",
    "FindingState",
    "Inquiry",
    "Item",
    "ItemKind",
    "Piece",
    "PlanContext",
    "Reading",
    "ScoringContext",
    "Task",
    "TruthContext",
]

FindingState = Literal["answered", "unreadable", "failed", "skipped"]
ItemKind = Literal["label", "number", "list", "text"]


@dataclass(frozen=True)
class Item:
    """One thing that a task finds out about a video, and what its values are.

    Attributes:
        name: as in `Finding.item`.
        kind: "label" (one of ``labels``), "number" (of ``unit``), "list" or "text".
        labels: the values of a label.
        positive: the label searched for, whose probability is kept; "" where there is none.
        negative: the label that calibration holds against it; "" for the only other one.
        macro: whether scores are averages over all labels instead of those of ``positive``.
        unit: of a number, e.g. "s".

    >>> Item("tonic", labels=("yes", "no"), positive="yes").two_valued
    ('yes', 'no')
    """

    name: str
    kind: ItemKind = "label"
    labels: tuple[str, ...] = ()
    positive: str = ""
    negative: str = ""
    macro: bool = False
    unit: str = ""

    @property
    def two_valued(self) -> tuple[str, str] | None:
        """(positive, negative) where calibration is possible, else None."""
        others = [label for label in self.labels if label != self.positive]
        negative = self.negative or (others[0] if len(others) == 1 else "")
        return (self.positive, negative) if self.positive and negative else None


@dataclass(frozen=True)
class PlanContext:
    """What planning may depend on beside the video.

    Attributes:
        profile: the model's sampling profile.
        senses: what the model perceives; a task asks only what these allow.
        tasks: the names of all tasks of the run.
        provided: what the run's tasks offer each other (`TaskSpec.provides`), so that tasks
            that share an answer (1 and 2) can ask the very same question and have it asked once.
        seed: for seeded choices (Task 4's random onset position).
        options: the user's ``--task-option task.key=value`` for this task, all of them known
            (`Task.options`).
    """

    profile: SamplingProfile
    senses: frozenset[Sense]
    tasks: frozenset[str] = frozenset()
    provided: frozenset[str] = frozenset()
    seed: int = 0
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Inquiry:
    """A clip with the questions a task asks about it.

    ``detail`` holds JSON-able facts the task wants back when combining (Task 4: the target).
    """

    task: str
    clip: Clip
    questions: tuple[Question, ...]
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Reading:
    """What an answer says, typed, or why it cannot be read (``value`` is then None)."""

    value: Any = None
    reason: str = ""

    @property
    def readable(self) -> bool:
        """Whether a value was read."""
        return self.value is not None


@dataclass(frozen=True)
class Piece:
    """One answered question on its way to a finding."""

    inquiry: Inquiry
    question: Question
    answer: Answer
    reading: Reading


@dataclass(frozen=True)
class Finding:
    """The outcome for one video and item of a task.

    Attributes:
        task, video, item: e.g. ("recognition", "P01@...", "tonic").
        state: "answered" exactly when there is a value.
        value: JSON-able: "yes", "left", 12.5 seconds, ["tonic", "clonic"], a report.
        reason: why there is no value.
        pieces: how many answers went in (windows), and ``readable`` how many could be read.
        probability: of the positive label where the model gives one, combined over windows.
        detail: further JSON-able facts (which windows said yes, a judge's extraction...).
    """

    task: str
    video: str
    item: str
    state: FindingState
    value: Any = None
    reason: str = ""
    pieces: int = 0
    readable: int = 0
    probability: float | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class TruthContext:
    """What the truth of an item may depend on beside video and annotation.

    Attributes:
        protocol: "paper" or "release".
        senses: what the model, or the reader, perceives (a sequence's truth depends on it).
        options: the task's options.
        patient_facts: by patient what the dataset knows of them (`Dataset.patient_facts`).
    """

    protocol: Protocol = "paper"
    senses: frozenset[Sense] = frozenset({"sight"})
    options: Mapping[str, Any] = field(default_factory=dict)
    patient_facts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def facts(self, video: Video) -> Mapping[str, Any]:
        """What the dataset knows of a video and of its patient, the video's own first.

        >>> from s3eval import Video
        >>> by_patient = {"p01": {"age_group": "child"}}
        >>> TruthContext(patient_facts=by_patient).facts(Video("night-1", "p01"))
        {'age_group': 'child'}
        """
        return {**self.patient_facts.get(video.patient, {}), **video.facts}


@dataclass(frozen=True)
class ScoringContext:
    """What combining and scoring may use.

    Attributes:
        dataset: the whole one, with annotation.
        protocol: "paper" or "release".
        senses: of the run's model.
        judged: what the judge made of each request; None where there is no judge.
        provided: the run's findings by what their task offers (`TaskSpec.provides`).
        options: of scoring, e.g. {"bertscore": encoder}.
        task_options: the task's options.
        metrics: the only ones that will be looked at; empty for all. A task may leave out what
            costs much and is not among them (`wants`).
    """

    dataset: Dataset
    protocol: Protocol = "paper"
    senses: frozenset[Sense] = frozenset({"sight"})
    judged: Mapping[JudgeRequest, Any] | None = None
    provided: Mapping[str, Sequence[Finding]] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    task_options: Mapping[str, Any] = field(default_factory=dict)
    metrics: frozenset[str] = frozenset()

    def wants(self, *metrics: str) -> bool:
        """Whether any of these metrics will be looked at."""
        return not self.metrics or not self.metrics.isdisjoint(metrics)

    @property
    def has_judge(self) -> bool:
        """Whether a judge reads for this run."""
        return self.judged is not None

    @property
    def truth(self) -> TruthContext:
        """What the truth of an item may depend on."""
        known = self.dataset.patient_facts
        return TruthContext(self.protocol, self.senses, self.task_options, known)

    def judgement(self, request: JudgeRequest) -> Any:
        """What the judge made of a request, `Unreadable` where it was not asked."""
        if self.judged is None:
            return Unreadable("there is no judge")
        return self.judged.get(request, Unreadable("the judge was not asked"))


class Task(ABC):
    """Base of every task plugin. One instance serves any number of runs.

    Class attributes of a task:
        headline: the metric to show when only one number fits (task table, chance marks).
        options: option name to one line of help; others are refused before anything is planned.
    """

    #: The name it was listed under; set when it is loaded.
    name: str = ""
    headline: ClassVar[str] = ""
    options: ClassVar[Mapping[str, str]] = {}

    @classmethod
    def load(cls, spec: TaskSpec) -> Task:
        """The task under the name it is listed by."""
        task = cls()
        task.name = spec.name
        return task

    @abstractmethod
    def inquiries(
        self, video: Video, annotation: Annotation, context: PlanContext
    ) -> Iterable[Inquiry]:
        """The clips of this video and the questions about them. Pure and deterministic.

        ``video.duration`` is known here. Yields nothing where the task has nothing to ask
        (e.g. no annotated event).
        """

    @abstractmethod
    def read(self, question: Question, answer: Answer, protocol: Protocol = "paper") -> Reading:
        """What an *answered* answer says (failed and skipped ones never get here)."""

    @abstractmethod
    def combine(
        self, video: str, pieces: Sequence[Piece], context: ScoringContext
    ) -> Iterable[Finding]:
        """All pieces of one video to its findings, one per item."""

    @abstractmethod
    def tallies(self, findings: Sequence[Finding], context: ScoringContext) -> Iterable[Tally]:
        """The metrics, each as sums over the videos that could be scored."""

    def items(self) -> Sequence[Item]:
        """What it finds out about a video, in the order of tables; findings may hold others."""
        return ()

    def item(self, name: str) -> Item | None:
        """The item of that name, None for one that the task does not list."""
        return next((item for item in self.items() if item.name == name), None)

    def truth(self, video: Video, annotation: Annotation, item: str, context: TruthContext) -> Any:
        """The annotated value of an item, None where there is none."""
        return None

    def baselines(
        self, findings: Sequence[Finding], context: ScoringContext
    ) -> Mapping[str, Sequence[Finding]]:
        """Answers without looking, scored like a model's: the chance level.

        Keys name the baseline ("always-yes", "majority", "median-time"); values are its findings
        on the *same* videos and items as ``findings``.
        """
        return {}

    def merge_requests(
        self, video: str, pieces: Sequence[Piece], context: ScoringContext
    ) -> Iterable[JudgeRequest]:
        """What `combine` will want of the judge about this video."""
        return ()

    def read_requests(
        self, findings: Sequence[Finding], context: ScoringContext
    ) -> Iterable[JudgeRequest]:
        """What `tallies` will want of the judge about these findings, baselines' included."""
        return ()

    def reader_finding(
        self, video: str, item: str, answer: str, senses: Sequence[Sense]
    ) -> Finding:
        """A human reader's answer as a finding, read as a model's text is read."""
        reading = self.read(Question(item, ""), Answer.of(answer))
        if not reading.readable:
            return Finding(self.name, video, item, "unreadable", None, reading.reason, 1, 0)
        return Finding(self.name, video, item, "answered", reading.value, "", 1, 1)
