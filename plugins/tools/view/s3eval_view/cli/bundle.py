"""``s3eval view bundle``: the viewer's pages as files that open without a server."""

from __future__ import annotations

from pathlib import Path

import click

from s3eval.cli.common import json_option, write_json_output
from s3eval.errors import S3EvalError
from s3eval.terminal import echo

EPILOG = """\b
Examples:
  s3eval view bundle pages demo/runs            then open pages/index.html
  s3eval view bundle pages demo/runs --frames   with the frames that models saw: they show patients
"""


@click.command("bundle", epilog=EPILOG)
@click.argument("out", metavar="DIR", type=click.Path(path_type=Path))
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--frames", is_flag=True, help="Write the frames and sound of every clip too, reduced."
)
@click.option("--force", is_flag=True, help="Write into a folder that is not empty.")
@click.option("--data", "-d", default=None, help="Take the dataset from here, where it moved.")
@json_option
def command(
    out: Path,
    runs: tuple[Path, ...],
    frames: bool,
    force: bool,
    data: str | None,
    json_file: str | None,
) -> None:
    """Write the pages about RUNS into DIR, as files. Videos are never among them."""
    from s3eval.cli.exporters import empty_or_new
    from s3eval_view.viewer.bundle import write_bundle
    from s3eval_view.viewer.site import opened_site

    empty_or_new(out, force)
    if out.exists() and not out.is_dir():
        raise S3EvalError("Expected DIR to be a folder", where=out, fix="another path")
    site = opened_site(runs, data)
    try:
        written = write_bundle(site, out, frames)
    finally:
        site.close()
    size = sum(path.stat().st_size for path in written)
    facts = {"out": str(out), "files": len(written), "bytes": size}
    if not write_json_output(facts, json_file):
        echo(
            f"Written: {out / 'index.html'} and {len(written) - 1} other files, {size / 1e6:.1f} MB"
        )
