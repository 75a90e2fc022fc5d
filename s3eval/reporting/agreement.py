"""The table of how far readers agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from s3eval.reporting.tables import print_table

if TYPE_CHECKING:
    from s3eval.facts.tally import Tally
    from s3eval.statistics.resampling import Interval

__all__ = ["agreement_records", "show_agreement"]


def agreement_records(tallies: Sequence[Tally], around: Sequence[Interval]) -> list[dict[str, Any]]:
    """A record for each measure of agreement, for ``--json``."""
    return [
        {"task": t.task, "item": t.item, "measure": t.metric, "value": t.value}
        | {"videos": len(t.videos), **asdict(i)}
        for t, i in zip(tallies, around, strict=True)
    ]


def show_agreement(tallies: Sequence[Tally], around: Sequence[Interval]) -> None:
    """Print each measure with its interval, videos and patients."""
    lines = [
        (
            f"{t.task} {t.item}",
            t.metric,
            "-" if t.value is None else f"{t.value:.2f}{f' {t.unit}' if t.unit else ''}",
            i.note if i.low is None else f"{i.low:.2f} to {i.high:.2f}",
            len(t.videos),
            i.patients,
        )
        for t, i in zip(tallies, around, strict=True)
    ]
    titles = ("item", "measure", "value", "95 % interval", "videos", "patients")
    print_table("Agreement between readers, intervals by patient", titles, lines, titles[2:])
