"""Serving a whole stage of requests by a judge, and checking what it gives back.

What tasks want of a judge is known before it is asked (`Task.merge_requests`,
`Task.read_requests`), so all of it, over all videos, tasks and runs, goes to the judge as one
list: merging first, then reading.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from s3eval.errors import S3EvalError
from s3eval.judge import (
    AnswerQuestions,
    Extract,
    FeatureAnswers,
    MergedText,
    MergeTexts,
    ReadReport,
    ReportFacts,
    Unreadable,
)

if TYPE_CHECKING:
    from s3eval.judge import Judge, JudgeRequest

__all__ = ["placeholders", "serve", "why_unserved"]

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
    wanted = list(dict.fromkeys(requests))
    unserved = {r: Unreadable(reason) for r in wanted if (reason := why_unserved(judge, r))}
    distinct = [r for r in wanted if r not in unserved]
    return {**unserved, **_served(judge, distinct)} if distinct else {**unserved}


def _served(judge: Judge, distinct: Sequence[JudgeRequest]) -> dict[JudgeRequest, Any]:
    try:
        results: Sequence[Any] = judge.answer(distinct)
    except (S3EvalError, MemoryError, KeyboardInterrupt):
        raise
    except BaseException as error:  # a plugin may raise anything, SystemExit included
        reason = f"{type(error).__name__}: {error}"
        return {r: Unreadable(f"{_named(judge)} failed: {reason}") for r in distinct}
    if not isinstance(results, (list, tuple)) or len(results) != len(distinct):
        count = len(results) if isinstance(results, (list, tuple)) else type(results).__name__
        reason = f"{_named(judge)} gave {count} results for {len(distinct)} requests"
        return {r: Unreadable(reason) for r in distinct}
    return {r: _checked(judge, r, result) for r, result in zip(distinct, results, strict=True)}


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
    if isinstance(request, judge.serves):
        return ""
    wanted = request.extraction.name if isinstance(request, Extract) else type(request).__name__
    return f"{_named(judge)} cannot read '{wanted}'; --judge NAME with one that reads anything"


def _checked(judge: Judge, request: JudgeRequest, result: Any) -> Any:
    if isinstance(result, Unreadable):
        return result
    expected = _EXPECTED.get(type(request))
    if expected is not None and not isinstance(result, expected):
        reason = f"expected {expected.__name__}, but got {type(result).__name__}"
        return Unreadable(f"{_named(judge)}: {reason}")
    if isinstance(result, MergedText) and not isinstance(result.text, str):
        reason = f"expected the merged text, but got {type(result.text).__name__}"
        return Unreadable(f"{_named(judge)}: {reason}")
    return result


def _named(judge: Judge) -> str:
    try:
        name = str(dict(judge.identity()).get("judge") or type(judge).__name__)
    except Exception:
        name = type(judge).__name__
    return f"judge '{name}'"
