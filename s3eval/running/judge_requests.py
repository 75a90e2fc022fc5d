"""What a task wants of the judge, checked before the judge is handed it."""

from __future__ import annotations

from typing import Any

from s3eval.errors import S3EvalError
from s3eval.judge import (
    AnswerQuestions,
    Extract,
    Extraction,
    JudgeRequest,
    MergeTexts,
    ReadReport,
)
from s3eval.plugin_calls import at_most
from s3eval.running.task_results import MOST_RESULTS

__all__ = ["requests_of"]


def requests_of(step: Any, *arguments: Any) -> list[Any]:
    """What a task wants of the judge, as a list; what is no request is its fault."""
    requests = at_most(step(*arguments), MOST_RESULTS, "requests to a judge")
    for request in requests:
        if not isinstance(request, (ReadReport, AnswerQuestions, MergeTexts, Extract)):
            raise S3EvalError(f"Expected requests to a judge, but got {type(request).__name__}")
        hash(request)
        _check_request(request)
    return requests


def _check_request(request: JudgeRequest) -> None:
    if isinstance(request, MergeTexts):
        texts: list[Any] = [*request.texts, request.kind]
    else:
        texts = [request.text, request.feature if isinstance(request, AnswerQuestions) else ""]
    if not all(isinstance(text, str) for text in texts):
        raise S3EvalError("Expected requests to a judge about text")
    if isinstance(request, Extract) and not isinstance(request.extraction, Extraction):
        got = type(request.extraction).__name__
        raise S3EvalError(f"Expected a request to a judge with an Extraction, but got {got}")
