"""Calling a task's own code: what it raises becomes a fault of that task, and the rest goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from s3eval.errors import MachineError, StopRunError
from s3eval.plugin_calls import fault_of, plugin_output
from s3eval.running.guarded import TaskFaultError
from s3eval.terminal import without_paths

__all__ = ["Fault", "Guard"]

T = TypeVar("T")
_LONGEST_REASON = 500


@dataclass(frozen=True)
class Fault:
    """What a task's own code could not do.

    >>> print(Fault("gait", "s3eval-task-gait", "scoring", "ValueError: no rows"))
    task 'gait' (s3eval-task-gait) failed while scoring: ValueError: no rows
    """

    task: str
    package: str
    step: str
    reason: str

    def __str__(self) -> str:
        return f"task '{self.task}' ({self.package}) failed while {self.step}: {self.reason}"


class Guard:
    """Calls tasks' code and keeps what went wrong.

    Args:
        packages: the distribution of each task.
        earlier: what went wrong before.
    """

    def __init__(self, packages: Mapping[str, str], earlier: Iterable[Fault] = ()) -> None:
        self.packages = packages
        self.faults: list[Fault] = [*earlier]

    def call(self, task: str, step: str, work: Callable[[], T], otherwise: T) -> T:
        """What ``work`` returns, or ``otherwise`` where it raises.

        Raises:
            MachineError, StopRunError, KeyboardInterrupt, MemoryError: those end more than a task.
        """
        try:
            with plugin_output():
                return work()
        except (MachineError, StopRunError, KeyboardInterrupt, MemoryError):
            raise
        except BaseException as error:  # a plugin may raise anything, SystemExit included
            reason = error.why if isinstance(error, TaskFaultError) else fault_of(error)
            self.note(task, step, reason)
            return otherwise

    def note(self, task: str, step: str, reason: str) -> None:
        """Keep what went wrong with a task, once."""
        fault = Fault(
            task, self.packages.get(task, "unknown"), step, without_paths(reason)[:_LONGEST_REASON]
        )
        if fault not in self.faults:
            self.faults.append(fault)

    def note_once(self, task: str, step: str, reason: str) -> None:
        """Keep what went wrong first with a step of a task; one that fails does so many times."""
        if not any((fault.task, fault.step) == (task, step) for fault in self.faults):
            self.note(task, step, reason)
