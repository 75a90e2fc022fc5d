"""Verbs of this package."""

from __future__ import annotations

import click

from s3eval.cli import LazyGroup

__all__ = ["group"]


@click.group("finetune", cls=LazyGroup, verbs={}, under="finetune")
def group() -> None:
    """Tune a model on seizures: data and rewards for training engines, and what to run."""
