"""Options and steps of the verbs that ask models: run and sweep."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from s3eval.api.asking import COMBINATIONS, FRAME_MEMORY, Asking, asking_by
from s3eval.cli.common import key_values, names, outside_option, seed_option
from s3eval.cli.judging_options import judge_options
from s3eval.errors import S3EvalError
from s3eval.reporting.progress import STYLES
from s3eval.vocabulary import PROTOCOLS

if TYPE_CHECKING:
    from s3eval.api.evaluating import Reporting
    from s3eval.api.judges import JudgeChoice
    from s3eval.api.requests import Request

__all__ = [
    "asking_of",
    "asking_options",
    "evaluation_options",
    "folds_of",
    "progress_of",
    "request_of",
    "task_options_of",
]

_ASKING = (
    click.option(
        "--executor",
        default="local",
        show_default=True,
        help="What distributes the videos (s3eval list executors).",
    ),
    click.option(
        "--executor-option",
        multiple=True,
        metavar="KEY=VALUE",
        help="Set an option of what distributes the videos.",
    ),
    click.option(
        "--replicas",
        type=click.IntRange(1),
        default=1,
        show_default=True,
        help="Load the model in this many processes, one for each GPU or share of the cores.",
    ),
    click.option(
        "--decoders",
        type=click.IntRange(0),
        help="Decode this many videos at the same time, ahead of the model (default: the cores).",
    ),
    click.option(
        "--frame-memory",
        type=click.IntRange(0),
        default=FRAME_MEMORY,
        show_default=True,
        help="Let decoded clips that wait for the model take this many MiB.",
    ),
    click.option(
        "--retry",
        type=click.IntRange(0),
        default=0,
        show_default=True,
        help="Ask a question that fails up to N times more.",
    ),
    click.option(
        "--on-error",
        type=click.Choice(["stop", "continue"]),
        default="continue",
        show_default=True,
        help="Stop at the first question that fails, or go on without its answer.",
    ),
    click.option(
        "--max-failures",
        type=click.IntRange(0),
        help="Stop when more than N questions have failed.",
    ),
    click.option(
        "--progress",
        type=click.Choice(STYLES),
        default="auto",
        show_default=True,
        help="Show bars, plain lines for logs and CI, or none; auto shows bars on a terminal.",
    ),
    click.option(
        "--on-memory",
        type=click.Choice(["stop", "fail", "smaller"]),
        default="stop",
        show_default=True,
        help="Stop when memory runs out for a clip, fail its questions, or show fewer frames.",
    ),
    click.option(
        "--decode-apart",
        is_flag=True,
        help="Decode each video in a process of its own, so that a crash costs one clip only.",
    ),
)
_REPEATS = (
    click.option(
        "--repeat",
        type=click.IntRange(1),
        default=1,
        show_default=True,
        help="Ask each question N times; needs a model whose answers are drawn (temperature).",
    ),
    click.option(
        "--combination",
        type=click.Choice(COMBINATIONS),
        default="majority",
        show_default=True,
        help="Which of the repeated answers counts: the most frequent, the most probable over "
        "all repetitions, or the first.",
    ),
)
_OPTIONS = (
    click.option(
        "--tasks",
        "-t",
        multiple=True,
        required=True,
        help="Names of tasks, or 'all' (s3eval list tasks).",
    ),
    click.option("--data", "-d", required=True, help="Dataset: a folder, or FORMAT:PATH."),
    click.option(
        "--out",
        "-o",
        type=click.Path(path_type=Path),
        required=True,
        help="Folder for the runs, one subfolder a model.",
    ),
    click.option(
        "--protocol",
        type=click.Choice(PROTOCOLS),
        default="paper",
        show_default=True,
        help="How answers are read and scored: as the paper says, or as its tables were made.",
    ),
    click.option("--limit", type=click.IntRange(1), help="Ask about the first N videos only."),
    click.option("--videos", multiple=True, help="Ask about these videos only."),
    click.option(
        "--folds",
        multiple=True,
        help="Ask about the videos of these folds only (0 is the test set).",
    ),
    seed_option,
    outside_option,
    click.option(
        "--profile",
        default="",
        help="Use this sampling profile (s3eval list profiles), not the model's own.",
    ),
    click.option(
        "--sampling",
        multiple=True,
        metavar="KEY=VALUE",
        help="Change one value of the sampling profile, e.g. window_fps=4.",
    ),
    click.option(
        "--model-option", multiple=True, metavar="KEY=VALUE", help="Set an option of the model."
    ),
    click.option(
        "--serve",
        metavar="SERVER",
        help="Start this server (vllm, sglang) for the model, and end it with the run.",
    ),
    click.option(
        "--task-option", multiple=True, metavar="TASK.KEY=VALUE", help="Set an option of a task."
    ),
    click.option(
        "--reuse",
        multiple=True,
        type=click.Path(path_type=Path),
        help="Take answers from these runs where they fit.",
    ),
    click.option(
        "--retry-failed", is_flag=True, help="Ask questions again whose answers failed before."
    ),
    click.option(
        "--replace",
        is_flag=True,
        help="Begin anew where OUT holds a run that this one cannot continue.",
    ),
    click.option(
        "--no-wait",
        is_flag=True,
        help="Stop if another run is at work in OUT, instead of waiting for it.",
    ),
    click.option("--dry-run", is_flag=True, help="Show how much would be asked, and ask nothing."),
    click.option(
        "--resamples",
        type=click.IntRange(20),
        default=2000,
        help="How many draws of patients each 95 % interval rests on.",
    ),
)


def evaluation_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What to ask about what: tasks, data, selection, sampling, options, judge, privacy."""
    command = asking_options(judge_options(command))
    for option in reversed((*_OPTIONS, *_REPEATS)):
        command = option(command)
    return command


def asking_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Where to ask, and what to do about what fails."""
    for option in reversed(_ASKING):
        command = option(command)
    return command


def request_of(options: Mapping[str, Any], judging: JudgeChoice) -> Request:
    """Read the command's options.

    Raises:
        S3EvalError: wrong values, unknown tasks, no such dataset, nothing selected.
    """
    from s3eval.api.requests import requested

    return requested(
        names(options["tasks"]),
        options["data"],
        judging,
        protocol=options["protocol"],
        seed=options["seed"],
        repeat=options["repeat"],
        combination=options["combination"],
        profile=options["profile"],
        sampling=key_values(options["sampling"], "--sampling"),
        model_options=key_values(options["model_option"], "--model-option"),
        serve=options["serve"],
        task_options=task_options_of(options["task_option"]),
        limit=options["limit"],
        folds=folds_of(options["folds"]),
        videos=names(options["videos"]) or None,
        outside=options["allow_outside"],
        reuse=options["reuse"],
        retry_failed=options["retry_failed"],
        replace=options["replace"],
        wait=not options["no_wait"],
        asking=asking_of(options),
    )


def progress_of(options: Mapping[str, Any]) -> tuple[Reporting, Callable[..., Any]]:
    """What shows the answers of a run, and what shows the steps of other work."""
    from s3eval.reporting.asking import answers_shown
    from s3eval.reporting.progress import steps_shown

    style = options["progress"]
    return partial(answers_shown, style=style), partial(steps_shown, style=style)


def asking_of(options: Mapping[str, Any]) -> Asking:
    """How the questions are put."""
    keys = ("executor", "replicas", "retry", "on_error", "max_failures", "on_memory", "decoders")
    return asking_by(
        executor_options=key_values(options["executor_option"], "--executor-option"),
        frame_memory=options["frame_memory"],
        decode_apart=options["decode_apart"],
        **{key: options[key] for key in keys},
    )


def folds_of(values: Sequence[str]) -> list[int] | None:
    """The numbers of ``--folds``; None where there are none.

    Raises:
        S3EvalError: one is no whole number.
    """
    try:
        return [int(v) for v in names(values)] or None
    except ValueError as error:
        raise S3EvalError("Expected --folds to be whole numbers", why=str(error)) from error


def task_options_of(pairs: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The options of ``--task-option TASK.KEY=VALUE``, by task.

    Raises:
        S3EvalError: one has no task or no value.
    """
    options: dict[str, dict[str, Any]] = {}
    for key, value in key_values(pairs, "--task-option").items():
        task, dot, name = key.partition(".")
        if not dot:
            raise S3EvalError(f"Expected --task-option TASK.KEY=VALUE, but got '{key}'")
        options.setdefault(task, {})[name] = value
    return options
