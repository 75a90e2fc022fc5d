"""Scores of runs as tables: every number beside its counts, interval and chance line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from s3eval.running.runs import Run, write_json
from s3eval.terminal import echo
from s3eval.vocabulary import FEATURE_NAMES

if TYPE_CHECKING:
    from s3eval.dataset import Dataset
    from s3eval.judge import Judge
    from s3eval.statistics.table import ScoreRow
    from s3eval.vocabulary import Protocol

__all__ = ["Scored", "score_run", "show_scores"]

LEGEND = (
    "[low, high]: 95 % interval by patient bootstrap · chance: the best trivial answerer on the "
    "same videos · ~ better, but within chance's reach · ≤ chance: not better than chance · "
    "n: scored of asked"
)


@dataclass(frozen=True)
class Scored:
    """A run's scores under one protocol."""

    run: Run
    protocol: str
    rows: Sequence[ScoreRow]

    def as_json(self) -> dict[str, Any]:
        """Everything, for ``--json`` and scores.json."""
        facts = self.run.facts
        return {
            "run": self.run.name,
            "model": facts.model,
            "dataset": facts.dataset,
            "protocol": self.protocol,
            "judge": dict(facts.judge),
            "scores": [asdict(row) for row in self.rows],
        }


def score_run(
    run: Run,
    dataset: Dataset,
    protocol: Protocol,
    judge: Judge | None = None,
    resamples: int = 2000,
    findings: Mapping[str, Sequence[Any]] | None = None,
    write: bool = True,
    options: Mapping[str, Any] | None = None,
) -> Scored:
    """Score a run's findings and keep the scores in its folder (``scores.json``).

    Args:
        dataset: the whole one, also when the run asked about a part of it.
        findings: findings to score instead of those the run folder holds.
        options: for the tasks' scoring, such as {"bertscore": encoder}.
    """
    from s3eval.statistics.table import score_rows

    chosen = run.findings if findings is None else findings
    seed = run.facts.seed
    rows = score_rows(chosen, dataset, protocol, judge, resamples, seed, options=options)
    scored = Scored(run, protocol, rows)
    if write:
        write_json(run.path / "scores.json", scored.as_json())
    return scored


def show_scores(
    scored: Sequence[Scored], detailed: bool = False, published: Sequence[str] = ()
) -> None:
    """Print the scores: one table a task over all runs, or a full one for each run.

    Args:
        published: models of the paper whose printed test-set rows are shown beside.
    """

    tasks = dict.fromkeys(row.task for s in scored for row in s.rows)
    for task in tasks:
        for one in scored if detailed else ():
            _print_run(one, task)
        if not detailed:
            _print_side_by_side(scored, task, published)
    echo(LEGEND)
    if published:
        echo("published: as printed in the paper for its 82 private test videos, not yours")


def _headline(rows: Sequence[ScoreRow], task: str) -> str:
    """The task's own headline metric, or the first it has."""
    from s3eval.errors import S3EvalError
    from s3eval.running.scoring import load_task

    metrics = [*dict.fromkeys(r.metric for r in rows if r.task == task)]
    try:
        wanted = load_task(task).headline
    except S3EvalError:
        wanted = ""
    return wanted if wanted in metrics else metrics[0]


def _number(value: float | None, digits: int = 2) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _with_interval(row: ScoreRow) -> str:
    if row.value is None or row.low is None:
        return _number(row.value)
    return f"{_number(row.value)} [{_number(row.low)}, {_number(row.high)}]"


def _print_side_by_side(scored: Sequence[Scored], task: str, published: Sequence[str] = ()) -> None:
    from s3eval.reporting.published_rows import published_scores
    from s3eval.reporting.tables import print_table

    printed = [published_scores(model, task) for model in published]

    metric = _headline(scored[0].rows if len(scored) == 1 else _all(scored), task)
    items = _in_order(r.item for s in scored for r in s.rows if r.task == task)
    found = {
        (s.run.name, r.item): r
        for s in scored
        for r in s.rows
        if (r.task, r.metric) == (task, metric)
    }
    rows = []
    for item in items:
        mine = [found.get((s.run.name, item)) for s in scored]
        some = [r for r in mine if r is not None]
        if not some:
            continue
        best = next((r for r in some if r.chance_value is not None), None)
        chance = f"{_number(best.chance_value)} {best.chance_name}" if best else ""
        cells = ["-" if r is None else f"{_number(r.value)} {r.symbol}".strip() for r in mine]
        beside = [p.get((item, metric), "-") for p in printed]
        rows.append([item, *cells, chance, _counted(some), *beside])
    names = [s.run.name for s in scored]
    title = f"{task}: {metric} by protocol '{scored[0].protocol}'"
    columns = ["item", *names, "best chance", "n", *(f"published {m}" for m in published)]
    print_table(title, columns, rows, right=["n"])


def _in_order(items: Iterable[str]) -> list[str]:
    """Features as the vocabulary orders them, other items as they come, the mean last."""
    found = list(dict.fromkeys(items))
    place = {name: i for i, name in enumerate(FEATURE_NAMES)}
    return sorted(found, key=lambda i: (i == "mean", place.get(i, found.index(i))))


def _counted(rows: Sequence[ScoreRow]) -> str:
    """Scored of asked; a range where runs differ.

    Comparing numbers over different videos misleads; `s3eval compare` pairs them.
    """

    def span(values: set[int]) -> str:
        return "-".join(str(v) for v in sorted({min(values), max(values)}))

    return f"{span({r.scored for r in rows})}/{span({r.asked for r in rows})}"


def _all(scored: Sequence[Scored]) -> list[ScoreRow]:
    return [row for s in scored for row in s.rows]


def _print_run(scored: Scored, task: str) -> None:
    from s3eval.reporting.tables import print_table

    mine = [r for r in scored.rows if r.task == task]
    if not mine:
        return
    metrics = [*dict.fromkeys(r.metric for r in mine)]
    headline = _headline(mine, task)
    by = {(r.item, r.metric): r for r in mine}
    others = [m for m in metrics if m != headline]
    rows = []
    for item in dict.fromkeys(r.item for r in mine):
        main = by.get((item, headline))
        lead = main or next(r for r in mine if r.item == item)
        values = [_number(by[item, m].value) if (item, m) in by else "" for m in others]
        chance = f"{_number(lead.chance_value)} {lead.chance_name}" if lead.chance_name else ""
        counts = f"{lead.scored}/{lead.asked}"
        trouble = _trouble(lead)
        shown = _with_interval(main) if main else ""
        symbol = main.symbol if main else ""
        rows.append([item, shown, symbol, chance, *values, counts, trouble, lead.note])
    columns = ["item", headline, "", "chance", *others, "n", "not scored", "note"]
    title = f"{scored.run.name} · {task} · protocol '{scored.protocol}'"
    print_table(title, columns, rows, right=[*others, "n"])


def _trouble(row: ScoreRow) -> str:
    unreadable = row.answered - row.readable
    parts = [(row.failed, "failed"), (unreadable, "unreadable"), (row.skipped, "skipped")]
    return ", ".join(f"{n} {label}" for n, label in parts if n)
