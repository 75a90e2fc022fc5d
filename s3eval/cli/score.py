"""``s3eval score``: score runs again, from their recorded answers, and keep the scores."""

from __future__ import annotations

from pathlib import Path

import click

from s3eval.cli.common import json_option, write_json_output
from s3eval.cli.scoring_options import rescored, scoring_options

EPILOG = """\b
Examples:
  s3eval score runs/internvl3.5-8b --protocol release
  s3eval score runs --judge lexicon
"""


@click.command("score", epilog=EPILOG)
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@scoring_options
@json_option
def command(runs: tuple[Path, ...], json_file: str | None, **options: object) -> None:
    """Score runs again without asking a model: readers, combining, judge and protocol anew.

    Writes findings.jsonl and scores.json of each run.
    """
    from s3eval.reporting.scores import show_faults, show_scores

    scored = rescored(runs, write=True, **options)  # type: ignore[arg-type]
    if not write_json_output([s.as_json() for s in scored], json_file):
        show_scores(scored.scored, detailed=len(scored) == 1)
    if show_faults(scored):
        raise click.exceptions.Exit(3)
