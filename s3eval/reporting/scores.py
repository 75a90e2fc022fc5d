"""Scores of runs as tables: every number beside its counts, interval and chance level."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from s3eval.facts.reports import Table
from s3eval.plugins import installed
from s3eval.published import publication_of
from s3eval.reporting.tables import html_table, plain_table, print_table
from s3eval.terminal import echo
from s3eval.vocabulary import FEATURE_NAMES

if TYPE_CHECKING:
    from s3eval.published import Printed
    from s3eval.statistics.scored import Scored
    from s3eval.statistics.table import ScoreRow

__all__ = ["html_of", "in_order", "show_missing", "show_scores", "tables_of", "text_of"]

LEGEND = (
    "[low, high]: 95 % interval by patient bootstrap · chance: the best baseline on the "
    "same videos · ~ better, but within chance's reach · ≤ chance: not better than chance · "
    "n: scored of asked"
)

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
    for table in tables_of(scored, detailed, published):
        print_table(table.title, table.columns, table.rows, table.right)
    echo(LEGEND)
    if any(row.stability is not None for s in scored for row in s.rows):
        echo(STABILITY)
    for note in dict.fromkeys(publication_of(model)[0].note() for model in published):
        echo(f"published: {note}")
    for one in scored:
        for fault in one.faults:
            echo(f"{one.run.name}: {fault}", err=True)


def show_missing(scored: Sequence[Scored]) -> None:
    """Print a line for each task that has no score or of which answers are missing."""
    for one in scored:
        before = f"{one.run.name} · " if len(scored) > 1 else ""
        for missing in one.missing:
            echo(f"{before}{missing}")


def text_of(scored: Sequence[Scored]) -> str:
    """The tables of `show_scores` as text."""
    parts = [plain_table(t) for t in tables_of(scored, detailed=len(scored) == 1)]
    return "\n".join([*parts, LEGEND])


def html_of(scored: Sequence[Scored]) -> str:
    """The tables of `show_scores` as HTML, for a notebook."""
    parts = [html_table(t) for t in tables_of(scored, detailed=len(scored) == 1)]
    return "".join([*parts, f"<p>{LEGEND}</p>"])


def tables_of(
    scored: Sequence[Scored], detailed: bool = False, published: Sequence[str] = ()
) -> list[Table]:
    """The tables of scores, a task after the other."""
    tables: list[Table] = []
    for task in dict.fromkeys(row.task for s in scored for row in s.rows):
        if detailed:
            tables += [t for s in scored if (t := _of_run(s, task)) is not None]
        else:
            tables.append(_side_by_side(scored, task, published))
    return tables


def _headline(scored: Sequence[Scored], task: str) -> str:
    """The task's own headline metric, or the first it has."""
    metrics = [*dict.fromkeys(r.metric for s in scored for r in s.rows if r.task == task)]
    wanted = next((h for s in scored if (h := s.headlines.get(task, ""))), "")
    return wanted if wanted in metrics else metrics[0]


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


def _side_by_side(scored: Sequence[Scored], task: str, published: Sequence[str] = ()) -> Table:
    printed = [_printed(model, task) for model in published]
    metric = _headline(scored, task)
    items = in_order(r.item for s in scored for r in s.rows if r.task == task)
    by_place = [{r.item: r for r in s.rows if (r.task, r.metric) == (task, metric)} for s in scored]
    rows: list[list[object]] = []
    repeated = any(r.stability is not None for by_item in by_place for r in by_item.values())
    for item in items:
        mine = [by_item.get(item) for by_item in by_place]
        some = [r for r in mine if r is not None]
        if not some:
            continue
        best = next((r for r in some if r.chance_value is not None), None)
        chance = f"{_number(best.chance_value)} {best.chance_name}" if best else ""
        cells = ["-" if r is None else f"{_number(r.value)} {r.symbol}".strip() for r in mine]
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


def _of_run(scored: Scored, task: str) -> Table | None:
    mine = [r for r in scored.rows if r.task == task]
    if not mine:
        return None
    metrics = [*dict.fromkeys(r.metric for r in mine)]
    headline = _headline([scored], task)
    by = {(r.item, r.metric): r for r in mine}
    others = [m for m in metrics if m != headline]
    repeated = any(r.stability is not None for r in mine)
    rows: list[list[object]] = []
    for item in dict.fromkeys(r.item for r in mine):
        main = by.get((item, headline))
        lead = main or next(r for r in mine if r.item == item)
        values = [_number(by[item, m].value) if (item, m) in by else "" for m in others]
        chance = f"{_number(lead.chance_value)} {lead.chance_name}" if lead.chance_name else ""
        counts = f"{lead.scored}/{lead.asked}"
        shown = _with_interval(main) if main else ""
        symbol = main.symbol if main else ""
        stable = [_stability([lead])] if repeated else []
        rest = (*values, counts, _trouble(lead), lead.note)
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
