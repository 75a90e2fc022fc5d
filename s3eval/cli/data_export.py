"""``s3eval data export``: write a dataset in another format."""

from __future__ import annotations

from pathlib import Path

import click

from s3eval.cli.common import json_option, write_json_output
from s3eval.cli.exporters import empty_or_new, export_options, exporter
from s3eval.terminal import echo

EPILOG = """\b
Examples:
  s3eval data export mine --to NAME --out mine-exported
  s3eval list exporters                        the formats that are installed
"""


@click.command("export", epilog=EPILOG)
@click.argument("dataset")
@export_options
@json_option
def command(dataset: str, name: str, out: Path, force: bool, json_file: str | None) -> None:
    """Write DATASET (a folder, or FORMAT:PATH) in the format NAME."""
    from s3eval.api.datasets import open_dataset

    write = exporter(name, "dataset").load()
    empty_or_new(out, force)
    opened = open_dataset(dataset)
    write(opened, out)
    facts = {"format": name, "out": str(out), "dataset": opened.name, "videos": len(opened)}
    if not write_json_output(facts, json_file):
        echo(f"Written: {out}")
