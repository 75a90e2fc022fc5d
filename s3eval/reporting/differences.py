"""Differences of runs as tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from s3eval.facts.reports import Table
from s3eval.reporting.tables import print_table
from s3eval.statistics.comparing import outcome
from s3eval.terminal import echo

if TYPE_CHECKING:
    from s3eval.statistics.comparing import Difference

__all__ = ["show_differences", "tables_of"]


def show_differences(rows: Sequence[Difference], protocol: str) -> None:
    """Print a table a pair, with a summary under each."""
    family = sum(r.p is not None for r in rows)
    for table, mine in zip(tables_of(rows, protocol), _pairs(rows), strict=True):
        print_table(table.title, table.columns, table.rows, table.right)
        echo(_summary(mine))
    echo(f"p Holm is corrected over {family} tests; all go by patient.")


def tables_of(rows: Sequence[Difference], protocol: str) -> list[Table]:
    """A table for each pair of runs."""
    columns = ["score", "first", "second", "difference", "95 % interval", "effect", "p", "p Holm"]
    columns += ["wins/ties/losses", "videos", "patients", "better"]
    right = ("first", "second", "difference", "effect", "p", "p Holm", "videos", "patients")
    tables = []
    for mine in _pairs(rows):
        first, second = mine[0].first, mine[0].second
        title = f"{first} (first) against {second} (second), protocol {protocol}"
        tables.append(Table(title, columns, [_cells(r) for r in mine], right))
    return tables


def _pairs(rows: Sequence[Difference]) -> list[list[Difference]]:
    pairs: dict[tuple[str, str], list[Difference]] = {}
    for row in rows:
        pairs.setdefault((row.first, row.second), []).append(row)
    return list(pairs.values())


def _cells(row: Difference) -> tuple[object, ...]:
    interval = f"{_number(row.low)} to {_number(row.high)}" if row.low is not None else row.note
    return (
        f"{row.task} {row.item} {row.metric}",
        _number(row.first_value),
        _number(row.second_value),
        _number(row.difference),
        interval,
        _number(row.effect, 2),
        _number(row.p, 4),
        _number(row.p_holm, 4),
        f"{row.wins}/{row.ties}/{row.losses}",
        f"{row.videos}" + (f" (+{row.left_out} in one only)" if row.left_out else ""),
        row.patients,
        outcome(row),
    )


def _number(value: float | None, digits: int = 3) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _summary(rows: Sequence[Difference]) -> str:
    features = [r for r in rows if r.item != "mean" and r.difference is not None]
    first = sum(r.better == r.first for r in features)
    second = sum(r.better == r.second for r in features)
    shown = sum(r.p_holm is not None and r.p_holm < 0.05 for r in rows)
    ahead = (
        f"Of {len(features)} items {rows[0].first} is ahead on {first}, {rows[0].second} on "
        f"{second}, equal on {len(features) - first - second}. "
    )
    return (
        f"{ahead if features else ''}{shown} of {len(rows)} differences are shown at 5 % after "
        "correction.\n"
    )
