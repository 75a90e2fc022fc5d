"""Options and steps of the verbs that ask models: run and sweep."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from s3eval.cli.common import key_values, names, outside_option
from s3eval.cli.judging_options import judge_options
from s3eval.errors import S3EvalError
from s3eval.vocabulary import PROTOCOLS

if TYPE_CHECKING:
    from s3eval.api.evaluating import Request
    from s3eval.api.judges import JudgeChoice

__all__ = ["evaluation_options", "request_of"]

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
    outside_option,
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
    click.option(
        "--replace", is_flag=True, help="Begin a run in OUT anew that this one cannot continue."
    ),
    click.option(
        "--no-wait", is_flag=True, help="Refuse where another run is at work in OUT; else wait."
    ),
    click.option(
        "--executor", default="local", show_default=True, help="Where videos are asked about."
    ),
    click.option("--dry-run", is_flag=True, help="Show what would be asked; ask nothing."),
    click.option(
        "--resamples",
        type=click.IntRange(20),
        default=2000,
        help="Draws of patients behind each 95 % interval.",
    ),
)


def evaluation_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What to ask about what: tasks, data, selection, sampling, options, judge, privacy."""
    command = judge_options(command)
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def request_of(options: Mapping[str, Any], judging: JudgeChoice) -> Request:
    """Read the command's options.

    Raises:
        S3EvalError: wrong values, unknown tasks, no such dataset, nothing selected.
    """
    from s3eval.api.evaluating import prepare
    from s3eval.running.settings import Settings

    settings = Settings(
        model="",
        tasks=names(options["tasks"]),
        data=options["data"],
        protocol=options["protocol"],
        seed=options["seed"],
        profile=options["profile"],
        sampling=key_values(options["sampling"], "--sampling"),
        model_options=key_values(options["model_option"], "--model-option"),
        task_options=_task_options(options["task_option"]),
        selection={
            "limit": options["limit"],
            "folds": _folds(options["folds"]),
            "videos": [*names(options["videos"])] or None,
            "outside": options["allow_outside"],
        },
    )
    return prepare(
        settings,
        None,
        judging,
        options["reuse"],
        options["retry_failed"],
        options["replace"],
        not options["no_wait"],
        options["executor"],
    )


def _folds(values: tuple[str, ...]) -> list[int] | None:
    try:
        return [int(v) for v in names(values)] or None
    except ValueError as error:
        raise S3EvalError("Expected --folds to be whole numbers", why=str(error)) from error


def _task_options(pairs: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    options: dict[str, dict[str, Any]] = {}
    for key, value in key_values(pairs, "--task-option").items():
        task, dot, name = key.partition(".")
        if not dot:
            raise S3EvalError(f"Expected --task-option TASK.KEY=VALUE, but got '{key}'")
        options.setdefault(task, {})[name] = value
    return options
