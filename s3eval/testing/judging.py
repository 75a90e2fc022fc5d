"""A context in which a judge has served what a task wants, for tests of tasks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from s3eval.judging.stages import serve

if TYPE_CHECKING:
    from s3eval.judge import Judge, JudgeRequest
    from s3eval.task import ScoringContext

__all__ = ["served"]


def served(
    context: ScoringContext, judge: Judge | None, requests: Iterable[JudgeRequest]
) -> ScoringContext:
    """The context with what the judge made of the requests; unchanged without a judge.

    Args:
        requests: e.g. ``task.read_requests(findings, context)``.
    """
    return context if judge is None else replace(context, judged=serve(judge, requests))
