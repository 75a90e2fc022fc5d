"""``s3eval doctor``: what is installed, what is missing for what, and what is broken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import click

from s3eval.api.doctoring import Entry, examine
from s3eval.cli.common import json_option, write_json_output
from s3eval.reporting.tables import print_table
from s3eval.terminal import echo

__all__ = ["command"]

_SECTIONS = {
    "core": "This installation",
    "packages": "Packages",
    "plugins": "Models, tasks, judges, formats, verbs",
    "footage": "Decoding",
    "models": "Models on this machine",
    "text": "Text: BERTScore, names and dates",
    "keys": "Keys of services",
}


@click.command(
    "doctor",
    epilog="Examples: s3eval doctor · s3eval doctor --all · s3eval doctor --json - "
    "· Exit code 1 when something that is installed is broken.",
)
@click.option("--all", "everything", is_flag=True, help="Also the plugins that are ready.")
@click.option(
    "--timeout",
    "seconds",
    type=click.FloatRange(min=1),
    default=60.0,
    show_default=True,
    help="Seconds a library may take to import (each in a process of its own).",
)
@json_option
@click.pass_context
def command(ctx: click.Context, everything: bool, seconds: float, json_file: str | None) -> None:
    """Say what is installed, what is missing and how to add it, and what is broken.

    Nothing leaves the machine; of keys only the names of their variables are shown.
    """
    entries = examine(seconds)
    broken = [e for e in entries if e.state == "broken"]
    facts = {"entries": [asdict(e) for e in entries], "broken": len(broken)}
    if not write_json_output(facts, json_file):
        _print(entries, everything)
        _print_summary(entries)
    if broken:
        ctx.exit(1)


def _print(entries: Sequence[Entry], everything: bool) -> None:
    for section, title in _SECTIONS.items():
        some = [e for e in entries if e.section == section]
        shown = [e for e in some if everything or section != "plugins" or e.state != "ok"]
        ready = len(some) - len(shown)
        heading = f"{title} ({ready} ready, not shown)" if ready else title
        rows = [[e.name, e.state, e.detail, e.fix] for e in shown]
        if rows or ready:
            print_table(heading, ["what", "state", "detail", "to put it right"], rows)


def _print_summary(entries: Sequence[Entry]) -> None:
    counts = {state: sum(e.state == state for e in entries) for state in ("broken", "missing")}
    if not counts["broken"]:
        echo(f"Nothing that is installed is broken; {counts['missing']} things are not there.")
    else:
        echo(f"{counts['broken']} broken, {counts['missing']} not there.")
