"""The tasks of s3eval as tasks of lmms-eval: prepared here, answered there, scored here."""

from __future__ import annotations

from s3eval import ModelSpec, hookimpl
from s3eval.specs import CommandSpec


@hookimpl
def s3eval_commands() -> list[CommandSpec]:
    """``s3eval data lmms-eval-tasks DATA OUT``."""
    return [
        CommandSpec(
            "data lmms-eval-tasks",
            adapter="s3eval_lmms_eval_tasks.verb:command",
            summary="a dataset as tasks that lmms-eval runs",
        )
    ]


@hookimpl
def s3eval_models() -> list[ModelSpec]:
    """The model that gives what lmms-eval's model answered; used by the scoring alone."""
    return [
        ModelSpec(
            "lmms-eval-answers",
            adapter="s3eval_lmms_eval_tasks.answers:AnswersModel",
            summary="answers of a model that lmms-eval ran (file=… names them)",
            sees=True,
            hears=True,
            argument="file",
        )
    ]
