"""``s3eval data readers``: clinicians' answers as runs, and how far the readers agree."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from s3eval.cli.common import json_option, names, resamples_option, seed_option, write_json_output
from s3eval.reporting.agreement import show_agreement
from s3eval.reporting.tables import print_table
from s3eval.terminal import echo
from s3eval.vocabulary import PROTOCOLS

if TYPE_CHECKING:
    from s3eval.api.readers import ReaderRuns

EPILOG = """\b
Examples:
  s3eval data readers answers.csv mine readers
  s3eval show readers          their scores like a model's
  s3eval compare readers runs/qwen3-vl-8b --tasks diagnosis

\b
The CSV has the columns reader, video, task, item, answer, one row an answer, for example
  Dr. A,P01@...,recognition,tonic,yes
  Dr. A,P01@...,timing,start,0:12
An empty answer is "not answered". Choose reader names that may be shown: they name the runs.
"""


@click.command("readers", epilog=EPILOG)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.argument("dataset")
@click.argument("out", type=click.Path(path_type=Path))
@click.option(
    "--protocol",
    type=click.Choice(PROTOCOLS),
    default="paper",
    show_default=True,
    help="How answers are read and scored.",
)
@click.option(
    "--senses",
    default="sight,hearing",
    show_default=True,
    help="What the readers saw and heard: sight, hearing or both.",
)
@resamples_option
@seed_option
@json_option
def command(file: Path, dataset: str, out: Path, json_file: str | None, **options: Any) -> None:
    """Turn the readers' answers in FILE about DATASET into one run a reader in OUT."""
    from s3eval.api.readers import record_readers

    options["senses"] = names([options["senses"]])
    recorded = record_readers(file, dataset, out, **options)
    if not write_json_output(recorded.as_json(), json_file):
        _show(recorded)


def _show(recorded: ReaderRuns) -> None:
    states = ("answered", "unreadable", "skipped")
    rows = [
        (reader, recorded.folders[reader], *(sum(f.state == s for f in findings) for s in states))
        for reader, findings in recorded.findings.items()
    ]
    columns = ("reader", "run", "answered", "unreadable", "not answered")
    print_table("Readers", columns, rows, columns[2:])
    if not recorded.tallies:
        echo("One reader only, or no shared videos: no agreement to tell.")
        return
    show_agreement(recorded.tallies, recorded.intervals)
