"""``s3eval judge validate``: do metrics order reports as experts do (paper, Tables 10 and 11)?"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from s3eval.cli.common import json_option, names, seed_option, write_json_output
from s3eval.errors import S3EvalError, UnknownNameError
from s3eval.reporting.tables import print_table
from s3eval.terminal import echo

if TYPE_CHECKING:
    from s3eval.published import Published, Rating
    from s3eval.statistics.ratings import Agreement

#: Rated reports that are compared: 5,000 take 200 MB a matrix.
MAX_RATINGS = 5_000
EPILOG = """\b
Examples:
  s3eval judge validate                      published ratings, beside the printed agreement
  s3eval judge validate ratings.csv --json -
  s3eval judge validate ratings.csv --expert rater_2 --metric rqi,rouge1
"""
NAMES = ("model", "video_id", "patient")
#: How the columns of single experts begin (``s3eval judge ratings`` writes them).
RATER = "rater_"
#: What a column may be called, too, where its own name is missing (the paper's release does).
ALSO = {"file_name": "video_id", "human": "expert"}


@click.command("validate", epilog=EPILOG)
@click.argument("ratings", required=False, type=click.Path(path_type=Path))
@click.option(
    "--expert", default="expert", show_default=True, help="Column that holds the experts' ratings."
)
@click.option(
    "--metric", "metrics", multiple=True, help="Look at these columns only (default: all)."
)
@click.option(
    "--resamples",
    type=click.IntRange(0),
    default=2000,
    show_default=True,
    help="Draws for the intervals; 0 for none.",
)
@seed_option
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
    draw whole patients (column patient, or video_id up to the first '@'). The columns may be
    called file_name and human, too. Without RATINGS, those that an installed publication prints.
    """
    from s3eval.statistics.ratings import agreements, as_json

    publication = None
    if ratings is None:
        publication, published = _published_ratings()
        read = _Ratings(_only(published, names(metrics)) if metrics else published)
    else:
        read = _read(ratings, expert, names(metrics))
    for told in (*read.problems, *read.remarks):
        echo(told, err=True)
    rows = read.rows
    if len(rows) > MAX_RATINGS:
        raise S3EvalError(
            f"More than {MAX_RATINGS:,} rated reports",
            where=ratings or "",
            why="every pair of them is compared, and memory grows with the square of their number",
        )
    found = agreements(rows, resamples, seed)
    source = "published ratings" if ratings is None else ratings.name
    document = {
        "source": source,
        "rated": len(rows),
        "left_out": read.left_out,
        "seed": seed,
        "resamples": resamples,
        "metrics": [as_json(a) for a in found],
        "problems": [*read.problems, *read.remarks],
    }
    if not write_json_output(document, json_file):
        _show(found, f"{len(rows)} rated reports ({source})", publication)
    if read.problems:
        ctx.exit(3)


def _published_ratings() -> tuple[Published, list[Rating]]:
    """The first installed publication with ratings, and these.

    Raises:
        S3EvalError: there is none.
    """
    from s3eval.plugins import install_command
    from s3eval.published import publications

    for one in publications():
        if rated := [*one.ratings()]:
            return one, rated
    raise S3EvalError(
        "No published ratings are installed",
        fix=f"s3eval judge validate RATINGS.csv, or {install_command('published')}",
    )


def _only(rows: list[Rating], wanted: tuple[str, ...]) -> list[Rating]:
    known = {name for row in rows for name in row.metrics}
    _known(wanted, known)
    return [replace(r, metrics={k: v for k, v in r.metrics.items() if k in wanted}) for r in rows]


def _known(wanted: tuple[str, ...], columns: set[str]) -> None:
    for name in wanted:
        if name not in columns:
            raise UnknownNameError("metric column", name, columns, fix=", ".join(sorted(columns)))


@dataclass(frozen=True)
class _Ratings:
    """A file's rated reports, rows left out, what is wrong by row, and remarks on columns."""

    rows: list[Rating]
    left_out: int = 0
    problems: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def _read(path: Path, expert: str, wanted: tuple[str, ...]) -> _Ratings:
    """The rated reports of a file; what is left out is named by row.

    Raises:
        S3EvalError: there is no such file, or nothing in it can be compared.
    """
    from s3eval.published import Rating

    records, columns = _records(path, expert)
    given = [c for c in columns if c not in (*NAMES, expert)]
    _known(wanted, set(given))
    # The mean of the experts, and each one's own ratings, are what metrics are held against.
    metrics = [c for c in given if c in wanted or not (c == "expert" or c.startswith(RATER))]
    rows: list[Rating] = []
    problems: list[str] = []
    seen: dict[tuple[str, str], int] = {}
    numbers = [m for m in metrics if not wanted or m in wanted]
    faults: list[tuple[str, str]] = []
    for number, row, broken in records:
        key = (row.get("model", ""), row.get("video_id", ""))
        rating = _number(row.get(expert))
        why = broken or _fault(key, rating, expert, seen)
        if why or rating is None:
            problems.append(f"{path.name}:{number}: {why}; the row is left out")
            continue
        seen[key] = number
        values = {m: _number(row.get(m)) for m in numbers}
        for name, value in values.items():
            if value is None and row.get(name):
                faults.append((name, f"{path.name}:{number}: '{name}' is no number; not compared"))
        group = row.get("patient") or key[1].partition("@")[0]
        rows.append(Rating(*key, group, values, rating))
    if not rows:
        raise S3EvalError("The file has no rated reports", where=path, why="; ".join(problems[:3]))
    compared = [m for m in numbers if any(r.metrics[m] is not None for r in rows)]
    if not compared:
        raise S3EvalError(
            "No column of numbers to compare with the ratings",
            where=path,
            why=f"beside {', '.join((*NAMES, expert))} it has {', '.join(numbers) or 'none'}",
        )
    return _Ratings(
        [replace(r, metrics={m: r.metrics[m] for m in compared}) for r in rows],
        left_out=len(problems),
        problems=problems + [text for name, text in faults if name in compared],
        # Comments, names of files: one remark a column, and nothing that went wrong.
        remarks=[
            f"{path.name}: '{m}' holds no numbers; not compared"
            for m in numbers
            if m not in compared
        ],
    )


_COLUMNS = "a CSV file with the columns model, video_id, metrics, expert"


def _records(path: Path, expert: str) -> tuple[list[tuple[int, dict[str, str], str]], list[str]]:
    """(row, trimmed cells by column, what is wrong with the row as a whole), and the columns."""
    from s3eval.dataset.csv_file import read_csv_file

    if not path.is_file():
        raise S3EvalError("There is no such file", where=path)
    read = read_csv_file(path, path.name, (*NAMES, *ALSO, expert))
    named = {c: ALSO[c] for c in read.columns if c in ALSO and ALSO[c] not in read.columns}
    named.pop(expert, None)  # Asked for by the name it has.
    columns = [named.get(c, c) for c in read.columns if c]
    if not columns:
        why = read.problems[0].what
        raise S3EvalError("Nothing can be read", where=path, why=why, fix=_COLUMNS)
    lacking = [c for c in ("model", "video_id", expert) if c not in columns]
    if lacking:
        why = f"found: {', '.join(columns)}"
        raise S3EvalError(f"Column {', '.join(lacking)} is missing", where=path, why=why)
    twice = sorted(c for c, times in Counter(columns).items() if times > 1)
    if twice:
        raise S3EvalError(f"Column {', '.join(twice)} appears twice", where=path)
    records = []
    for record in read:
        why = record.fault or ("bytes that are not UTF-8" if record.broken else "")
        cells = {named.get(name, name): cell for name, cell in record.cells.items()}
        records.append((record.number, cells, why))
    return records, columns


def _fault(
    key: tuple[str, str], rating: float | None, expert: str, seen: dict[tuple[str, str], int]
) -> str:
    """Why a row cannot be used; "" when it can."""
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


def _show(found: list[Agreement], title: str, publication: Published | None) -> None:
    from s3eval.statistics.ratings import STATISTICS

    printed = publication.of_ratings() if publication else {}
    columns = ["metric", *STATISTICS, "reports", "drawn"]
    rows = []
    for one in found:
        cells: list[object] = [one.metric]
        for name in STATISTICS:
            value, ends = one.values[name], one.intervals.get(name)
            text = "-" if value is None else f"{value:.2f}"
            text += f" [{ends[0]:.2f}, {ends[1]:.2f}]" if ends else ""
            beside = printed.get((one.metric, name))
            cells.append(text + (f" (published {beside.text})" if beside else ""))
        shown = f"{one.n}" + (f" ({one.missing} without value)" if one.missing else "")
        rows.append([*cells, shown, f"{one.groups}"])
    print_table(title, columns, rows)
