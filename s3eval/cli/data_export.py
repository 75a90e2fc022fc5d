"""``s3eval data export``: write a dataset in another format."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from s3eval.cli.common import json_option, write_json_output
from s3eval.cli.exporters import empty_or_new, export_options
from s3eval.permission import PHI_MODES
from s3eval.terminal import echo

if TYPE_CHECKING:
    from s3eval.permission import Phi

EPILOG = """\b
Examples:
  s3eval data export mine --to hf --out mine-hf --renumber
  s3eval data export mine --to parquet --out tables --phi block
  s3eval list exporters                        the formats that are installed
"""


@click.command("export", epilog=EPILOG)
@click.argument("dataset")
@export_options
@click.option(
    "--phi",
    type=click.Choice(PHI_MODES),
    default="redact",
    show_default=True,
    help="What to do with names, dates, numbers and places in texts: replace them, leave the "
    "whole text out, or write it as it is.",
)
@click.option(
    "--videos", is_flag=True, help="Write the video files too. They show faces and hold voices."
)
@click.option(
    "--renumber", is_flag=True, help="Call videos v001, v002, ... and patients p01, p02, ..."
)
@json_option
def command(
    dataset: str,
    name: str,
    out: Path,
    force: bool,
    phi: str,
    videos: bool,
    renumber: bool,
    json_file: str | None,
) -> None:
    """Write DATASET (a folder, or FORMAT:PATH) in the format NAME, without its videos.

    Texts and names are checked first for what may identify somebody.
    """
    from s3eval.api.exporting import export_dataset, find_exporter

    chosen = find_exporter(name, "dataset")
    empty_or_new(out, force)
    shared = export_dataset(
        dataset, chosen, out, cast("Phi", phi), videos=videos, renumber=renumber
    )
    facts = {
        "format": name,
        "out": str(out),
        "dataset": shared.dataset.name,
        "videos": len(shared.dataset),
        "replaced": dict(shared.replaced),
    }
    if write_json_output(facts, json_file):
        return
    echo(f"Written: {out} ({len(shared.dataset)} videos, {'with' if videos else 'without'} files)")
    if shared.replaced:
        kinds = ", ".join(f"{n} {kind.replace('_', ' ')}" for kind, n in shared.replaced.items())
        echo(f"{'Replaced in texts' if phi == 'redact' else 'Texts left out for'}: {kinds}")
