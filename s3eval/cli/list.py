"""``s3eval list``: what is installed here, without importing any of it."""

from __future__ import annotations

import click

from s3eval.api.listing import USUAL, WHAT, WORDS, list_installed, list_words
from s3eval.cli.common import json_option, write_json_output
from s3eval.reporting.tables import print_table
from s3eval.terminal import echo

__all__ = ["command"]


@click.command(
    "list",
    epilog=f"KIND is one of {', '.join(WHAT)}.\n\n"
    "Examples: s3eval list · s3eval list models · s3eval list --json -",
)
@click.argument("what", required=False, type=click.Choice(WHAT), metavar="[KIND]")
@json_option
def command(what: str | None, json_file: str | None) -> None:
    """List models, tasks, judges and datasets: package, senses, whether ready."""
    if what in WORDS:
        _list_words(what, json_file)
        return
    listing = list_installed(what or USUAL)
    if write_json_output(listing.as_json(), json_file):
        return
    for table in listing.tables():
        print_table(table.title, table.columns, table.rows)
    for line in listing.advice():
        echo(line)
    for line in listing.trouble():
        echo(line, err=True)


def _list_words(what: str, json_file: str | None) -> None:
    values = list_words(what)
    if not write_json_output(values, json_file):
        print_table(f"{len(values)} {what}", [*values[0]], [list(v.values()) for v in values])
