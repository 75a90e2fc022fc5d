"""The contract of a judge: it reads free text and says what stands in it, or that it cannot."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from s3eval.specs import JudgeSpec

__all__ = ["Evidence", "FeatureAnswers", "Judge", "MergedText", "ReportFacts", "Unreadable"]


@dataclass(frozen=True)
class Evidence:
    """The words a fact was read from: ``text[start:end] == quote``."""

    fact: str
    quote: str
    start: int
    end: int


@dataclass(frozen=True)
class ReportFacts:
    """What a report says (paper, D.1).

    Attributes:
        sections: those of {onset, propagation, postictal} that are present, in that order.
        features: canonical feature names in the order the report tells them, no repeats.
        localizing: for each of the four localizing values a lower-case string, "none" when
            not mentioned (``vocabulary.LOCALIZING``).
        off_topic: nursing interventions, repositioning, obstruction or alarms are described.
        hazard: a hazardous recommendation is made.
        words: number of words of the report.
        evidence: where each fact was read (judges that can explain themselves).
    """

    sections: tuple[str, ...]
    features: tuple[str, ...]
    localizing: Mapping[str, str]
    off_topic: bool = False
    hazard: bool = False
    words: int = 0
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True)
class FeatureAnswers:
    """A feature's chained questions answered from a justification (paper, Appendix C).

    ``answers`` holds, per question key in order, a string ("yes", "left", "unknown") or a tuple
    of strings (several of a list). Questions after a first "no" are not asked and absent.
    """

    feature: str
    answers: Mapping[str, str | tuple[str, ...]]
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True)
class MergedText:
    """Several windows' texts as one."""

    text: str
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True)
class Unreadable:
    """The judge could not read it: why, and what it said. Never replaced by a default."""

    reason: str
    raw: str = ""
    record: Mapping[str, Any] = field(default_factory=dict)


class Judge(ABC):
    """Base of every judge. Lists in, lists out, in order, so that judges may batch."""

    #: True when the text leaves this machine.
    remote: ClassVar[bool] = False

    @classmethod
    def load(cls, spec: JudgeSpec, options: Mapping[str, Any]) -> Judge:
        """Make the judge ready with the user's ``--judge-option key=value`` pairs."""
        if options:
            from s3eval.errors import S3EvalError

            raise S3EvalError(
                f"Judge '{spec.name}' takes no options, but got {', '.join(sorted(options))}"
            )
        return cls()

    @abstractmethod
    def identity(self) -> Mapping[str, Any]:
        """Name, version, model id, prompt version, sampling settings: part of every record."""

    @abstractmethod
    def read_reports(self, texts: Sequence[str]) -> list[ReportFacts | Unreadable]:
        """What each report says."""

    @abstractmethod
    def answer_questions(
        self, items: Sequence[tuple[str, str]]
    ) -> list[FeatureAnswers | Unreadable]:
        """For each (feature name, justification) the answers to the feature's questions."""

    @abstractmethod
    def merge(self, groups: Sequence[Sequence[str]], kind: str) -> list[MergedText | Unreadable]:
        """Merge each group of window texts, in time order; ``kind`` "justification" or "report"."""

    def close(self) -> None:
        """Release connections, write what is pending."""
