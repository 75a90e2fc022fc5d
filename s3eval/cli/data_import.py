"""``s3eval data import``: bring another format into a dataset folder."""

from __future__ import annotations

from pathlib import Path

import click

from s3eval.cli.common import json_option, write_json_output
from s3eval.reporting.tables import print_table
from s3eval.terminal import echo

EPILOG = """\b
Examples:
  s3eval list importers                        the formats that are installed
  s3eval data import FORMAT ~/theirs ours      then: s3eval show ours/runs
"""


@click.command("import", epilog=EPILOG)
@click.argument("format_", metavar="FORMAT")
@click.argument("source", metavar="SOURCE", type=click.Path(exists=True, path_type=Path))
@click.argument("out", metavar="OUT", type=click.Path(file_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Write into OUT even where it is not empty.")
@json_option
def command(format_: str, source: Path, out: Path, force: bool, json_file: str | None) -> None:
    """Read SOURCE and write OUT: a dataset folder, and recorded answers as runs below OUT/runs.

    FORMAT is an installed importer's name; packages bring them. What an importer cannot read it
    names with file and row; what can be read is written.
    """
    from s3eval.api.importing import import_dataset

    report = import_dataset(format_, source, out, force)
    if write_json_output(dict(report.facts), json_file):
        return
    for table in report.tables:
        print_table(table.title, table.columns, table.rows, table.right)
    for line in report.lines:
        echo(line)
