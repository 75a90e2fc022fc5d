"""``s3eval data export``: write a dataset in another format."""

from __future__ import annotations

from pathlib import Path

import click

from s3eval.cli.common import json_option, write_json_output
from s3eval.cli.exporters import empty_or_new, exporter
from s3eval.terminal import echo

EPILOG = """\b
Examples:
  s3eval data export mine --to NAME --out mine-exported
  s3eval list exporters                        the formats that are installed
"""


@click.command("export", epilog=EPILOG)
@click.argument("dataset")
@click.option("--to", "name", required=True, metavar="NAME", help="An installed exporter.")
@click.option("--out", "-o", required=True, type=click.Path(path_type=Path), help="Where to.")
@click.option("--force", is_flag=True, help="Write into OUT even where it is not empty.")
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
