"""The paper's seven tasks as they are installed: found by their number, never by a name."""

from __future__ import annotations

from functools import cache

from s3eval.errors import S3EvalError
from s3eval.plugins import installed
from s3eval.task import Task

__all__ = ["task_numbered"]


@cache
def task_numbered(number: int) -> Task:
    """The installed task with that number in the paper.

    Raises:
        S3EvalError: none is installed.

    >>> task_numbered(1).name
    'recognition'
    """
    for plugin in installed().of("task"):
        if plugin.spec.number == number:
            task: Task = plugin.spec.load().load(plugin.spec)
            return task
    raise S3EvalError(
        f"No task with number {number} is installed",
        fix="pip install s3eval-finetune, which brings the paper's seven",
    )
