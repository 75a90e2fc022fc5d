"""``s3eval judge``: read reports, compare and validate judges."""

from __future__ import annotations

import click

from s3eval.cli import LazyGroup

VERBS: dict[str, tuple[str, str]] = {
    "read": ("s3eval.cli.judge_read:command", "what each report of a table says"),
    "rqi": ("s3eval.cli.judge_rqi:command", "Seizure-RQI of predicted against reference reports"),
    "compare": ("s3eval.cli.judge_compare:command", "judges against each other (Table 25)"),
    "validate": ("s3eval.cli.judge_validate:command", "metrics against expert ratings (Table 10)"),
}


@click.group("judge", cls=LazyGroup, verbs=VERBS, under="judge")
def group() -> None:
    """Read reports, compare and validate judges."""
