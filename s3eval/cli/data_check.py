"""``s3eval data check``: every problem of a dataset, each with file and row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from s3eval.cli.common import json_option, outside_option, write_json_output
from s3eval.terminal import echo

if TYPE_CHECKING:
    from s3eval.api.checking import DatasetCheck

#: Problems of one kind that are shown.
SHOWN = 5
EPILOG = """\b
Examples:
  s3eval data check mine
  s3eval data check mine --no-files --json problems.json
  s3eval data check s3-release:~/s3-release
  s3eval data check mine --phi        names, dates, record numbers and places in its texts
Exit code 1 when there are errors, 0 with warnings only.
"""


@click.command("check", epilog=EPILOG)
@click.argument("dataset")
@click.option(
    "--files/--no-files",
    default=True,
    help="Open every video file too (its pictures are not decoded).",
)
@click.option(
    "--phi", is_flag=True, help="Look for names, dates, record numbers and places in its texts."
)
@click.option(
    "--all", "every", is_flag=True, help="Show every problem, not only the first five of a kind."
)
@outside_option
@json_option
def command(
    dataset: str,
    files: bool,
    phi: bool,
    every: bool,
    allow_outside: bool,
    json_file: str | None,
) -> None:
    """Check a dataset: tables, the paper's rules for times, files, private text.

    DATASET is a folder, or FORMAT:PATH for the formats of s3eval list datasets. Problems of one
    kind are shown by their first five; the JSON has all of them.
    """
    from s3eval.api.checking import check_dataset
    from s3eval.reporting.progress import steps_shown

    done = check_dataset(dataset, files, phi, allow_outside, steps_shown)
    if not write_json_output(done.as_json(), json_file):
        _show(done, dataset, every)
    if done.errors:
        raise click.exceptions.Exit(1)


def _show(done: DatasetCheck, name: str, every: bool) -> None:
    lines = [*done.lines(None if every else SHOWN)]
    for line in lines:
        echo(line)
    if len(lines) < len(done.problems):
        echo("Problems of one kind are shown by the first five; each on a line of its own: --all")
    dataset = done.dataset
    if dataset.digest:
        echo(f"digest {dataset.digest[:12]} covers {dataset.digest_covers or 'what is not said'}")
    echo(f"{name}: {done.summary()}")
