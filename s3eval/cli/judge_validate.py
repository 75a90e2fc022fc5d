"""``s3eval judge validate``: do metrics order reports as experts do (paper, Tables 10 and 11)?"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from s3eval.cli.common import json_option, print_table, write_json_output

if TYPE_CHECKING:
    from s3eval.judging.ratings import Agreement, Rating

EPILOG = """\b
Examples:
  s3eval judge validate                      the paper's Table 10, from its Table 11
  s3eval judge validate ratings.csv --json -
  s3eval judge validate ratings.csv --expert rater_2 --metric rqi,rouge1
"""
NAMES = ("model", "video_id", "patient")


@click.command("validate", epilog=EPILOG)
@click.argument("ratings", required=False, type=click.Path(path_type=Path))
@click.option("--expert", default="expert", show_default=True, help="Column with the ratings.")
@click.option("--metric", "metrics", multiple=True, help="Only these columns (default: all).")
@click.option("--resamples", default=2000, show_default=True, help="Draws for the intervals.")
@click.option("--seed", default=0, show_default=True, help="Of the draws.")
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    ratings: Path | None,
    expert: str,
    metrics: tuple[str, ...],
    resamples: int,
    seed: int,
    json_file: str | None,
) -> None:
    """Agreement of metrics with expert RATINGS (CSV: model, video_id, a column a metric, expert).

    Pearson, Spearman, Kendall tau-b and pairwise accuracy (of pairs the experts rate
    differently, the share a metric orders alike; its ties are wrong), with 95 % intervals that
    draw whole patients (column patient, or video_id up to the first '@'). Without RATINGS, the
    paper's own ratings of 60 reports.
    """
    from s3eval.judging.ratings import agreements, as_json, published_ratings

    problems: list[str] = []
    rows = (
        published_ratings() if ratings is None else _read(ratings, expert, names(metrics), problems)
    )
    if ratings is None and metrics:
        rows = _only(rows, names(metrics))
    for problem in problems:
        click.echo(problem, err=True)
    found = agreements(rows, resamples, seed)
    source = "the paper's Table 11" if ratings is None else ratings.name
    document = {
        "source": source,
        "rated": len(rows),
        "left_out": len(problems),
        "seed": seed,
        "resamples": resamples,
        "metrics": [as_json(a) for a in found],
        "problems": problems,
    }
    if not write_json_output(document, json_file):
        _show(found, f"{len(rows)} rated reports ({source})", published=ratings is None)
    if problems:
        ctx.exit(3)


def names(values: tuple[str, ...]) -> tuple[str, ...]:
    """Column names, given once each or separated by commas."""
    from s3eval.cli.common import names as split

    return split(values)


def _only(rows: list[Rating], wanted: tuple[str, ...]) -> list[Rating]:
    from dataclasses import replace

    known = {name for row in rows for name in row.metrics}
    _known(wanted, known)
    return [replace(r, metrics={k: v for k, v in r.metrics.items() if k in wanted}) for r in rows]


def _known(wanted: tuple[str, ...], columns: set[str]) -> None:
    from s3eval.errors import UnknownNameError

    for name in wanted:
        if name not in columns:
            raise UnknownNameError("metric column", name, columns, fix=", ".join(sorted(columns)))


def _read(path: Path, expert: str, wanted: tuple[str, ...], problems: list[str]) -> list[Rating]:
    """The rated reports; what is left out is named by row."""
    import csv
    import io

    from s3eval.errors import S3EvalError
    from s3eval.judging.ratings import Rating

    if not path.is_file():
        raise S3EvalError("There is no such file", where=path)
    text = path.read_bytes().decode("utf-8-sig", errors="replace")
    reader = csv.DictReader(io.StringIO(text, newline=""))
    columns = [c.strip() for c in reader.fieldnames or []]
    if not columns:
        raise S3EvalError("The file is empty", where=path, fix="model, video_id, metrics, expert")
    lacking = [c for c in ("model", "video_id", expert) if c not in columns]
    if lacking:
        raise S3EvalError(
            f"Column {', '.join(lacking)} is missing",
            where=path,
            fix=f"found: {', '.join(columns)}",
        )
    reader.fieldnames = columns
    metrics = [c for c in columns if c not in (*NAMES, expert)]
    _known(wanted, set(metrics))
    rows: list[Rating] = []
    seen: dict[tuple[str, str], int] = {}
    for row in reader:
        number = reader.line_num
        key = ((row["model"] or "").strip(), (row["video_id"] or "").strip())
        rating = _number(row[expert])
        why = _fault(key, rating, expert, seen, row)
        if why:
            problems.append(f"{path.name}:{number}: {why}; the row is left out")
            continue
        seen[key] = number
        values = {m: _number(row[m]) for m in metrics if not wanted or m in wanted}
        for name, value in values.items():
            if value is None and (row[name] or "").strip():
                problems.append(f"{path.name}:{number}: '{name}' is no number; not compared")
        group = (row.get("patient") or "").strip() or key[1].partition("@")[0]
        assert rating is not None
        rows.append(Rating(*key, group, values, rating))
    if not rows:
        raise S3EvalError("The file has no rated reports", where=path, why="; ".join(problems[:3]))
    return rows


def _fault(
    key: tuple[str, str],
    rating: float | None,
    expert: str,
    seen: dict[tuple[str, str], int],
    row: dict[str, Any],
) -> str:
    if None in row:
        return "more cells than columns"
    if any("\ufffd" in str(cell) for cell in row.values()):
        return "bytes that are not UTF-8"
    if not key[0] or not key[1]:
        return "model or video_id is missing"
    if rating is None:
        return f"'{expert}' is no number"
    if key in seen:
        return f"this model and video stand in row {seen[key]} already"
    return ""


def _number(cell: str | None) -> float | None:
    try:
        value = float((cell or "").strip())
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _show(found: list[Agreement], title: str, published: bool) -> None:
    from s3eval.judging.ratings import STATISTICS

    printed = _published() if published else {}
    columns = ["metric", *STATISTICS, "reports", "drawn"]
    rows = []
    for one in found:
        cells: list[object] = [one.metric]
        for name in STATISTICS:
            value, ends = one.values[name], one.intervals.get(name)
            text = "-" if value is None else f"{value:.2f}"
            text += f" [{ends[0]:.2f}, {ends[1]:.2f}]" if ends else ""
            paper = printed.get((one.metric, name))
            cells.append(text + (f" (paper {paper})" if paper is not None else ""))
        shown = f"{one.n}" + (f" ({one.missing} without value)" if one.missing else "")
        rows.append([*cells, shown, f"{one.groups}"])
    print_table(title, columns, rows)


def _published() -> dict[tuple[str, str], str]:
    from s3eval.published import cells

    return {(c.item, c.metric): c.printed for c in cells("10")}
