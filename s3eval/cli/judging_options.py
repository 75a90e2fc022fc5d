"""The judge options every verb shares, as one decorator and one value."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

from s3eval.cli.common import CommandLineOnly, Progress, key_values
from s3eval.permission import LOCAL_ONLY, PHI_MODES, Permission, Phi

if TYPE_CHECKING:
    from s3eval.judge import Judge

__all__ = ["JudgeChoice", "judge_options", "remote_judge_options"]


@dataclass(frozen=True)
class JudgeChoice:
    """Which judge the user chose, and what it may do.

    Attributes:
        name: "lexicon", "gpt", ..., or "none".
        options: the ``--judge-option`` pairs.
        permission: what may leave this machine, and at what cost.
    """

    name: str = "lexicon"
    options: Mapping[str, Any] = field(default_factory=dict)
    permission: Permission = LOCAL_ONLY

    def open(self, needed: bool = True, name: str | None = None) -> Judge | None:
        """Load the judge (or another one with the same permissions).

        Within a command it is closed with that, at the latest, which tells what was used.

        Raises:
            S3EvalError: unknown, missing parts, or not allowed.
        """
        from s3eval.judging.load import load_judge

        judge = load_judge(name or self.name, self.options, self.permission, needed=needed)
        tell = getattr(judge, "tell", None)
        if tell is not None:
            tell(lambda line: click.echo(line, err=True), Progress.bar)
        context = click.get_current_context(silent=True)
        if judge is not None and context is not None:
            context.call_on_close(judge.close)
        return judge


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
        judge: str = "lexicon",
        **others: Any,
    ) -> Any:
        choice = JudgeChoice(
            judge,
            key_values(judge_option, "--judge-option"),
            Permission(allow_remote, phi, max_judge_cost, max_judge_calls),
        )
        return command(*args, judging=choice, **others)

    decorated: Callable[..., Any] = with_choice
    for option in reversed(_REMOTE):
        decorated = option(decorated)
    return decorated


def judge_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--judge``, ``--judge-option``, ``--allow-remote``, ``--phi``, ``--max-judge-cost`` and
    ``--max-judge-calls``; the command is handed one keyword ``judging``, a `JudgeChoice`.
    """
    judge = click.option(
        "--judge", default="lexicon", show_default=True, help="Judge, or 'none' (s3eval list)."
    )
    return judge(remote_judge_options(command))
