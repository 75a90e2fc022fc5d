"""Tuning models on seizures: training data, rewards and plans for the engines people use.

>>> from s3eval_finetune import s3eval_commands
>>> [spec.name for spec in s3eval_commands()]
['finetune', 'finetune export', 'finetune plan', 'finetune rewards']
"""

from __future__ import annotations

from s3eval.hooks import hookimpl
from s3eval.specs import CommandSpec

__all__ = ["s3eval_commands"]


@hookimpl
def s3eval_commands() -> list[CommandSpec]:
    """The group ``finetune`` and its verbs."""
    return [
        CommandSpec(
            "finetune",
            adapter="s3eval_finetune.cli:group",
            summary="training data, rewards and commands for tuning a model",
        ),
        CommandSpec(
            "finetune export",
            adapter="s3eval_finetune.cli.export:command",
            summary="a dataset's training folds as samples for ms-swift, TRL or LLaMA-Factory",
        ),
        CommandSpec(
            "finetune plan",
            adapter="s3eval_finetune.cli.plan:command",
            summary="the commands and the environment that tune a model, and what they take",
        ),
        CommandSpec(
            "finetune rewards",
            adapter="s3eval_finetune.cli.rewards:command",
            summary="what each reward pays for answers that only want the reward",
        ),
    ]
