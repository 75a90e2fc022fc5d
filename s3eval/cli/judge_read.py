"""``s3eval judge read``: what each report of a table says, with the words it was read from."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from s3eval.api.judges import JudgeChoice
from s3eval.cli.common import json_option, write_json_output
from s3eval.cli.judging_options import judge_options
from s3eval.reporting.tables import print_table
from s3eval.terminal import echo

if TYPE_CHECKING:
    from s3eval.dataset.sheets import Problems
    from s3eval.judge import Judge, ReportFacts, Unreadable

__all__ = ["EMPTY", "command", "opened", "told_problems"]

EPILOG = """\b
Examples:
  s3eval judge read reports.csv
  s3eval judge read reports.csv --judge qwen --allow-remote --json facts.json
  s3eval judge read reports.csv --judge-option file=our_words.toml --json -
"""
EMPTY = "The report is empty"


def opened(judging: JudgeChoice) -> Judge:
    """The judge the user chose; "none" is refused, since somebody must read."""
    from s3eval.errors import S3EvalError

    judge = judging.open()
    if judge is None:
        raise S3EvalError("Reading reports needs a judge", fix="--judge lexicon")
    return judge


def told_problems(problems: Problems) -> int:
    """Print what could not be used, on standard error; how many rows were left out."""
    from s3eval.dataset.problems import listed

    for line in listed(problems.all, levels=False):
        echo(line, err=True)
    return sum(problems.left_out.values())


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
    from s3eval.dataset.report_tables import read_reports
    from s3eval.dataset.sheets import Problems
    from s3eval.judge import Unreadable

    problems = Problems()
    texts = read_reports(reports, problems)
    judge = opened(judging)
    try:
        # An empty report is unreadable, whichever judge would have read it.
        written = [text for text in texts.values() if text]
        read = iter(judge.read_reports(written))
        facts = [next(read) if text else Unreadable(EMPTY) for text in texts.values()]
        identity = dict(judge.identity())
    finally:
        judge.close()
    rows = [_row(name, read) for name, read in zip(texts, facts, strict=True)]
    left_out = told_problems(problems)
    unreadable = [row for row in rows if "unreadable" in row]
    document = {
        "judge": identity,
        "counts": {
            "rows": len(rows) + left_out,
            "read": len(rows) - len(unreadable),
            "unreadable": len(unreadable),
            "left_out": left_out,
        },
        "problems": [str(p) for p in problems.all],
        "reports": rows,
    }
    if not write_json_output(document, json_file):
        _show(rows, document["counts"])
    if left_out or unreadable:
        ctx.exit(3)


def _row(name: str, read: ReportFacts | Unreadable) -> dict[str, Any]:
    from s3eval.judge import ReportFacts

    if not isinstance(read, ReportFacts):
        return {"file_name": name, "unreadable": read.reason, "raw": read.raw}
    facts = asdict(read)
    facts["localizing"] = dict(read.localizing)
    return {"file_name": name, **facts}


def _show(rows: list[dict[str, Any]], counts: Any) -> None:
    columns = ["file_name", "sections", "features", "localizing", "flags"]
    cells = []
    for row in rows:
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
    title = (
        f"{counts['read']} of {counts['rows']} reports read"
        f" ({counts['unreadable']} unreadable, {counts['left_out']} rows left out)"
    )
    print_table(title, columns, cells)
