"""A task whose own code names itself where it fails, whoever calls it.

Scoring, comparing, reports and viewers all call tasks. What a task raises there is its fault, with
its package and the line of its code, and what it gives back as scores is checked, once, here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from s3eval.errors import MachineError, S3EvalError, StopRunError
from s3eval.facts.tally import Tally
from s3eval.plugin_calls import fault_of, is_out_of_memory, no_memory
from s3eval.running.task_results import CheckedTallies, checked_tallies
from s3eval.task import Task

__all__ = ["TaskFaultError", "guarded"]

#: Methods that are called from many places, and what each does, in words.
_STEPS = {
    "tallies": "scoring",
    "baselines": "making the answers of its baselines",
    "truth": "naming the truth",
    "items": "listing its items",
    "merge_requests": "naming what to merge",
    "read_requests": "naming what to read",
    "reader_finding": "reading a reader's answer",
}


class TaskFaultError(S3EvalError):
    """A task's own code failed; `why` is what it raised, without the task."""

    def __init__(self, task: str, package: str, step: str, why: str) -> None:
        super().__init__(f"Task '{task}' failed while {step}", where=package, why=why)


def guarded(task: Task, package: str) -> Task:
    """The same task, the methods above of which raise `TaskFaultError` whatever their code raises.

    >>> class Broken(Task):
    ...     name = "gait"
    ...     inquiries = read = combine = None
    ...     def tallies(self, findings, context):
    ...         return 1 / 0
    >>> guarded(Broken(), "gait-package").tallies([], None)
    Traceback (most recent call last):
    s3eval.running.guarded.TaskFaultError: Task 'gait' failed while scoring (gait-package): ZeroDivisionError: division by zero.
    """  # noqa: E501
    for name, step in _STEPS.items():
        method = _method(task, name)
        if name == "tallies":
            method = _checked(task, package, method)
        object.__setattr__(task, name, _guarded(task, package, method, step))
    return task


def _checked(task: Task, package: str, tallies: Callable[..., Any]) -> Callable[..., Any]:
    """The task's scores, looked at as they come: their formulas are its code too."""

    def checked(findings: Any, context: Any) -> CheckedTallies:
        given = checked_tallies(task, tallies(findings, context), context.dataset)
        return CheckedTallies(_with_named_formula(t, task.name, package) for t in given)

    return checked


def _with_named_formula(tally: Tally, task: str, package: str) -> Tally:
    """A formula of the task's own names it where it fails later, on what was drawn anew."""
    if str(getattr(tally.formula, "__module__", "")).partition(".")[0] == "s3eval":
        return tally
    return replace(tally, formula=_Formula(tally.formula, task, package))


@dataclass(frozen=True)
class _Formula:
    formula: Callable[[Any], Any]
    task: str
    package: str

    def __call__(self, sums: Any) -> Any:
        try:
            return self.formula(sums)
        except (MachineError, StopRunError, KeyboardInterrupt):
            raise
        except BaseException as error:  # a plugin may raise anything, SystemExit included
            if is_out_of_memory(error):
                raise no_memory() from error
            step = "computing a score"
            raise TaskFaultError(self.task, self.package, step, fault_of(error)) from error


def _method(task: Task, name: str) -> Callable[..., Any]:
    """The task's own method: of its class as that is when it is called, or set on the instance."""
    if name in vars(task):
        own: Callable[..., Any] = vars(task)[name]
        return own
    return lambda *arguments, **named: getattr(type(task), name)(task, *arguments, **named)


def _guarded(task: Task, package: str, method: Callable[..., Any], step: str) -> Any:
    def call(*arguments: Any, **named: Any) -> Any:
        try:
            return method(*arguments, **named)
        except (TaskFaultError, MachineError, StopRunError, KeyboardInterrupt):
            raise
        except BaseException as error:  # a plugin may raise anything, SystemExit included
            if is_out_of_memory(error):
                raise no_memory() from error
            raise TaskFaultError(task.name, package, step, fault_of(error)) from error

    return call
