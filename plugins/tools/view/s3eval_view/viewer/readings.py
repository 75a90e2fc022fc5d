"""What a judge read from a text, with the words each fact came from."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, is_dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from s3eval.judge import (
    AnswerQuestions,
    Evidence,
    Extract,
    MergeTexts,
    ReadReport,
    ReportFacts,
    Unreadable,
)
from s3eval.metrics.arithmetic import rqi_steps
from s3eval.metrics.rqi import seizure_rqi
from s3eval_view.report.evidence import words

if TYPE_CHECKING:
    from s3eval.facts.tally import Step
    from s3eval.facts.videos import Annotation
    from s3eval_view.report.evidence import Known

__all__ = ["Mark", "Read", "index_steps", "marked", "read_of_recorded", "read_of_request"]


@dataclass(frozen=True)
class Mark:
    """A stretch of a text; ``facts`` are what was read from it, () for nothing."""

    text: str
    facts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Read:
    """One text that was read.

    Attributes:
        what: what was wanted of it.
        text: as stretches; those that facts came from say which.
        facts: what was read, in words.
        is_explained: whether the judge said which words each fact came from.
        failure: why it could not be read.
        judge: who read it, and when, in words; "" where it is not known.
        is_pointed: whether the stretches are those another judge reads the same facts from.
    """

    what: str
    text: tuple[Mark, ...]
    facts: tuple[tuple[str, str], ...]
    is_explained: bool = False
    failure: str = ""
    judge: str = ""
    is_pointed: bool = False


def marked(text: str, evidence: Sequence[Evidence]) -> tuple[Mark, ...]:
    """A text cut where facts were read from it; stretches may carry several facts.

    >>> [(m.text, m.facts) for m in marked("He jerks.", [Evidence("clonic", "jerks", 3, 8)])]
    [('He ', ()), ('jerks', ('clonic',)), ('.', ())]
    """
    inside = [e for e in evidence if 0 <= e.start < e.end <= len(text)]
    edges = sorted({0, len(text), *(e.start for e in inside), *(e.end for e in inside)})
    marks = []
    for a, b in pairwise(edges):
        facts = tuple(dict.fromkeys(e.fact for e in inside if e.start <= a and b <= e.end))
        marks.append(Mark(text[a:b], tuple(words(f) for f in facts)))
    return tuple(marks)


def read_of_request(
    request: Any, result: Any, known: Known, judge: str = "", pointed: Sequence[Evidence] = ()
) -> Read:
    """What came of one request to a judge, and whose text it was about.

    Args:
        judge: who read, and when, in words.
        pointed: where the judge does not say which words it read, words that it may have been.
    """
    what, text = _wanted(request)
    if text == str(known.truth):
        what += ", of the annotation"
    elif text == str(known.finding.value):
        what += ", of the finding"
    if isinstance(result, Unreadable):
        return Read(what, (Mark(text),), (), False, result.reason, judge)
    evidence = tuple(e for e in _listed(getattr(result, "evidence", ())) if _is_evidence(e))
    facts = _report(result) if isinstance(result, ReportFacts) else _others(result)
    if not evidence and pointed:
        return Read(what, marked(text, pointed), tuple(facts), False, "", judge, True)
    return Read(what, marked(text, evidence), tuple(facts), bool(evidence), "", judge)


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, (list, tuple)) else ()


def _is_evidence(value: Any) -> bool:
    """Whether it can be marked in a text: a judge of another package may give anything."""
    return (
        isinstance(value, Evidence)
        and isinstance(value.fact, str)
        and isinstance(value.start, int)
        and isinstance(value.end, int)
    )


def _wanted(request: Any) -> tuple[str, str]:
    if isinstance(request, ReadReport):
        return "What the report says", request.text
    if isinstance(request, AnswerQuestions):
        return f"Questions about {words(request.feature)}", request.text
    if isinstance(request, MergeTexts):
        return "The windows' texts as one", "\n".join(request.texts)
    if isinstance(request, Extract):
        return f"What the task wants: {words(request.extraction.name)}", request.text
    return type(request).__name__, str(getattr(request, "text", ""))


def _report(facts: ReportFacts) -> list[tuple[str, str]]:
    places = [f"{words(k)}: {v}" for k, v in facts.localizing.items() if v != "none"]
    return [
        ("sections", ", ".join(facts.sections) or "none"),
        ("features", ", ".join(words(f) for f in facts.features) or "none"),
        ("localizing values", "; ".join(places) or "none"),
        ("off-topic", "yes" if facts.off_topic else "no"),
        ("hazardous advice", "yes" if facts.hazard else "no"),
        ("words", str(facts.words)),
    ]


def _others(result: Any) -> list[tuple[str, str]]:
    facts: Mapping[Any, Any] = {"read": result}
    if isinstance(getattr(result, "answers", None), Mapping):
        facts = result.answers
    elif is_dataclass(result) and not isinstance(result, type):
        facts = {k: v for k, v in asdict(result).items() if k != "evidence"}
    elif isinstance(result, Mapping):
        facts = result
    return [(words(str(k)), _plain(v)) for k, v in facts.items()]


def _plain(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(words(str(v)) for v in value) or "none"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def read_of_recorded(known: Known) -> list[Read]:
    """Readings that a recorded run brings with it: facts without the words they came from."""
    detail, readings = known.finding.detail, []
    for key, what, text in (
        ("extraction", "What the report says, as recorded", known.finding.value),
        ("reference_extraction", "What the reference says, as recorded", known.truth),
    ):
        facts = ReportFacts.from_recorded(detail.get(key))
        if facts is not None:
            readings.append(Read(what, (Mark(str(text or "")),), tuple(_report(facts))))
    return readings


def index_steps(
    known: Known, judged: Mapping[Any, Any], protocol: Any, annotation: Annotation
) -> tuple[Step, ...]:
    """From the readings of a report and of its reference to the report's index, step by step.

    Args:
        judged: what a judge read; where it read nothing, the readings that the finding keeps.
    """
    detail = known.finding.detail
    report = judged.get(ReadReport(str(known.finding.value)))
    reference = judged.get(ReadReport(str(known.truth)))
    if report is None or reference is None:
        report = ReportFacts.from_recorded(detail.get("extraction"))
        reference = ReportFacts.from_recorded(detail.get("reference_extraction"))
    if not isinstance(report, ReportFacts) or not isinstance(reference, ReportFacts):
        return ()
    index = seizure_rqi(report, reference, protocol, annotation.sequence)
    return tuple(rqi_steps(index))
