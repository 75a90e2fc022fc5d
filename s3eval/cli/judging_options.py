"""The judge options every verb shares, as one decorator and one value."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click
from click.core import ParameterSource

from s3eval.api.judges import DEFAULT_JUDGE, JudgeChoice
from s3eval.cli.common import CommandLineOnly, key_values
from s3eval.permission import PHI_MODES, Permission, Phi

__all__ = ["judge_options", "remote_judge_options"]


_PHI = click.option(
    "--phi",
    cls=CommandLineOnly,
    values=("off",),
    type=click.Choice(PHI_MODES),
    default="redact",
    show_default=True,
    help="Names, dates, numbers and places in texts that leave this machine.",
)

_REMOTE = (
    click.option("--judge-option", multiple=True, metavar="KEY=VALUE", help="Option of the judge."),
    click.option(
        "--allow-remote", cls=CommandLineOnly, is_flag=True, help="Let text leave this machine."
    ),
    _PHI,
    click.option(
        "--max-judge-cost",
        type=click.FloatRange(0),
        metavar="DOLLARS",
        help="Stop before spending more; the same command goes on later.",
    ),
    click.option(
        "--max-judge-calls",
        type=click.IntRange(0),
        metavar="N",
        help="Stop before calling more often; 0 only shows what it would take.",
    ),
)


def remote_judge_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options without ``--judge``, for verbs that name judges themselves.

    The command is handed one keyword ``judging``, a `JudgeChoice`.
    """

    @functools.wraps(command)
    def with_choice(
        *args: Any,
        judge_option: tuple[str, ...],
        allow_remote: bool,
        phi: Phi,
        max_judge_cost: float | None,
        max_judge_calls: int | None,
        judge: str = DEFAULT_JUDGE,
        **others: Any,
    ) -> Any:
        choice = JudgeChoice(
            judge,
            _judge_was_named(),
            key_values(judge_option, "--judge-option"),
            Permission(allow_remote, phi, max_judge_cost, max_judge_calls),
        )
        return command(*args, judging=choice, **others)

    decorated: Callable[..., Any] = with_choice
    for option in reversed(_REMOTE):
        decorated = option(decorated)
    return decorated


def _judge_was_named() -> bool:
    context = click.get_current_context(silent=True)
    source = context.get_parameter_source("judge") if context else None
    return source not in (None, ParameterSource.DEFAULT)


def judge_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--judge``, ``--judge-option``, ``--allow-remote``, ``--phi``, ``--max-judge-cost`` and
    ``--max-judge-calls``; the command is handed one keyword ``judging``, a `JudgeChoice`.
    """
    judge = click.option(
        "--judge",
        default=DEFAULT_JUDGE,
        show_default=True,
        help="Judge, or 'none' (s3eval list). Runs are shown and scored again by their own.",
    )
    return judge(remote_judge_options(command))
