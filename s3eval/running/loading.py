"""Loading the tasks of a run, with what each offers to others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from s3eval.errors import S3EvalError
from s3eval.plugin_calls import adapter_of, call_plugin
from s3eval.running.guarded import guarded
from s3eval.running.task_results import checked_items
from s3eval.task import Finding, Task
from s3eval.tasks.items import refuse_unknown_options

if TYPE_CHECKING:
    from s3eval.plugins import Registry
    from s3eval.specs import TaskSpec

__all__ = ["Findings", "LoadedTasks", "load_task", "load_tasks"]

#: By task name.
Findings = Mapping[str, Sequence[Finding]]


@dataclass(frozen=True)
class LoadedTasks:
    """Task instances by name, with what each offers to others.

    Attributes:
        by_name: in the order asked for.
        provides: task name to what it offers (`TaskSpec.provides`).
        judged: names of those that want a judge.
        packages: the distribution that each came from, for messages.
    """

    by_name: Mapping[str, Task]
    provides: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    judged: frozenset[str] = frozenset()
    packages: Mapping[str, str] = field(default_factory=dict)

    def providing(self, what: str) -> tuple[str, ...]:
        """The names of the tasks that offer something, e.g. "features"."""
        return tuple(name for name, offers in self.provides.items() if what in offers)

    @property
    def offered(self) -> frozenset[str]:
        """All that these tasks offer each other."""
        return frozenset(what for offers in self.provides.values() for what in offers)

    def provided(self, findings: Findings) -> dict[str, Sequence[Finding]]:
        """Findings by what their task offers."""
        return {
            what: findings[name]
            for name, offers in self.provides.items()
            if name in findings
            for what in offers
        }

    def check_options(self, options: Mapping[str, Mapping[str, Any]]) -> None:
        """An option that a task does not take is an error, never ignored.

        Raises:
            S3EvalError: names the option, and what the task takes.
        """
        for name, given in options.items():
            known = self.by_name[name].options if name in self.by_name else ()
            refuse_unknown_options(name, given, known)


def load_task(name: str, registry: Registry | None = None) -> Task:
    """An instance of the task of that name.

    Raises:
        S3EvalError: unknown, its needs are missing, or its adapter is no task.
    """
    return load_tasks([name], registry).by_name[name]


def load_tasks(names: Iterable[str], registry: Registry | None = None) -> LoadedTasks:
    """Instances of several tasks.

    Raises:
        S3EvalError: as `load_task`.
    """
    from s3eval.plugins import installed

    known = registry or installed()
    tasks: dict[str, Task] = {}
    provides, judged, packages = {}, set(), {}
    for name in names:
        plugin = known.get("task", name)
        what = f"Loading task '{name}'"
        adapter = adapter_of(plugin, Task)  # type: ignore[type-abstract]
        task = call_plugin(what, plugin.package, partial(_instance, adapter, plugin.spec))
        tasks[name] = guarded(task, plugin.package)
        provides[name] = plugin.spec.provides
        packages[name] = plugin.package
        if plugin.spec.judged:
            judged.add(name)
    return LoadedTasks(tasks, provides, frozenset(judged), packages)


def _instance(adapter: type[Task], spec: TaskSpec) -> Task:
    task: Any = adapter.load(spec)
    if not isinstance(task, Task) or task.name != spec.name:
        raise S3EvalError(
            f"Expected load() to give the task '{spec.name}', but got {type(task).__name__}"
        )
    if not isinstance(task.options, Mapping):
        raise S3EvalError(f"Expected the options of task '{spec.name}' to be a mapping")
    if not isinstance(task.headline, str):
        raise S3EvalError(f"Expected the headline of task '{spec.name}' to be text")
    checked_items(task)
    checked: Task = task
    return checked
