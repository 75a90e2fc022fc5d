"""Options and steps of the verbs that ask models: run and sweep."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from s3eval.cli.common import Progress, key_values, names
from s3eval.cli.judging_options import JudgeChoice, judge_options
from s3eval.errors import S3EvalError
from s3eval.vocabulary import PROTOCOLS, Protocol

if TYPE_CHECKING:
    from s3eval.dataset import Dataset
    from s3eval.judge import Judge
    from s3eval.model import Answer
    from s3eval.plugins import Registry
    from s3eval.running.evaluate import Evaluation
    from s3eval.specs import ModelSpec

__all__ = ["Request", "evaluation_options", "reporter", "say"]

# Tasks whose windows are merged, or whose scores are read, by a judge.
JUDGED = frozenset({"justification", "report"})

_OPTIONS = (
    click.option("--tasks", "-t", multiple=True, required=True, help="Task names, or 'all'."),
    click.option("--data", "-d", required=True, help="Dataset folder."),
    click.option(
        "--out", "-o", type=click.Path(path_type=Path), required=True, help="Where runs go."
    ),
    click.option("--protocol", type=click.Choice(PROTOCOLS), default="paper", show_default=True),
    click.option("--limit", type=click.IntRange(1), help="Only the first N videos."),
    click.option("--videos", multiple=True, help="Only these videos."),
    click.option("--folds", multiple=True, help="Only these folds (0 is the test set)."),
    click.option("--seed", type=int, default=0, show_default=True),
    click.option("--profile", default="", help="Sampling profile instead of the model's own."),
    click.option("--sampling", multiple=True, metavar="KEY=VALUE", help="Change the profile."),
    click.option("--model-option", multiple=True, metavar="KEY=VALUE", help="Option of the model."),
    click.option(
        "--task-option", multiple=True, metavar="TASK.KEY=VALUE", help="Option of a task."
    ),
    click.option(
        "--reuse", multiple=True, type=click.Path(path_type=Path), help="Runs to read from."
    ),
    click.option("--retry-failed", is_flag=True, help="Ask again what failed before."),
    click.option("--dry-run", is_flag=True, help="Show what would be asked; ask nothing."),
    click.option(
        "--resamples", type=click.IntRange(20), default=2000, help="Of the 95 % intervals."
    ),
)


def evaluation_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What to ask about what: tasks, data, selection, sampling, options, judge, privacy."""
    command = judge_options(command)
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@dataclass(frozen=True)
class Request:
    """The options of an evaluation, understood. Nothing is loaded or asked yet.

    ``dataset`` is what is asked about, ``whole`` what trivial answerers may learn from.
    """

    tasks: tuple[str, ...]
    dataset: Dataset
    whole: Dataset
    path: str
    selection: Mapping[str, Any]
    protocol: Protocol
    seed: int
    profile: str
    sampling: Mapping[str, Any]
    model_options: Mapping[str, Any]
    task_options: Mapping[str, Mapping[str, Any]]
    reuse: tuple[Path, ...]
    retry_failed: bool
    judging: JudgeChoice

    @classmethod
    def of(cls, options: Mapping[str, Any], judging: JudgeChoice, registry: Registry) -> Request:
        """Read the command's options.

        Raises:
            S3EvalError: wrong values, unknown tasks, no such dataset, nothing selected.
        """
        from s3eval.cli.datasets import open_dataset
        from s3eval.running.store import stores_below

        tasks = names(options["tasks"])
        tasks = registry.names("task") if tasks == ("all",) else tasks
        for name in tasks:
            registry.get("task", name)
        folds = _folds(options["folds"])
        selection = {
            "limit": options["limit"],
            "folds": folds,
            "videos": [*names(options["videos"])] or None,
        }
        whole = open_dataset(options["data"])
        dataset = whole.select(**selection)
        if not len(dataset):
            why = f"there is none in folds {', '.join(map(str, folds))}" if folds else ""
            raise S3EvalError("No video is selected", where=options["data"], why=why)
        return cls(
            tasks=tasks,
            dataset=dataset,
            whole=whole,
            path=str(options["data"]),
            selection={k: v for k, v in selection.items() if v is not None},
            protocol=options["protocol"],
            seed=options["seed"],
            profile=options["profile"],
            sampling=key_values(options["sampling"], "--sampling"),
            model_options=key_values(options["model_option"], "--model-option"),
            task_options=_task_options(options["task_option"], tasks),
            reuse=tuple(stores_below(options["reuse"])),
            retry_failed=options["retry_failed"],
            judging=judging,
        )

    @property
    def judged(self) -> bool:
        """Whether any of the tasks needs a judge."""
        return bool(JUDGED & {*self.tasks})

    def evaluation(
        self, spec: ModelSpec, out: Path, judge: Judge | None, **changes: Any
    ) -> Evaluation:
        """The evaluation of one model.

        Args:
            changes: sampling, model_options, task_options, profile or reuse of this one.

        Raises:
            S3EvalError: the model may send clips off this machine, and that was not allowed.
        """
        from s3eval.judging.load import remote_options
        from s3eval.running.evaluate import Evaluation

        given = changes.pop("model_options", self.model_options)
        allowed = remote_options(
            spec, given, allow_remote=self.judging.allow_remote, phi=self.judging.phi
        )
        settings = {
            "profile": self.profile,
            "sampling": self.sampling,
            "task_options": self.task_options,
            "reuse": self.reuse,
            **changes,
        }
        return Evaluation(
            model=spec.name,
            tasks=self.tasks,
            dataset=self.dataset,
            dataset_path=self.path,
            out=out,
            protocol=self.protocol,
            seed=self.seed,
            model_options=allowed,
            selection=self.selection,
            retry_failed=self.retry_failed,
            judge=judge,
            **settings,
        )


def _folds(values: tuple[str, ...]) -> list[int] | None:
    try:
        return [int(v) for v in names(values)] or None
    except ValueError as error:
        raise S3EvalError("Expected --folds to be whole numbers", why=str(error)) from error


def _task_options(pairs: tuple[str, ...], tasks: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    from s3eval.errors import UnknownNameError

    found: dict[str, dict[str, Any]] = {}
    for key, value in key_values(pairs, "--task-option").items():
        task, dot, name = key.partition(".")
        if not dot:
            raise S3EvalError(f"Expected --task-option TASK.KEY=VALUE, but got '{key}'")
        if task not in tasks:
            raise UnknownNameError("task in --task-option", task, tasks, fix="one of --tasks")
        found.setdefault(task, {})[name] = value
    return found


def reporter(label: str) -> Callable[[int], Any]:
    """A progress display for `evaluate`: handed the number of questions, told of each answer."""

    @contextmanager
    def of(total: int) -> Iterator[Callable[[Answer, bool], None]]:
        with Progress.bar(label, total) as advance:
            yield lambda answer, old: advance(1)

    return of


def say(line: str) -> None:
    """A line about what is going on, on stderr, where it disturbs no JSON."""
    click.echo(line, err=True)
