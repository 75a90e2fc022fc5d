"""A sweep as tables: items by settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from s3eval.facts.reports import Table
from s3eval.plugins import installed
from s3eval.published import publications

if TYPE_CHECKING:
    from s3eval.published import Printed
    from s3eval.statistics.comparing import Difference
    from s3eval.statistics.sweeps import Setting
    from s3eval.statistics.table import ScoreRow

__all__ = ["EXPLANATION", "PUBLISHED", "published_of", "tables_of"]

#: What stands in brackets, and how it is tested.
EXPLANATION = (
    "(+0.00): against the first setting on what both answered; * shown at 5 %, paired",
    "permutation by patient, Holm over headline scores and over items apart.",
)
#: Said where a published value stands beside.
PUBLISHED = "published: the printed value, of the publication's own videos."


def published_of(setting: Setting, tasks: Iterable[str]) -> dict[tuple[str, str, str], Printed]:
    """What publications print for a setting: by (task, item, metric)."""
    values = dict(setting.values)
    specs = {p.spec.name: p.spec for p in installed().of("task")}
    return {
        (task, item, metric): printed
        for publication in publications()
        for task in tasks
        if task in specs
        for (item, metric), printed in publication.of_setting(specs[task], values).items()
    }


def tables_of(
    settings: Sequence[Setting],
    rows: Mapping[str, Sequence[ScoreRow]],
    headlines: Mapping[str, str],
    differences: Sequence[Difference],
) -> list[Table]:
    """A table for each task: its headline metric, items by settings.

    Args:
        rows: the scores, by the setting's label.
        headlines: the metric shown, by task.
        differences: against the first setting.
    """
    labels = [setting.label for setting in settings]
    tasks = dict.fromkeys(r.task for mine in rows.values() for r in mine)
    printed = {setting.label: published_of(setting, tasks) for setting in settings}
    cells = {(label, r.task, r.item, r.metric): r for label, mine in rows.items() for r in mine}
    gaps = {(d.first, d.task, d.item, d.metric): d for d in differences}
    tables = []
    for task in tasks:
        metric = headlines.get(task, "")
        items = dict.fromkeys(
            r.item for mine in rows.values() for r in mine if (r.task, r.metric) == (task, metric)
        )
        lines = []
        for item in items:
            line = [item]
            for label in labels:
                key = (task, item, metric)
                row, gap = cells.get((label, *key)), gaps.get((label, *key))
                line.append(_cell(row, gap, printed[label].get(key)))
            lines.append(line)
        tables.append(Table(f"{task}, {metric}", ["item", *labels], lines, labels))
    return tables


def _cell(row: ScoreRow | None, gap: Difference | None, printed: Printed | None) -> str:
    if row is None or row.value is None:
        text = "-"
    else:
        text = f"{row.value:.2f}"
        if row.low is not None and row.high is not None:
            text += f" [{row.low:.2f}, {row.high:.2f}]"
        text += f" {row.symbol}" if row.symbol else ""
    if gap is not None and gap.difference is not None:
        star = "*" if gap.p_holm is not None and gap.p_holm < 0.05 else ""
        text += f" ({gap.difference:+.2f}{star})"
    return text + (f" published {printed.text}" if printed else "")
