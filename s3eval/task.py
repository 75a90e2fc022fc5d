"""The contract of a task: which questions about which clips, and what the answers amount to.

A task is pure: it opens no file and asks no model. Its four steps are `inquiries` (plan), `read`
(text to reading), `combine` (windows to one finding per video and item) and `tallies` (findings
against annotation, as sums over videos from which every score, interval and test follows).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from s3eval.model import Answer, Question
from s3eval.vocabulary import Protocol, Sense

if TYPE_CHECKING:
    from s3eval.facts.clips import Clip, SamplingProfile
    from s3eval.facts.tally import Tally
    from s3eval.facts.videos import Annotation, Dataset, Video
    from s3eval.judge import Judge

__all__ = [
    "Finding",
    "FindingState",
    "Inquiry",
    "Piece",
    "PlanContext",
    "Reading",
    "ScoringContext",
    "Task",
]

FindingState = Literal["answered", "unreadable", "failed", "skipped"]


@dataclass(frozen=True)
class PlanContext:
    """What planning may depend on beside the video.

    Attributes:
        profile: the model's sampling profile.
        senses: what the model perceives; a task asks only what these allow.
        tasks: the names of all tasks of the run, so that tasks that share an answer (1 and 2)
            can ask the very same question and have it asked once.
        seed: for seeded choices (Task 4's random onset position).
        options: the user's ``--task-option task.key=value`` for this task.
    """

    profile: SamplingProfile
    senses: frozenset[Sense]
    tasks: frozenset[str] = frozenset()
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
        probability: of the positive class where the model gives one, combined over windows.
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
class ScoringContext:
    """What combining and scoring may use: the annotation, the protocol, maybe a judge.

    ``findings_of`` gives the findings of the run's other tasks (Task 6's `release` penalty
    looks at the annotation only, but custom tasks may build on another's findings).
    """

    dataset: Dataset
    protocol: Protocol
    judge: Judge | None = None
    findings_of: Mapping[str, Sequence[Finding]] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)


class Task(ABC):
    """Base of every task plugin. One instance serves any number of runs; it holds no state."""

    name: ClassVar[str]
    #: The metric to show when only one number fits (task table, chance marks).
    headline: ClassVar[str] = ""

    @abstractmethod
    def inquiries(
        self, video: Video, annotation: Annotation, context: PlanContext
    ) -> Iterable[Inquiry]:
        """The clips of this video and the questions about them. Pure and deterministic.

        ``video.duration`` is known here. Yields nothing where the task has nothing to ask
        (e.g. no annotated event).
        """

    @abstractmethod
    def read(self, question: Question, answer: Answer) -> Reading:
        """What an *answered* answer says (failed and skipped ones never get here)."""

    @abstractmethod
    def combine(
        self, video: str, pieces: Sequence[Piece], context: ScoringContext
    ) -> Iterable[Finding]:
        """All pieces of one video to its findings, one per item."""

    @abstractmethod
    def tallies(self, findings: Sequence[Finding], context: ScoringContext) -> Iterable[Tally]:
        """The metrics, each as sums over the videos that could be scored."""

    def trivial(
        self, findings: Sequence[Finding], context: ScoringContext
    ) -> Mapping[str, Sequence[Finding]]:
        """Chance: for each trivial answerer its findings on the *same* videos and items.

        Keys name the answerer: "always-yes", "always-no", "majority", "median-time", ...
        """
        return {}
