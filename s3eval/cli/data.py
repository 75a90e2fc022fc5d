"""``s3eval data``: make, check, import and split datasets."""

from __future__ import annotations

import click

from s3eval.cli import LazyGroup

VERBS: dict[str, tuple[str, str]] = {
    "check": ("s3eval.cli.data_check:command", "every problem of a dataset, with file and row"),
    "import": ("s3eval.cli.data_import:command", "bring another format into a dataset folder"),
    "export": ("s3eval.cli.data_export:command", "write a dataset in another format"),
    "split": ("s3eval.cli.data_split:command", "patient-level folds, frozen to a file"),
    "agreement": ("s3eval.cli.data_agreement:command", "two annotations of the same videos"),
    "readers": ("s3eval.cli.data_readers:command", "clinicians' answers as a run"),
}


@click.group("data", cls=LazyGroup, verbs=VERBS, under="data")
def group() -> None:
    """Make, check, import and split datasets."""
