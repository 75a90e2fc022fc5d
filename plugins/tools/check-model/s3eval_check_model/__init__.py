"""Whether a model in front of the toolkit really watches: drawn scenes, and a verdict a line.

>>> from s3eval_check_model import s3eval_commands
>>> [spec.name for spec in s3eval_commands()]
['check-model']
"""

from __future__ import annotations

from s3eval.hooks import hookimpl
from s3eval.specs import CommandSpec

__all__ = ["s3eval_commands"]


@hookimpl
def s3eval_commands() -> list[CommandSpec]:
    """The verb ``check-model``."""
    return [
        CommandSpec(
            "check-model",
            adapter="s3eval_check_model.cli:command",
            summary="whether a model really watches: drawn scenes with known answers, and more",
        ),
    ]
