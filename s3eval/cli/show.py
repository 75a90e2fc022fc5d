"""``s3eval show``: the scores of runs, with counts, intervals and chance."""

from __future__ import annotations

from pathlib import Path

import click

from s3eval.cli.common import json_option, write_json_output
from s3eval.cli.scoring_options import rescored, scoring_options

EPILOG = """\b
Examples:
  s3eval show demo/runs                 all runs side by side, a table a task
  s3eval show demo/runs/motion          one run with every metric
  s3eval show demo/runs --protocol release --json scores.json
"""


@click.command("show", epilog=EPILOG)
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--details", is_flag=True, help="Every metric of every run.")
@scoring_options
@json_option
def command(
    runs: tuple[Path, ...], details: bool, json_file: str | None, **options: object
) -> None:
    """Show the scores of runs. A folder of runs stands for all of them. Writes nothing."""
    from s3eval.reporting.scores import show_scores
    from s3eval.running.runs import open_runs

    opened = open_runs(runs)
    scored = [rescored(run, write=False, **options) for run in opened]  # type: ignore[arg-type]
    if not write_json_output([s.as_json() for s in scored], json_file):
        show_scores(scored, detailed=details or len(scored) == 1)
