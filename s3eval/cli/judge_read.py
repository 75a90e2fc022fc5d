"""``s3eval judge read``: what each report of a table says, with the words it was read from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from s3eval.cli.common import json_option, write_json_output
from s3eval.cli.judging_options import judge_options
from s3eval.reporting.tables import print_table
from s3eval.terminal import echo

if TYPE_CHECKING:
    from s3eval.api.judges import JudgeChoice
    from s3eval.api.report_reading import ReportsRead

EPILOG = """\b
Examples:
  s3eval judge read reports.csv
  s3eval judge read reports.csv --judge qwen --allow-remote --json facts.json
  s3eval judge read reports.csv --judge-option file=our_words.toml --json -
"""


@click.command("read", epilog=EPILOG)
@click.argument("reports", type=click.Path(path_type=Path))
@judge_options
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    reports: Path,
    judging: JudgeChoice,
    json_file: str | None,
) -> None:
    """Read each report of REPORTS (a CSV file: file_name, report).

    Shows its sections, features in the order of the text, the four localizing values and flags; the
    JSON holds the evidence too (which words each fact was read from). Exit code 3 when a row
    was left out or could not be read.
    """
    from s3eval.api.report_reading import read_reports
    from s3eval.reporting.progress import line_shown, steps_shown

    read = read_reports(reports, judging, line_shown, steps_shown)
    for line in read.problem_lines():
        echo(line, err=True)
    if not write_json_output(read.as_json(), json_file):
        _show(read)
    if not read.is_complete:
        ctx.exit(3)


def _show(read: ReportsRead) -> None:
    columns = ["file_name", "sections", "features", "localizing", "flags"]
    cells: list[list[Any]] = []
    for row in read.reports:
        if "unreadable" in row:
            cells.append([row["file_name"], "-", f"unreadable: {row['unreadable']}", "", ""])
            continue
        values = [f"{k} {v}" for k, v in row["localizing"].items() if v != "none"]
        flags = [name for name in ("off_topic", "hazard") if row[name]]
        cells.append(
            [
                row["file_name"],
                " ".join(row["sections"]) or "-",
                ", ".join(row["features"]) or "-",
                ", ".join(values) or "-",
                ", ".join(flags),
            ]
        )
    counts = read.counts
    title = (
        f"{counts['read']} of {counts['rows']} reports read"
        f" ({counts['unreadable']} unreadable, {counts['left_out']} rows left out)"
    )
    print_table(title, columns, cells)
