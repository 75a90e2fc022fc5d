"""The contract of a judge: it reads free text and says what stands in it, or that it cannot."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from s3eval.errors import S3EvalError

if TYPE_CHECKING:
    from s3eval.specs import JudgeSpec

__all__ = [
    "AnswerQuestions",
    "Evidence",
    "Extract",
    "Extraction",
    "FeatureAnswers",
    "Judge",
    "JudgeRequest",
    "MergeTexts",
    "MergedText",
    "ReadReport",
    "ReportFacts",
    "Unreadable",
]


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

    @classmethod
    def from_recorded(cls, recorded: Mapping[str, Any] | None) -> ReportFacts | None:
        """A reading as a finding's detail keeps it (these fields, no evidence); None of none.

        >>> ReportFacts.from_recorded({"sections": ["onset"], "features": ["tonic"]}).features
        ('tonic',)
        """
        if not recorded:
            return None
        return cls(
            sections=tuple(recorded.get("sections", ())),
            features=tuple(recorded.get("features", ())),
            localizing=dict(recorded.get("localizing", {})),
            off_topic=bool(recorded.get("off_topic", False)),
            hazard=bool(recorded.get("hazard", False)),
            words=int(recorded.get("words", 0)),
        )


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
    """The judge could not read it: why, and what it said. Never replaced by a default.

    ``is_fault`` is set by the core where the judge's own code failed or gave something else.
    """

    reason: str
    raw: str = ""
    record: Mapping[str, Any] = field(default_factory=dict)
    is_fault: bool = field(default=False, compare=False)


@dataclass(frozen=True)
class Extraction:
    """What is wanted of a text, whatever the task: instructions, a schema, validated facts.

    Attributes:
        name: names it in records and messages, e.g. "gait". With ``version`` it stands for the
            whole: another wording is another version, or kept readings would be taken for it.
        version: of instructions and schema.
        instructions: what the judge is told; the text follows in a message of its own.
        schema: JSON schema of the reply.
        build: makes the facts of the reply's JSON object; raises S3EvalError where it does not
            say what is wanted. Facts must be JSON-able where they go into a finding's detail.
        max_tokens: longest reply.

    >>> Extraction("gait", "1", "Does the patient walk?", {}) == Extraction("gait", "1", "", {})
    True
    """

    name: str
    version: str
    instructions: str = field(compare=False)
    schema: Mapping[str, Any] = field(compare=False)
    build: Callable[[Mapping[str, Any]], Any] = field(default=dict, compare=False)
    max_tokens: int = field(default=1024, compare=False)


@dataclass(frozen=True)
class ReadReport:
    """Wanted: what a report says, `ReportFacts`."""

    text: str


@dataclass(frozen=True)
class AnswerQuestions:
    """Wanted: a feature's questions answered from a justification, `FeatureAnswers`."""

    feature: str
    text: str


@dataclass(frozen=True)
class MergeTexts:
    """Wanted: one text of several windows' in order of time, `MergedText`.

    ``kind`` is "justification", "report", or a task's own word for what the texts are.
    """

    texts: tuple[str, ...]
    kind: str


@dataclass(frozen=True)
class Extract:
    """Wanted: what ``extraction.build`` makes of a text."""

    text: str
    extraction: Extraction


JudgeRequest: TypeAlias = ReadReport | AnswerQuestions | MergeTexts | Extract


class Judge(ABC):
    """Base of every judge. Lists in, lists out, in order, so that judges may batch.

    A judge that only reads what the paper's tasks want overrides the three calls; one that
    reads anything (a language model) overrides `extract` and may build the three on it.
    """

    #: True when the text leaves this machine.
    remote: bool = False
    #: Kinds of request it can serve; others are refused before anything is asked.
    serves: ClassVar[tuple[type, ...]] = (ReadReport, AnswerQuestions, MergeTexts)

    @classmethod
    def load(cls, spec: JudgeSpec, options: Mapping[str, Any]) -> Judge:
        """Make the judge ready with the user's ``--judge-option key=value`` pairs."""
        if options:
            raise S3EvalError(
                f"Judge '{spec.name}' takes no options, but got {', '.join(sorted(options))}"
            )
        return cls()

    @abstractmethod
    def identity(self) -> Mapping[str, Any]:
        """Name, version, model id, prompt version, sampling settings: part of every record."""

    def read_reports(self, texts: Sequence[str]) -> list[ReportFacts | Unreadable]:
        """What each report says."""
        raise NotImplementedError(f"{type(self).__name__} reads no reports")

    def answer_questions(
        self, items: Sequence[tuple[str, str]]
    ) -> list[FeatureAnswers | Unreadable]:
        """For each (feature name, justification) the answers to the feature's questions."""
        raise NotImplementedError(f"{type(self).__name__} answers no questions")

    def merge(self, groups: Sequence[Sequence[str]], kind: str) -> list[MergedText | Unreadable]:
        """Merge each group of window texts, in time order; ``kind`` "justification" or "report"."""
        raise NotImplementedError(f"{type(self).__name__} merges no texts")

    def extract(self, texts: Sequence[str], extraction: Extraction) -> list[Any]:
        """What ``extraction.build`` makes of each text, or `Unreadable`."""
        raise NotImplementedError(f"{type(self).__name__} reads only what the paper's tasks want")

    def answer(self, requests: Sequence[JudgeRequest]) -> list[Any]:
        """Serve a whole stage, requests of any kind, in order.

        The default hands each kind to its call as one list. A judge that asks a server overrides
        it to ask everything in parallel under one budget.
        """
        places: dict[Any, list[int]] = {}
        for i, request in enumerate(requests):
            places.setdefault(_group(request), []).append(i)
        results: list[Any] = [None] * len(requests)
        for group, indices in places.items():
            served = self._serve(group, [requests[i] for i in indices])
            for i, result in zip(indices, served, strict=True):
                results[i] = result
        return results

    def _serve(self, group: Any, requests: Sequence[Any]) -> Sequence[Any]:
        first = requests[0]
        if isinstance(first, ReadReport):
            return self.read_reports([r.text for r in requests])
        if isinstance(first, AnswerQuestions):
            return self.answer_questions([(r.feature, r.text) for r in requests])
        if isinstance(first, MergeTexts):
            return self.merge([r.texts for r in requests], first.kind)
        return self.extract([r.text for r in requests], first.extraction)

    def kept(self, requests: Sequence[JudgeRequest]) -> Mapping[JudgeRequest, Any]:
        """Of these, what it read earlier and keeps; nobody is asked."""
        return {}

    @classmethod
    def stored_readings(
        cls,
        identity: Mapping[str, Any],
        options: Mapping[str, Any],
        requests: Sequence[JudgeRequest],
    ) -> Mapping[JudgeRequest, Any]:
        """Of these, what a judge of that identity read earlier and keeps; no judge is loaded.

        The viewer shows what a judge read by it. Nobody is asked, no key is needed, nothing is
        written. Without it a judge that asks a model shows nothing.

        Args:
            identity: as a run recorded it (`identity`).
            options: the judge's, where the run recorded any.

        Raises:
            S3EvalError: nothing can be looked up, and why.
        """
        return {}

    def announce(self, requests: Sequence[JudgeRequest]) -> None:
        """Called once a command with everything it is going to ask, before any of it is asked.

        A judge that costs money shows here what that will take, and stops where the user only
        wanted to know. A text that is still to be merged is estimated by its joined windows.
        """

    def report_to(
        self,
        notify: Callable[[str], None],
        progress: Callable[[str, int], AbstractContextManager[Callable[[int], None]]] | None = None,
    ) -> None:
        """Where lines about what will be and what was asked go, and how progress is shown."""

    def close(self) -> None:
        """Release connections, write what is pending."""


def _group(request: JudgeRequest) -> Any:
    """Requests of one group go into one call."""
    if isinstance(request, MergeTexts):
        return MergeTexts, request.kind
    if isinstance(request, Extract):
        return Extract, request.extraction
    return type(request)
