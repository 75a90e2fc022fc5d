"""The table of how metrics agree with experts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from s3eval.reporting.tables import print_table

if TYPE_CHECKING:
    from s3eval.published import Printed
    from s3eval.statistics.ratings import Agreement

__all__ = ["show_ratings"]


def show_ratings(
    agreements: Sequence[Agreement], title: str, published: Mapping[tuple[str, str], Printed]
) -> None:
    """Print every statistic with its interval.

    Args:
        published: what a publication prints, by (metric, statistic); shown beside ours.
    """
    from s3eval.statistics.ratings import STATISTICS

    columns = ["metric", *STATISTICS, "reports", "drawn"]
    rows = []
    for one in agreements:
        cells: list[object] = [one.metric]
        for name in STATISTICS:
            value, ends = one.values[name], one.intervals.get(name)
            text = "-" if value is None else f"{value:.2f}"
            text += f" [{ends[0]:.2f}, {ends[1]:.2f}]" if ends else ""
            beside = published.get((one.metric, name))
            cells.append(text + (f" (published {beside.text})" if beside else ""))
        shown = f"{one.n}" + (f" ({one.missing} without value)" if one.missing else "")
        rows.append([*cells, shown, f"{one.groups}"])
    print_table(title, columns, rows)
