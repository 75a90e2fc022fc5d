"""Whether metrics order reports as experts do: a table of ratings, or those of a publication."""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from s3eval.dataset.csv_file import read_csv_file
from s3eval.errors import S3EvalError, UnknownNameError
from s3eval.plugins import install_command
from s3eval.published import Published, Rating, publications
from s3eval.statistics.ratings import Agreement, agreements, as_json

__all__ = ["MetricValidation", "validate_metrics"]

#: Rated reports that are compared: 5,000 take 200 MB a matrix.
MAX_RATINGS = 5_000
NAMES = ("model", "video_id", "patient")
#: How the columns of single experts begin (``s3eval judge ratings`` writes them).
RATER = "rater_"
#: What a column may be called, too, where its own name is missing (the paper's release does).
ALSO = {"file_name": "video_id", "human": "expert"}
_COLUMNS = "a CSV file with the columns model, video_id, metrics, expert"


@dataclass(frozen=True)
class MetricValidation:
    """How metrics agree with experts.

    Attributes:
        source: the name of the file, or "published ratings".
        rated: reports that are rated.
        left_out: rows that could not be used.
        seed, resamples: of the intervals.
        agreements: a metric's statistics with their intervals, in the order of the columns.
        problems: what is wrong, by row.
        remarks: columns that hold no numbers.
        publication: whose ratings these are, None for those of a file.
    """

    source: str
    rated: int
    left_out: int
    seed: int
    resamples: int
    agreements: tuple[Agreement, ...]
    problems: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    publication: Published | None = None

    def as_json(self) -> dict[str, Any]:
        """Everything, as ``s3eval judge validate --json`` writes it."""
        return {
            "source": self.source,
            "rated": self.rated,
            "left_out": self.left_out,
            "seed": self.seed,
            "resamples": self.resamples,
            "metrics": [as_json(a) for a in self.agreements],
            "problems": [*self.problems, *self.remarks],
        }


def validate_metrics(
    ratings: str | os.PathLike[str] | None = None,
    expert: str = "expert",
    metrics: Sequence[str] = (),
    resamples: int = 2000,
    seed: int = 0,
) -> MetricValidation:
    """Agreement of metrics with experts' ratings of reports.

    Args:
        ratings: a CSV file with the columns model, video_id, a column a metric, and the ratings;
            without it, those that an installed publication prints.
        expert: the column that holds the ratings.
        metrics: these columns only; without it all that hold numbers.
        resamples: draws of patients for each interval; 0 for no intervals.

    Raises:
        S3EvalError: there is no such file or publication, nothing in it can be compared, or there
            are more than 5,000 rated reports; (UnknownNameError) no such metric.

    >>> import pathlib, tempfile
    >>> table = pathlib.Path(tempfile.mkdtemp()) / "ratings.csv"
    >>> rows = "".join(f"m,v{i},{10 * i},{i}\\n" for i in range(5))
    >>> _ = table.write_text("model,video_id,rqi,expert\\n" + rows)
    >>> done = validate_metrics(table, resamples=0)
    >>> done.rated, round(done.agreements[0].values["spearman"], 2)
    (5, 1.0)
    """
    publication = None
    if ratings is None:
        publication, published = _published_ratings()
        read = _Ratings(_only(published, metrics) if metrics else published)
    else:
        read = _read(Path(ratings), expert, metrics)
    if len(read.rows) > MAX_RATINGS:
        raise S3EvalError(
            f"More than {MAX_RATINGS:,} rated reports",
            where=ratings or "",
            why="every pair of them is compared, and memory grows with the square of their number",
        )
    return MetricValidation(
        source="published ratings" if ratings is None else Path(ratings).name,
        rated=len(read.rows),
        left_out=read.left_out,
        seed=seed,
        resamples=resamples,
        agreements=tuple(agreements(read.rows, resamples, seed)),
        problems=tuple(read.problems),
        remarks=tuple(read.remarks),
        publication=publication,
    )


def _published_ratings() -> tuple[Published, list[Rating]]:
    """The first installed publication with ratings, and these.

    Raises:
        S3EvalError: there is none.
    """
    for one in publications():
        if rated := [*one.ratings()]:
            return one, rated
    raise S3EvalError(
        "No published ratings are installed",
        fix=f"s3eval judge validate RATINGS.csv, or {install_command('published')}",
    )


def _only(rows: list[Rating], wanted: Sequence[str]) -> list[Rating]:
    known = {name for row in rows for name in row.metrics}
    _known(wanted, known)
    return [replace(r, metrics={k: v for k, v in r.metrics.items() if k in wanted}) for r in rows]


def _known(wanted: Sequence[str], columns: Collection[str]) -> None:
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


def _read(path: Path, expert: str, wanted: Sequence[str]) -> _Ratings:
    """The rated reports of a file; what is left out is named by row.

    Raises:
        S3EvalError: there is no such file, or nothing in it can be compared.
    """
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


def _records(path: Path, expert: str) -> tuple[list[tuple[int, dict[str, str], str]], list[str]]:
    """(row, trimmed cells by column, what is wrong with the row as a whole), and the columns."""
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
