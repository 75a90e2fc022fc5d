"""``s3eval new``: a small package with a model, task, judge or dataset format, ready to change."""

from __future__ import annotations

from pathlib import Path

import click

from s3eval.api.new_package import KINDS, new_package
from s3eval.cli.common import json_option, write_json_output
from s3eval.terminal import echo

__all__ = ["command"]


@click.command(
    "new",
    epilog="Examples: s3eval new model optical-flow · s3eval new task bystander --dir plugins",
)
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("name")
@click.option(
    "--dir",
    "parent",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="Folder in which the package's folder is made (default: this one).",
)
@json_option
def command(kind: str, name: str, parent: Path, json_file: str | None) -> None:
    """Write a small package with a KIND called NAME, which installs and passes its tests."""
    written = new_package(kind, name, parent)
    if write_json_output(written.as_json(), json_file):
        return
    if written.made is not None:
        echo(f"Made the folder {written.made}, which was not there.")
    echo(f"Wrote {written.folder}. What you change is {written.first}. Next:")
    echo(f'  cd {written.folder} && pip install -e ".[test]" && pytest')
