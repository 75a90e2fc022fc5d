"""The hooks a plugin may implement: each returns specs, small facts that import nothing.

A plugin is a module named by an entry point in the group ``s3eval``.

>>> from s3eval import ModelSpec, hookimpl
>>> @hookimpl
... def s3eval_models():
...     return [ModelSpec("mine", adapter="my_package.adapter:Mine", sees=True)]
"""

from __future__ import annotations

from collections.abc import Iterable

import pluggy

from s3eval.specs import (
    CommandSpec,
    DatasetSpec,
    ExecutorSpec,
    ExporterSpec,
    ImporterSpec,
    JudgeSpec,
    ModelSpec,
    PublishedSpec,
    RunEndSpec,
    Spec,
    TaskSpec,
)

__all__ = ["GROUP", "HOOKS", "Hooks", "hookimpl", "hookspec"]

GROUP = "s3eval"
hookspec = pluggy.HookspecMarker(GROUP)
hookimpl = pluggy.HookimplMarker(GROUP)


class Hooks:
    """What a plugin may bring."""

    @hookspec
    def s3eval_models(self) -> Iterable[ModelSpec]:  # type: ignore[empty-body]
        """Models: they watch a clip and answer questions about it."""

    @hookspec
    def s3eval_tasks(self) -> Iterable[TaskSpec]:  # type: ignore[empty-body]
        """Tasks: they ask about clips and score the answers."""

    @hookspec
    def s3eval_judges(self) -> Iterable[JudgeSpec]:  # type: ignore[empty-body]
        """Judges: they read free text."""

    @hookspec
    def s3eval_datasets(self) -> Iterable[DatasetSpec]:  # type: ignore[empty-body]
        """Datasets and dataset formats, opened as ``NAME:PATH``."""

    @hookspec
    def s3eval_commands(self) -> Iterable[CommandSpec]:  # type: ignore[empty-body]
        """Verbs of the command line."""

    @hookspec
    def s3eval_importers(self) -> Iterable[ImporterSpec]:  # type: ignore[empty-body]
        """Formats that ``s3eval data import`` reads."""

    @hookspec
    def s3eval_exporters(self) -> Iterable[ExporterSpec]:  # type: ignore[empty-body]
        """Formats that ``s3eval export`` and ``s3eval data export`` write."""

    @hookspec
    def s3eval_executors(self) -> Iterable[ExecutorSpec]:  # type: ignore[empty-body]
        """Ways of putting a run's questions: in this process, on several machines."""

    @hookspec
    def s3eval_published(self) -> Iterable[PublishedSpec]:  # type: ignore[empty-body]
        """Published results, shown beside a run's own."""

    @hookspec
    def s3eval_run_ends(self) -> Iterable[RunEndSpec]:  # type: ignore[empty-body]
        """What can be done with a run when it ends: send it to a tracker, notify somebody."""


#: kind -> (hook, type of its specs). The kind is the singular that messages use.
HOOKS: dict[str, tuple[str, type[Spec]]] = {
    "model": ("s3eval_models", ModelSpec),
    "task": ("s3eval_tasks", TaskSpec),
    "judge": ("s3eval_judges", JudgeSpec),
    "dataset": ("s3eval_datasets", DatasetSpec),
    "command": ("s3eval_commands", CommandSpec),
    "importer": ("s3eval_importers", ImporterSpec),
    "exporter": ("s3eval_exporters", ExporterSpec),
    "executor": ("s3eval_executors", ExecutorSpec),
    "published": ("s3eval_published", PublishedSpec),
    "run end": ("s3eval_run_ends", RunEndSpec),
}
