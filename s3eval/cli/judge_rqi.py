"""``s3eval judge rqi``: Seizure-RQI of predicted against reference reports, by hand."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from s3eval.cli.common import json_option, writable, write_document, write_json_output
from s3eval.cli.judging_options import judge_options
from s3eval.errors import S3EvalError
from s3eval.reporting.tables import print_table
from s3eval.terminal import echo, on_terminal, visible

if TYPE_CHECKING:
    from s3eval.api.judges import JudgeChoice
    from s3eval.api.report_reading import ReportScores
    from s3eval.vocabulary import Protocol

EPILOG = """\b
Examples:
  s3eval judge rqi predicted.csv reference.csv --csv rqi.csv
  s3eval judge rqi predicted.csv reference.csv --protocol release --annotation features.csv
"""


@click.command("rqi", epilog=EPILOG)
@click.argument("predicted", type=click.Path(path_type=Path))
@click.argument("reference", type=click.Path(path_type=Path))
@judge_options
@click.option(
    "--protocol",
    type=click.Choice(["paper", "release"]),
    default="paper",
    show_default=True,
    help="Which definition of the index: as the paper says, or as its tables were made.",
)
@click.option(
    "--annotation",
    type=click.Path(path_type=Path),
    help="Features annotated for each video (a column a feature, event_sequence, or a dataset's "
    "features.csv): with --protocol release hallucinations are counted against these, else "
    "against the reference.",
)
@click.option(
    "--csv",
    "csv_file",
    metavar="FILE",
    callback=writable,
    help="Every component and penalty per row, '-' for standard output.",
)
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    predicted: Path,
    reference: Path,
    judging: JudgeChoice,
    protocol: Protocol,
    annotation: Path | None,
    csv_file: str | None,
    json_file: str | None,
) -> None:
    """Score the reports of PREDICTED against those of REFERENCE (CSV: file_name, report).

    Rows pair by file_name (a .wav with the .mp4 of the same name). Exit code 3 when a row could
    not be scored; such rows keep their place, without a score and with the reason.
    """
    from s3eval.api.report_reading import score_reports
    from s3eval.reporting.progress import line_shown, steps_shown

    if csv_file == "-" == json_file:
        raise S3EvalError("Only one of --csv and --json can go to standard output")
    scores = score_reports(
        predicted, reference, judging, protocol, annotation, line_shown, steps_shown
    )
    for line in scores.problem_lines():
        echo(line, err=True)
    if scores.unpaired:
        echo(f"{scores.unpaired} reference reports have no prediction.", err=True)
    if csv_file:
        _write(csv_file, scores.to_csv())
    if not write_json_output(scores.as_json(), json_file) and csv_file != "-":
        _show(scores)
    if not scores.is_complete:
        ctx.exit(3)


def _write(csv_file: str, table: str) -> None:
    if csv_file == "-":
        # On a terminal no character of a table may be a command; in a pipe nothing is changed.
        write_document(visible(table, lines=True) if on_terminal(sys.stdout) else table)
    else:
        Path(csv_file).write_text(table, encoding="utf-8")


def _show(scores: ReportScores) -> None:
    from s3eval.api.report_reading import AVERAGED

    columns = ["file_name", "RQI", "base", "S", "C", "L", "T", "halluc.", "off", "length", ""]
    cells = [
        [row["file_name"], *[_short(row[k], k) for k in AVERAGED], row["not_scored"]]
        for row in scores.rows
    ]
    summary = scores.summary
    mean = summary["mean"]
    cells.append(["mean", *[_short(mean[k], k) for k in AVERAGED], ""])
    title = (
        f"Seizure-RQI ({scores.protocol}): {summary['scored']} of {summary['predicted']} reports "
        f"scored, {summary['left_out']} rows left out"
    )
    print_table(title, columns, cells, right=columns[1:-1])


def _short(value: float | None, key: str) -> str:
    return "-" if value is None else f"{value:.1f}" if key in ("rqi", "base") else f"{value:.2f}"
