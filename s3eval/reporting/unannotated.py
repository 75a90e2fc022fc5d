"""Items without any annotation: a line for all of them in place of a row without numbers each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from typing import TYPE_CHECKING

from s3eval.errors import counted

if TYPE_CHECKING:
    from s3eval.statistics.table import ScoreRow

__all__ = ["not_asked", "unannotated_items", "unannotated_line"]

#: How many names the line holds, so that it fits 80 columns.
SHOWN = 3


def not_asked(row: ScoreRow) -> bool:
    """Whether no question of a row's item was put to the model."""
    return row.asked == row.skipped


def unannotated_items(rows: Iterable[ScoreRow], task: str) -> Set[str]:
    """The items of a task that were asked about, and that are annotated in none of the videos.

    The coverage of an item is over all videos that are annotated and were asked about; an item
    without that metric is never among these.

    Args:
        rows: the scores of one run or of several.
    """
    known = [r for r in rows if r.task == task and r.metric == "coverage" and not not_asked(r)]
    return {r.item for r in known} - {r.item for r in known if r.videos}


def unannotated_line(items: Sequence[str]) -> str:
    """What stands in place of their rows.

    >>> unannotated_line(["tonic"]), unannotated_line([])
    ('1 item without annotation: tonic', '')
    >>> unannotated_line(["tonic", "clonic", "figure4", "close_eyes"])
    '4 items without annotation: tonic, clonic, figure4, …'
    """
    if not items:
        return ""
    count = counted(len(items), "item")
    listed = [*items[:SHOWN], *(["…"] if len(items) > SHOWN else [])]
    return f"{count} without annotation: {', '.join(listed)}"
