"""``s3eval export``: runs in another format."""

from __future__ import annotations

from pathlib import Path

import click

from s3eval.cli.common import json_option, write_json_output
from s3eval.cli.exporters import empty_or_new, export_options
from s3eval.terminal import echo

EPILOG = """\b
Examples:
  s3eval export runs/motion --to wide --out motion.csv
  s3eval export runs/motion --to model-card --out motion-card
  s3eval list exporters                        the formats that are installed
"""


@click.command("export", epilog=EPILOG)
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@export_options
@json_option
def command(
    runs: tuple[Path, ...], name: str, out: Path, force: bool, json_file: str | None
) -> None:
    """Write RUNS in the format NAME. A folder of runs stands for all of them."""
    from s3eval.api.exporting import export_runs, find_exporter
    from s3eval.api.runs import open_runs

    chosen = find_exporter(name, "runs")
    empty_or_new(out, force)
    opened = open_runs(runs)
    export_runs(opened, chosen, out)
    facts = {"format": name, "out": str(out), "runs": [run.name for run in opened]}
    if not write_json_output(facts, json_file):
        echo(f"Written: {out}")
