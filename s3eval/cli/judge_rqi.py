"""``s3eval judge rqi``: Seizure-RQI of predicted against reference reports, by hand."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from s3eval.api.judges import JudgeChoice
from s3eval.cli.common import json_option, writable, write_document, write_json_output
from s3eval.cli.judge_read import EMPTY, opened, told_problems
from s3eval.cli.judging_options import judge_options
from s3eval.errors import S3EvalError
from s3eval.reporting.tables import print_table
from s3eval.terminal import echo, on_terminal, visible

if TYPE_CHECKING:
    from s3eval.dataset.report_tables import Annotated
    from s3eval.judge import Judge, ReportFacts, Unreadable
    from s3eval.vocabulary import Protocol

EPILOG = """\b
Examples:
  s3eval judge rqi predicted.csv reference.csv --csv rqi.csv
  s3eval judge rqi predicted.csv reference.csv --protocol release --annotation features.csv
"""
COMPONENTS = ("structure", "coverage", "localizing", "temporal")
COLUMNS = (
    *("file_name", "rqi", "base", *COMPONENTS),
    *("n_hallucinated", "hallucinated", "p_hall", "off_topic", "p_off", "words", "p_len"),
    *("hazard", "protocol", "hallucinations_against", "not_scored"),
)


@click.command("rqi", epilog=EPILOG)
@click.argument("predicted", type=click.Path(path_type=Path))
@click.argument("reference", type=click.Path(path_type=Path))
@judge_options
@click.option(
    "--protocol",
    type=click.Choice(["paper", "release"]),
    default="paper",
    show_default=True,
    help="Whose definition of the index.",
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
    from s3eval.dataset.report_tables import annotated_features, partners, read_reports
    from s3eval.dataset.sheets import Problems

    if csv_file == "-" == json_file:
        raise S3EvalError("Only one of --csv and --json can go to standard output")
    problems = Problems()
    ours = read_reports(predicted, problems)
    theirs = read_reports(reference, problems)
    paired = partners(ours, theirs)
    marked = annotated_features(annotation, problems) if annotation else None
    if marked and protocol == "paper":
        echo(
            "The paper counts hallucinations against the reference report; --annotation is not "
            "used. It is with --protocol release.",
            err=True,
        )
        marked = None
    judge = opened(judging)
    try:
        pairs = {name: theirs[other] for name, other in paired.items()}
        rows = _scored(ours, pairs, marked, protocol, judge)
        identity = dict(judge.identity())
    finally:
        judge.close()
    left_out = told_problems(problems)
    unpaired = len({*theirs} - {*paired.values()})
    if unpaired:
        echo(f"{unpaired} reference reports have no prediction.", err=True)
    summary = _summary(rows, left_out, unpaired)
    if csv_file:
        _write(csv_file, rows)
    document = {
        "judge": identity,
        "protocol": protocol,
        "summary": summary,
        "problems": [str(p) for p in problems.all],
        "rows": rows,
    }
    if not write_json_output(document, json_file) and csv_file != "-":
        _show(rows, summary, protocol)
    if left_out or summary["scored"] < summary["predicted"]:
        ctx.exit(3)


def _scored(
    ours: dict[str, str],
    theirs: dict[str, str],
    marked: Annotated | None,
    protocol: Protocol,
    judge: Judge,
) -> list[dict[str, Any]]:
    """One row a prediction. Every distinct text is read once.

    Args:
        ours: predicted reports by file_name.
        theirs: the reference report of each that has one, by the same name.
    """
    wanted = [t for name in ours for t in (ours[name], theirs.get(name, ""))]
    texts = [*dict.fromkeys(t for t in wanted if t)]
    read = dict(zip(texts, judge.read_reports(texts), strict=True))
    return [
        _row(name, read.get(text), read.get(theirs[name]), marked, protocol)
        if name in theirs
        else _not_scored(name, "no reference report", protocol)
        for name, text in ours.items()
    ]


def _row(
    name: str,
    told: ReportFacts | Unreadable | None,
    truth: ReportFacts | Unreadable | None,
    marked: Annotated | None,
    protocol: Protocol,
) -> dict[str, Any]:
    from s3eval.judge import ReportFacts
    from s3eval.metrics.rqi import seizure_rqi

    for what, facts in (("predicted", told), ("reference", truth)):
        if not isinstance(facts, ReportFacts):
            why = facts.reason if facts else EMPTY
            return _not_scored(name, f"{what} report unreadable: {why}", protocol)
    assert isinstance(told, ReportFacts) and isinstance(truth, ReportFacts)
    against, features = _against(truth, name, marked)
    index = seizure_rqi(told, truth, protocol, features)
    return {
        "file_name": name,
        "rqi": index.score,
        "base": index.base,
        **{component: getattr(index, component) for component in COMPONENTS},
        "n_hallucinated": len(index.hallucinated),
        "hallucinated": list(index.hallucinated),
        "p_hall": index.p_hall,
        "off_topic": told.off_topic,
        "p_off": index.p_off,
        "words": told.words,
        "p_len": index.p_len,
        "hazard": index.hazard,
        "protocol": protocol,
        "hallucinations_against": against,
        "not_scored": "",
    }


def _against(
    truth: ReportFacts, file_name: str, marked: Annotated | None
) -> tuple[str, tuple[str, ...]]:
    """What hallucinations are counted against, and its features (release protocol)."""
    if marked is None:
        return "reference report", truth.features
    features = marked.of(file_name)
    if features is None:
        return "nothing: no annotation", ()  # as the release does
    if marked.by == "event_sequence":
        return "annotation", features  # what the release's own figures were made of
    if not truth.features:
        return "annotation", ()
    # No feature marked yes: whatever is told is not there, which an empty tuple would not say.
    return "annotation", features or ("none",)


def _not_scored(name: str, why: str, protocol: Protocol) -> dict[str, Any]:
    empty = dict.fromkeys(COLUMNS)
    return {**empty, "file_name": name, "protocol": protocol, "not_scored": why}


def _summary(rows: list[dict[str, Any]], left_out: int, unpaired: int) -> dict[str, Any]:
    scored = [row for row in rows if row["rqi"] is not None]
    means = {
        key: sum(row[key] for row in scored) / len(scored) if scored else None
        for key in ("rqi", "base", *COMPONENTS, "p_hall", "p_off", "p_len")
    }
    return {
        "predicted": len(rows),
        "scored": len(scored),
        "left_out": left_out,
        "references_without_prediction": unpaired,
        "mean": means,
    }


def _write(csv_file: str, rows: list[dict[str, Any]]) -> None:
    import csv
    import io

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([_cell(row[column]) for column in COLUMNS])
    if csv_file == "-":
        # On a terminal no character of a table may be a command; in a pipe nothing is changed.
        shown = text.getvalue()
        write_document(visible(shown, lines=True) if on_terminal(sys.stdout) else shown)
    else:
        Path(csv_file).write_text(text.getvalue(), encoding="utf-8")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    return " ".join(value) if isinstance(value, list) else str(value)


def _show(rows: list[dict[str, Any]], summary: dict[str, Any], protocol: str) -> None:
    columns = ["file_name", "RQI", "base", "S", "C", "L", "T", "halluc.", "off", "length", ""]
    keys = ("rqi", "base", *COMPONENTS, "p_hall", "p_off", "p_len")
    cells = [
        [row["file_name"], *[_short(row[k], k) for k in keys], row["not_scored"]] for row in rows
    ]
    mean = summary["mean"]
    cells.append(["mean", *[_short(mean[k], k) for k in keys], ""])
    title = (
        f"Seizure-RQI ({protocol}): {summary['scored']} of {summary['predicted']} reports scored, "
        f"{summary['left_out']} rows left out"
    )
    print_table(title, columns, cells, right=columns[1:-1])


def _short(value: float | None, key: str) -> str:
    return "-" if value is None else f"{value:.1f}" if key in ("rqi", "base") else f"{value:.2f}"
