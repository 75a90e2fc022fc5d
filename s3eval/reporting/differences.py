"""Differences of runs as tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from s3eval.errors import counted
from s3eval.facts.reports import Table
from s3eval.reporting.tables import print_table
from s3eval.reporting.unannotated import unannotated_line
from s3eval.statistics.comparing import FAMILIES, NOT_SHOWN, outcome
from s3eval.statistics.twice import UNANNOTATED
from s3eval.terminal import echo

if TYPE_CHECKING:
    from s3eval.statistics.comparing import Difference

__all__ = ["explanation", "show_differences", "tables_of"]


def show_differences(rows: Sequence[Difference], protocol: str) -> None:
    """Print a table a pair, with a summary under each."""
    for table, mine in zip(tables_of(rows, protocol), _pairs(rows), strict=True):
        if table.rows:
            print_table(table.title, table.columns, table.rows, table.right)
        else:
            echo(f"{table.title}\n")
        echo(_without_annotation(mine) + _summary(mine))
    echo(explanation(rows))


def explanation(rows: Sequence[Difference]) -> str:
    """Which question each corrected p answers, and over how many tests it is corrected."""
    tests = {f: sum(r.p is not None and r.family == f for r in rows) for f in FAMILIES}
    return (
        "All tests go by patient. p family: does a run differ at a task as a whole (headline: the "
        f"task's headline\nmetric, corrected over {tests['headline']} tests), and at which items "
        f"(items: single items and further metrics,\ncorrected over {tests['items']} tests). "
        f"p all: is there any difference anywhere (corrected over {sum(tests.values())} tests). "
        "\nBetter goes by p family. One only: answers (a video and an item) that only one of the "
        "two gave; not\nscored here."
    )


def tables_of(rows: Sequence[Difference], protocol: str) -> list[Table]:
    """A table for each pair of runs, without items that are not annotated."""
    columns = ["score", "first", "second", "difference", "95 % interval", "effect", "p"]
    columns += ["p family", "p all", "family", "wins/ties/losses", "videos", "one only"]
    columns += ["patients", "better"]
    right = ["first", "second", "difference", "effect", "p", "p family", "p all"]
    right += ["videos", "one only", "patients"]
    tables = []
    for mine in _pairs(rows):
        first, second = mine[0].first, mine[0].second
        title = f"{first} (first) against {second} (second), protocol {protocol}"
        tables.append(Table(title, columns, [_cells(r) for r in mine if _is_shown(r)], right))
    return tables


def _pairs(rows: Sequence[Difference]) -> list[list[Difference]]:
    pairs: dict[tuple[str, str], list[Difference]] = {}
    for row in rows:
        pairs.setdefault((row.first, row.second), []).append(row)
    return list(pairs.values())


def _is_shown(row: Difference) -> bool:
    return row.note != UNANNOTATED


def _without_annotation(rows: Sequence[Difference]) -> str:
    """A line for each task with items that are not annotated, which have no row."""
    items: dict[str, dict[str, None]] = {}
    for row in rows:
        if not _is_shown(row):
            items.setdefault(row.task, {})[row.item] = None
    return "".join(f"{task}: {unannotated_line([*some])}\n" for task, some in items.items())


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
        _number(row.p_holm_all, 4),
        row.family,
        f"{row.wins}/{row.ties}/{row.losses}",
        row.videos,
        row.left_out,
        row.patients,
        outcome(row),
    )


def _number(value: float | None, digits: int = 3) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _summary(rows: Sequence[Difference]) -> str:
    lines = []
    for family in FAMILIES:
        mine = [r for r in rows if r.family == family and r.difference is not None]
        if mine:
            first, second = (sum(r.better == name for r in mine) for name in _names(rows))
            shown = sum(outcome(r) != NOT_SHOWN for r in mine)
            what = counted(len(mine), "headline score" if family == "headline" else "item")
            lines.append(
                f"Of {what} {rows[0].first} is ahead on {first}, {rows[0].second} on "
                f"{second}, equal on {len(mine) - first - second}; {shown} shown at 5 % after "
                "correction."
            )
    return "\n".join(lines) + "\n"


def _names(rows: Sequence[Difference]) -> tuple[str, str]:
    return rows[0].first, rows[0].second
