"""Where the time of runs went, as a table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from s3eval.facts.reports import Table
from s3eval.running.efficiency import stored_efficiency, total_of
from s3eval.running.limits import STAGES

if TYPE_CHECKING:
    from s3eval.running.runs import Run

__all__ = ["efficiency_table"]

_TITLE = (
    "Seconds of asking on the clock and in each stage (decoders, and clips asked about at the "
    "same time, added up), and tokens"
)


def efficiency_table(runs: Iterable[Run]) -> Table | None:
    """A row a run that has measured its asking; None where none has."""
    rows: list[list[object]] = []
    for run in runs:
        # A run took what it took as a whole, not by subgroup.
        entries = [] if run.subgroup else stored_efficiency(run.path)
        if not entries:
            continue
        total = total_of(entries)
        seconds = [f"{total.stages.get(stage, 0.0):,.1f}" for stage in STAGES]
        tokens = ["-" if n is None else f"{n:,}" for n in (total.tokens_in, total.tokens_out)]
        rows.append([run.name, f"{total.answers:,}", f"{total.seconds:,.1f}", *seconds, *tokens])
    columns = ["run", "answers", "clock", *STAGES, "tokens in", "tokens out"]
    return Table(_TITLE, columns, rows, right=columns[1:]) if rows else None
