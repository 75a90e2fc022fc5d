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

__all__ = ["placeholders", "serve"]

_EXPECTED: Mapping[type, type] = {
    ReadReport: ReportFacts,
    AnswerQuestions: FeatureAnswers,
    MergeTexts: MergedText,
}


def serve(judge: Judge, requests: Iterable[JudgeRequest]) -> dict[JudgeRequest, Any]:
    """What the judge makes of each distinct request.

    A judge that raises, gives too few results or results of another type has not read what it
    was asked: those requests are `Unreadable` with the judge and the reason named, and the rest
    stands.

    Raises:
        S3EvalError: the judge cannot serve a kind of request, or stopped (a budget spent, no
            access); what it read is kept by the judge.
    """
    distinct = list(dict.fromkeys(requests))
    _refuse_unserved(judge, distinct)
    if not distinct:
        return {}
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


def _refuse_unserved(judge: Judge, requests: Sequence[JudgeRequest]) -> None:
    for request in requests:
        if isinstance(request, judge.serves):
            continue
        wanted = request.extraction.name if isinstance(request, Extract) else "this request"
        raise S3EvalError(
            f"{_named(judge).capitalize()} cannot read '{wanted}'",
            why="it reads only what it was made for",
            fix="--judge NAME with a judge that reads anything (s3eval list judges), or none",
        )


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
