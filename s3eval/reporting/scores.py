"""Scores of runs as tables: every number beside its counts, interval and chance level."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING

from s3eval.facts.reports import Table
from s3eval.plugins import installed
from s3eval.published import publication_of
from s3eval.reporting.tables import html_table, plain_table, print_table
from s3eval.reporting.unannotated import not_asked, unannotated_items, unannotated_line
from s3eval.reporting.variants import model_options_of, variant_lines
from s3eval.terminal import echo, visible
from s3eval.vocabulary import FEATURE_NAMES

if TYPE_CHECKING:
    from s3eval.published import Printed
    from s3eval.statistics.scored import Scored
    from s3eval.statistics.table import ScoreRow

__all__ = [
    "html_of",
    "in_order",
    "of_tasks",
    "show_faults",
    "show_missing",
    "show_scores",
    "tables_of",
    "text_of",
]

INTERVAL = "[low, high]: 95 % interval by patient bootstrap · "
LEGEND = (
    "chance: the best baseline on the same videos · ~ better, but within chance's reach · "
    "≤ chance: not better than chance · n: scored of asked"
)
NOT_ASKED = "not asked"

STABILITY = (
    "stability: mean share of the repetitions of a question that come to the most frequent finding"
)


def show_scores(
    scored: Sequence[Scored], detailed: bool = False, published: Sequence[str] = ()
) -> None:
    """Print the scores: one table a task over all runs, or a full one for each run.

    Args:
        published: models whose published rows on the test set are shown beside
            (`s3eval.published`).

    Raises:
        S3EvalError: no installed publication prints one of these models.
    """
    for table, without in _parts(scored, detailed, published):
        if table.rows:
            print_table(table.title, table.columns, table.rows, table.right)
        if without:
            echo(f"{without}\n" if table.rows else f"{table.title}\n{without}\n")
    for line in _legend(scored, detailed):
        echo(line)
    if any(row.stability is not None for s in scored for row in s.rows):
        echo(STABILITY)
    for note in dict.fromkeys(publication_of(model)[0].note() for model in published):
        echo(f"published: {note}")


def show_faults(scored: Iterable[Scored]) -> int:
    """Print on standard error what a package could not do, a line each, and count the lines."""
    lines = [f"{one.run.name}: {fault}" for one in scored for fault in one.faults]
    for line in lines:
        echo(line, err=True)
    return len(lines)


def show_missing(scored: Sequence[Scored]) -> None:
    """Print a line for each task that has no score or of which answers are missing."""
    for one in scored:
        before = f"{one.run.name} · " if len(scored) > 1 else ""
        for missing in one.missing:
            echo(f"{before}{missing}")


def of_tasks(scored: Sequence[Scored], tasks: Sequence[str]) -> list[Scored]:
    """The scores, findings and faults of these tasks only.

    Args:
        tasks: names; one that a run was not asked about leaves nothing of it.
    """
    return [
        replace(
            one,
            run=replace(
                one.run, findings={t: f for t, f in one.run.findings.items() if t in tasks}
            ),
            rows=[row for row in one.rows if row.task in tasks],
            faults=[fault for fault in one.faults if fault.task in tasks],
        )
        for one in scored
    ]


def text_of(scored: Sequence[Scored]) -> str:
    """The tables of `show_scores` as text."""
    detailed = len(scored) == 1
    lines: list[str] = []
    for table, without in _parts(scored, detailed):
        lines.append(plain_table(table) if table.rows else table.title)
        lines += [f"{without}\n"] if without else []
    return "\n".join([*lines, *_legend(scored, detailed)])


def html_of(scored: Sequence[Scored]) -> str:
    """The tables of `show_scores` as HTML, for a notebook."""
    detailed = len(scored) == 1
    parts: list[str] = []
    for table, without in _parts(scored, detailed):
        parts.append(html_table(table))
        parts += [f"<p>{escape(visible(without))}</p>"] if without else []
    legend = "<br>".join(escape(visible(line)) for line in _legend(scored, detailed))
    return "".join([*parts, f"<p>{legend}</p>"])


def tables_of(
    scored: Sequence[Scored], detailed: bool = False, published: Sequence[str] = ()
) -> list[Table]:
    """The tables of scores, a task after the other, without items that are not annotated."""
    return [table for table, _ in _parts(scored, detailed, published)]


def _legend(scored: Sequence[Scored], detailed: bool) -> list[str]:
    """What the signs mean, of intervals only where a table shows one, and names of variants."""
    around = detailed and any(
        row.low is not None and row.metric == _headline([s], row.task)
        for s in scored
        for row in s.rows
    )
    signs = (INTERVAL if around else "") + LEGEND
    return [signs, *variant_lines(model_options_of(one.run for one in scored))]


def _parts(
    scored: Sequence[Scored], detailed: bool = False, published: Sequence[str] = ()
) -> list[tuple[Table, str]]:
    """Each table, and the line about items that are not annotated, "" where there are none."""
    parts: list[tuple[Table, str]] = []
    for task in dict.fromkeys(row.task for s in scored for row in s.rows):
        for some in [[s] for s in scored] if detailed else [scored]:
            rows = [r for s in some for r in s.rows if r.task == task]
            if not rows:
                continue
            without = unannotated_items(rows, task)
            table = (
                _of_run(some[0], task, without)
                if detailed
                else _side_by_side(some, task, published, without)
            )
            names = in_order(r.item for r in rows)
            lines = [unannotated_line([i for i in names if i in without])]
            lines += [] if detailed else [_elsewhere(some, task, rows, without)]
            parts.append((table, "\n".join(line for line in lines if line)))
    return parts


def _headline(scored: Sequence[Scored], task: str) -> str:
    """The task's own headline metric, or the first it has."""
    metrics = [*dict.fromkeys(r.metric for s in scored for r in s.rows if r.task == task)]
    wanted = next((h for s in scored if (h := s.headlines.get(task, ""))), "")
    return wanted if wanted in metrics else metrics[0]


def _elsewhere(
    scored: Sequence[Scored], task: str, rows: Sequence[ScoreRow], without: Set[str]
) -> str:
    """The items that have scores but not the one of this table, and where these are shown."""
    metric = _headline(scored, task)
    measured: dict[str, str] = {}
    for row in rows:
        if row.metric != "coverage" and row.item not in without:
            measured.setdefault(row.item, row.metric)
    shown = {row.item for row in rows if row.metric == metric}
    others = [f"{item} ({measured[item]})" for item in in_order(measured) if item not in shown]
    return f"not measured by {metric}, see --details: {', '.join(others)}" if others else ""


def _judges(scored: Sequence[Scored], task: str) -> str:
    """Which judge read, for the title of a task that one read for."""
    names = dict.fromkeys(str(s.judge.get("judge", "")) for s in scored if task in s.judged)
    named = [name for name in names if name]
    return f" · judge {' and '.join(named)}" if named else ""


def _number(value: float | None, digits: int = 2) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _with_interval(row: ScoreRow) -> str:
    if row.value is None or row.low is None:
        return _number(row.value)
    return f"{_number(row.value)} [{_number(row.low)}, {_number(row.high)}]"


def _printed(model: str, task: str) -> Mapping[tuple[str, str], Printed]:
    """What a publication prints of a model for the installed task of this name."""
    publication, known = publication_of(model)
    specs = [p.spec for p in installed().of("task") if p.spec.name == task]
    return publication.of_model(known, specs[0]) if specs else {}


def _side_by_side(
    scored: Sequence[Scored], task: str, published: Sequence[str], without: Set[str]
) -> Table:
    printed = [_printed(model, task) for model in published]
    metric = _headline(scored, task)
    items = in_order(
        r.item for s in scored for r in s.rows if r.task == task and r.item not in without
    )
    by_place = [{r.item: r for r in s.rows if (r.task, r.metric) == (task, metric)} for s in scored]
    asked = [any(r.task == task and not not_asked(r) for r in s.rows) for s in scored]
    nothing = ["-" if some else NOT_ASKED for some in asked]
    rows: list[list[object]] = []
    repeated = any(r.stability is not None for by_item in by_place for r in by_item.values())
    for item in items:
        mine = [by_item.get(item) for by_item in by_place]
        some = [r for r in mine if r is not None]
        if not some:
            continue
        best = next((r for r in some if r.chance_value is not None), None)
        chance = f"{_number(best.chance_value)} {best.chance_name}" if best else ""
        cells = [none if r is None else _cell(r) for r, none in zip(mine, nothing, strict=True)]
        found_in = [rows_of.get((item, metric)) for rows_of in printed]
        beside = [one.text if one else "-" for one in found_in]
        stable = [_stability(mine)] if repeated else []
        rows.append([item, *cells, *stable, chance, _counted(some), *beside])
    names = [s.run.name for s in scored]
    title = f"{task}: {metric} by protocol '{scored[0].protocol}'{_judges(scored, task)}"
    stability = ["stability"] if repeated else []
    columns = ["item", *names, *stability, "best chance", "n"]
    columns += [f"published {model}" for model in published]
    return Table(title, columns, rows, right=["n"])


def _cell(row: ScoreRow) -> str:
    if row.value is None and not_asked(row):
        return NOT_ASKED
    return f"{_number(row.value)} {row.symbol}".strip()


def in_order(items: Iterable[str]) -> list[str]:
    """Features as the vocabulary orders them, other items as they come, the mean last."""
    names = list(dict.fromkeys(items))
    place = {name: i for i, name in enumerate(FEATURE_NAMES)}
    return sorted(names, key=lambda i: (i == "mean", place.get(i, names.index(i))))


def _stability(rows: Sequence[ScoreRow | None]) -> str:
    """The share of repetitions that agree, of each run after the other."""
    return " / ".join(_number(r.stability if r else None) for r in rows)


def _counted(rows: Sequence[ScoreRow]) -> str:
    """Scored of asked; a range where runs differ.

    Comparing numbers over different videos misleads; `s3eval compare` pairs them.
    """

    def span(values: set[int]) -> str:
        return "-".join(str(v) for v in sorted({min(values), max(values)}))

    return f"{span({r.scored for r in rows})}/{span({r.asked for r in rows})}"


def _of_run(scored: Scored, task: str, without: Set[str]) -> Table:
    mine = [r for r in scored.rows if r.task == task]
    metrics = [*dict.fromkeys(r.metric for r in mine)]
    headline = _headline([scored], task)
    by = {(r.item, r.metric): r for r in mine}
    others = [m for m in metrics if m != headline]
    repeated = any(r.stability is not None for r in mine)
    rows: list[list[object]] = []
    for item in dict.fromkeys(r.item for r in mine if r.item not in without):
        main = by.get((item, headline))
        lead = main or next(r for r in mine if r.item == item)
        values = [_number(by[item, m].value) if (item, m) in by else "" for m in others]
        if main is None and lead.metric in others:  # the item's own first metric leads its row
            values[others.index(lead.metric)] = f"{_with_interval(lead)} {lead.symbol}".strip()
        chance = f"{_number(lead.chance_value)} {lead.chance_name}" if lead.chance_name else ""
        counts = f"{lead.scored}/{lead.asked}"
        shown = _with_interval(main) if main else ""
        symbol = main.symbol if main else ""
        stable = [_stability([lead])] if repeated else []
        rest = (*values, counts, _trouble(lead), _note(lead, main or lead))
        rows.append([item, shown, symbol, *stable, chance, *rest])
    stability = ["stability"] if repeated else []
    columns = ["item", headline, "", *stability, "chance", *others, "n", "not scored", "note"]
    judge = _judges([scored], task)
    title = f"{scored.run.name} · {task} · protocol '{scored.protocol}'{judge}"
    return Table(title, columns, rows, right=[*others, "n"])


def _trouble(row: ScoreRow) -> str:
    unreadable = row.answered - row.readable
    parts = [(row.failed, "failed"), (unreadable, "unreadable"), (row.skipped, "skipped")]
    return ", ".join(f"{n} {label}" for n, label in parts if n)


def _note(lead: ScoreRow, main: ScoreRow) -> str:
    """What a reader must know of a row, and why its score has no interval."""
    parts = [NOT_ASKED] if not_asked(lead) else []
    parts += [lead.note] if lead.note else []
    has_value = main.metric != "coverage" and main.value is not None
    if has_value and main.low is None and main.interval_note:
        parts.append(f"no interval: {main.interval_note}")
    return "; ".join(parts)
