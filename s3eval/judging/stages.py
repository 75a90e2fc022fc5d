"""Serving a whole stage of requests by a judge, and checking what it gives back.

What tasks want of a judge is known before it is asked (`Task.merge_requests`,
`Task.read_requests`), so all of it, over all videos, tasks and runs, goes to the judge as one
list: merging first, then reading.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from s3eval.errors import S3EvalError
from s3eval.judge import (
    AnswerQuestions,
    Extract,
    Extraction,
    FeatureAnswers,
    Judge,
    MergedText,
    MergeTexts,
    ReadReport,
    ReportFacts,
    Unreadable,
)
from s3eval.plugin_calls import described
from s3eval.tasks.questions import QUESTIONS
from s3eval.terminal import without_paths
from s3eval.vocabulary import LOCALIZING

if TYPE_CHECKING:
    from s3eval.judge import JudgeRequest

__all__ = [
    "announce",
    "announces",
    "checked",
    "known_merges",
    "placeholders",
    "serve",
    "why_unserved",
]

_EXPECTED: Mapping[type, type] = {
    ReadReport: ReportFacts,
    AnswerQuestions: FeatureAnswers,
    MergeTexts: MergedText,
}


def serve(judge: Judge, requests: Iterable[JudgeRequest]) -> dict[JudgeRequest, Any]:
    """What the judge makes of each distinct request.

    A judge that raises, gives too few results or results of another type has not read what it
    was asked: those requests are `Unreadable` with the judge and the reason named, and the rest
    stands. So are requests that this judge was not made for (`Judge.serves`).

    Raises:
        S3EvalError: the judge stopped (a budget spent, no access); what it read is kept by it.
    """
    named = list(requests)
    _refuse_two_wordings(named)
    wanted = list(dict.fromkeys(named))
    unserved = {r: Unreadable(reason) for r in wanted if (reason := why_unserved(judge, r))}
    distinct = [r for r in wanted if r not in unserved]
    return {**unserved, **_served(judge, distinct)} if distinct else {**unserved}


def _served(judge: Judge, distinct: Sequence[JudgeRequest]) -> dict[JudgeRequest, Any]:
    try:
        results: Sequence[Any] = judge.answer(distinct)
    except (S3EvalError, MemoryError, KeyboardInterrupt):
        raise
    except BaseException as error:  # a plugin may raise anything, SystemExit included
        reason = f"{_named(judge)} failed: {_cut(error)}"
        return {r: Unreadable(reason, is_fault=True) for r in distinct}
    if not isinstance(results, (list, tuple)) or len(results) != len(distinct):
        count = len(results) if isinstance(results, (list, tuple)) else type(results).__name__
        reason = f"{_named(judge)} gave {count} results for {len(distinct)} requests"
        return {r: Unreadable(reason, is_fault=True) for r in distinct}
    return {
        r: checked(_named(judge), r, result) for r, result in zip(distinct, results, strict=True)
    }


def announces(judge: Judge) -> bool:
    """Whether the judge wants to know beforehand what it will be asked."""
    return type(judge).announce is not Judge.announce


def announce(judge: Judge, requests: Iterable[JudgeRequest]) -> None:
    """Hand the judge everything a command is going to ask of it.

    Raises:
        S3EvalError: the judge stops here (a budget of no calls), or failed.
    """
    _called(judge, "was told what it will be asked", judge.announce, _servable(judge, requests))


def known_merges(judge: Judge, requests: Iterable[JudgeRequest]) -> dict[JudgeRequest, Any]:
    """Of the merging that is wanted, what the judge did earlier and keeps.

    Raises:
        S3EvalError: the judge failed.
    """
    wanted = _servable(judge, requests)
    kept = _called(judge, "looked up what it keeps", judge.kept, wanted)
    return {r: checked(_named(judge), r, kept[r]) for r in wanted if r in kept}


def placeholders(requests: Iterable[JudgeRequest]) -> dict[JudgeRequest, Any]:
    """What merging may come to, for estimating what reading will take: the texts, joined.

    >>> [m.text for m in placeholders([MergeTexts(("He stares.", "He jerks."), "report")]).values()]
    ['He stares. He jerks.']
    """
    return {
        r: MergedText(" ".join(dict.fromkeys(r.texts)))
        for r in requests
        if isinstance(r, MergeTexts)
    }


def why_unserved(judge: Judge, request: JudgeRequest) -> str:
    """Why a judge does not serve a request, "" where it does."""
    if isinstance(request, AnswerQuestions) and request.feature not in QUESTIONS:
        return f"there are no questions about '{request.feature}'"
    if _serves(judge, request):
        return ""
    wanted = request.extraction.name if isinstance(request, Extract) else type(request).__name__
    return f"{_named(judge)} cannot read '{wanted}'; --judge NAME with one that reads anything"


def _serves(judge: Judge, request: JudgeRequest) -> bool:
    """Whether a judge says that it serves such requests.

    Raises:
        S3EvalError: it says something else than classes.
    """
    try:
        return isinstance(request, judge.serves)
    except (MemoryError, KeyboardInterrupt):
        raise
    except BaseException as error:  # a plugin may raise anything, SystemExit included
        what = f"Expected what {_named(judge)} serves to be classes of requests"
        raise S3EvalError(what, where=type(judge).__module__, why=_cut(error)) from error


def _called(judge: Judge, when: str, call: Callable[..., Any], requests: Any) -> Any:
    try:
        return call(requests)
    except (S3EvalError, MemoryError, KeyboardInterrupt):
        raise
    except BaseException as error:  # a plugin may raise anything, SystemExit included
        what = f"{_named(judge)} failed when it {when}"
        raise S3EvalError(what[0].upper() + what[1:], why=_cut(error)) from error


def _cut(error: BaseException) -> str:
    return without_paths(described(error))[:300]


def _servable(judge: Judge, requests: Iterable[JudgeRequest]) -> list[JudgeRequest]:
    return [r for r in dict.fromkeys(requests) if not why_unserved(judge, r)]


def _refuse_two_wordings(requests: Iterable[JudgeRequest]) -> None:
    """Extractions are told apart by name and version alone, so those must be enough."""
    known: dict[Extraction, Extraction] = {}
    for request in requests:
        if not isinstance(request, Extract):
            continue
        wanted = request.extraction
        first = known.setdefault(wanted, wanted)
        if (first.instructions, first.schema) != (wanted.instructions, wanted.schema):
            raise S3EvalError(
                f"Two extractions are called '{wanted.name}', version {wanted.version}, "
                "and ask different things",
                fix="another name, or another version, in the task that states it",
            )


def checked(judge: str, request: JudgeRequest, result: Any) -> Any:
    """A judge's result, or `Unreadable` where it is not what the request wants.

    Args:
        judge: as messages name it.

    >>> checked("judge 'odd'", ReadReport("He stares."), "a text").reason
    "judge 'odd': expected ReportFacts, but got str"
    """
    try:
        return _checked(judge, request, result)
    except (MemoryError, KeyboardInterrupt):
        raise
    except BaseException as error:  # what a result's own code raises
        return Unreadable(f"{judge}: its result cannot be read: {_cut(error)}", is_fault=True)


def _checked(judge: str, request: JudgeRequest, result: Any) -> Any:
    if isinstance(result, Unreadable):
        return _readable_reason(judge, result)
    expected = _EXPECTED.get(type(request))
    if expected is not None and not isinstance(result, expected):
        wrong = f"expected {expected.__name__}, but got {type(result).__name__}"
    elif isinstance(result, MergedText):
        wrong = _wrong_text(result)
    elif isinstance(result, ReportFacts):
        wrong = _wrong_facts(result)
    elif isinstance(result, FeatureAnswers):
        wrong = _wrong_answers(result, request)
    else:
        wrong = ""
    return Unreadable(f"{judge}: {wrong}", is_fault=True) if wrong else result


def _readable_reason(judge: str, given: Unreadable) -> Unreadable:
    """Why it could not be read, as text of one line without paths, and facts that can be kept."""
    if not isinstance(given.reason, str) or not isinstance(given.raw, str):
        wrong = "expected the reason of what is unreadable to be text"
        return Unreadable(f"{judge}: {wrong}", is_fault=True)
    try:
        json.dumps(dict(given.record), allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        wrong = "expected the record of what is unreadable to be JSON"
        return Unreadable(f"{judge}: {wrong}", is_fault=True)
    reason = without_paths(" ".join(given.reason.split()))
    return given if reason == given.reason else replace(given, reason=reason)


def _wrong_text(merged: MergedText) -> str:
    if isinstance(merged.text, str):
        return ""
    return f"expected the merged text, but got {type(merged.text).__name__}"


def _wrong_facts(facts: ReportFacts) -> str:
    """What is wrong with a report's facts; a feature may be one that nobody knows."""
    for name in ("sections", "features"):
        if not _are_words(getattr(facts, name)):
            return f"expected '{name}' to be a tuple of names"
    localizing = facts.localizing
    if not isinstance(localizing, Mapping) or any(
        not isinstance(localizing.get(name), str) for name in LOCALIZING
    ):
        return f"expected 'localizing' to hold a word for each of {', '.join(LOCALIZING)}"
    if not isinstance(facts.words, int):
        return "expected 'words' to be a whole number"
    return ""


def _wrong_answers(given: FeatureAnswers, request: JudgeRequest) -> str:
    if isinstance(request, AnswerQuestions) and given.feature != request.feature:
        return f"expected answers about '{request.feature}', but got '{given.feature}'"
    answers = given.answers
    if not isinstance(answers, Mapping) or any(
        not isinstance(a, str) and not _are_words(a) for a in answers.values()
    ):
        return "expected 'answers' to hold a word, or a tuple of words, for each question"
    return ""


def _are_words(value: Any) -> bool:
    return isinstance(value, (tuple, list)) and all(isinstance(v, str) for v in value)


def _named(judge: Judge) -> str:
    try:
        name = str(dict(judge.identity()).get("judge") or type(judge).__name__)
    except (MemoryError, KeyboardInterrupt):
        raise
    except BaseException:  # a plugin may raise anything, SystemExit included
        name = type(judge).__name__
    return f"judge '{name}'"
