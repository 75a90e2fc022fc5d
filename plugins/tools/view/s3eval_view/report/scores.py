"""The tables of scores, and each task's result in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from s3eval_view.report.cells import Cell, ReportTable, cell, number, stem
from s3eval_view.report.evidence import measure, words

if TYPE_CHECKING:
    from s3eval.statistics.table import ScoreRow
    from s3eval_view.report.evidence import Evidence, RunEvidence

__all__ = ["Wrong", "complete_table", "coverage_table", "headlines", "metric_table"]

Wrong = Sequence[Mapping[tuple[str, str, str], float]]


def metric_table(evidence: Evidence, task: str, metric: str, wrong: Wrong) -> ReportTable:
    """Items by runs of one metric, with chance and the published rows.

    Args:
        wrong: for each run its scores with non-answers counted as wrong.
    """
    is_headline = metric == evidence.headline(task)
    rows = []
    for item in evidence.items(task, metric):
        key = task, item, metric
        run_rows = [run.rows.get(key) for run in evidence.runs]
        cells = [
            _score_cell(run, row, wrong_scores.get(key))
            for run, row, wrong_scores in zip(evidence.runs, run_rows, wrong, strict=True)
        ]
        rows.append(
            (Cell(words(item), (), {"": item}), *cells, _chance([r for r in run_rows if r]))
        )
    columns = ("item", *(run.label for run in evidence.runs), "best chance")
    unit = next(
        (
            r.unit
            for run in evidence.runs
            for r in run.scored.rows
            if (r.task, r.metric) == (task, metric)
        ),
        "",
    )
    return ReportTable(
        stem(f"{task} {metric}"),
        f"{words(task)}: {measure(metric)}" + (f" ({unit})" if unit else ""),
        columns,
        tuple(rows),
        folded=not is_headline,
        right=frozenset(range(1, len(columns))),
    )


def _score_cell(run: RunEvidence, row: ScoreRow | None, as_wrong: float | None) -> Cell:
    if row is None:
        return Cell("–")
    key = row.item, row.metric
    printed = run.published.get(row.task, {}).get(key)
    small = []
    if row.low is not None and row.high is not None:
        small.append(f"[{number(row.low)}, {number(row.high)}]")
    counted = f"n {row.scored}/{row.asked}"
    small.append(f"{counted} · publ. {printed.text}" if printed else counted)
    if as_wrong is not None and row.value is not None and abs(as_wrong - row.value) > 1e-9:
        small.append(f"as wrong {number(as_wrong)}")
    values = {
        "": row.value,
        "low": row.low,
        "high": row.high,
        "asked": row.asked,
        "answered": row.answered,
        "readable": row.readable,
        "scored": row.scored,
        "failed": row.failed,
        "skipped": row.skipped,
        "non-answers wrong": as_wrong,
        "published": printed.text if printed else None,
        "compared with chance": row.mark or None,
    }
    mark = {"above": "above", "unclear": "unclear", "not above": "below", "": ""}[row.mark]
    return Cell(f"{number(row.value)} {row.symbol}".strip(), tuple(small), values, mark)


def _chance(rows: Sequence[ScoreRow]) -> Cell:
    """The best chance level; a range where runs were scored on different videos."""
    known = [r for r in rows if r.chance_value is not None]
    if not known:
        return Cell("–")
    values = sorted(r.chance_value for r in known if r.chance_value is not None)
    texts = list(dict.fromkeys(number(v) for v in (values[0], values[-1])))
    names = list(dict.fromkeys(r.chance_name for r in known))
    joined = ", ".join(names)
    return Cell(" to ".join(texts), (joined,), {"low": values[0], "high": values[-1], "by": joined})


def coverage_table(evidence: Evidence, wrong: Wrong) -> ReportTable:
    """How many were asked, answered, readable and scored, for each run and task."""
    rows = []
    for task in evidence.specs:
        metric = evidence.headline(task)
        for run, wrong_scores in zip(evidence.runs, wrong, strict=True):
            row = _summary(run, task, metric)
            if row is None:
                continue
            counts = _counts(run, task)
            value = number(row.value) if row.value is not None else "–"
            what = f"{measure(metric)}, {words(row.item)}"
            rows.append(
                (
                    cell(f"{words(task)} · {run.label}"),
                    *(cell(counts[k]) for k in _COUNTED),
                    Cell(value, (what,), {"": row.value, "of": what}),
                    cell(wrong_scores.get((task, row.item, metric))),
                )
            )
    columns = ("task · run", *_COUNTED, "score", "non-answers wrong")
    return ReportTable(
        "coverage",
        "Coverage: what was asked, and what became of it",
        columns,
        tuple(rows),
        "asked = answered + failed + skipped; readable: a value was read of the answer; scored: "
        "there is an annotation to compare with (in the headline metric). The last column is the "
        "score if every failed or unreadable answer about an annotated video were wrong; – where "
        "a wrong answer has no worst value (errors in seconds, distances). The counts of every "
        "single number stand under it and in the CSV files.",
        right=frozenset(range(1, len(columns))),
    )


_COUNTED = ("asked", "answered", "readable", "scored", "failed", "skipped")


def _counts(run: RunEvidence, task: str) -> dict[str, int]:
    metric = run.scored.headlines.get(task, "")
    rows = [r for r in run.scored.rows if r.task == task and r.item != "mean"]
    mine = [r for r in rows if r.metric == metric] or rows[:1]
    return {key: sum(getattr(r, key) for r in mine) for key in _COUNTED}


def _summary(run: RunEvidence, task: str, metric: str) -> ScoreRow | None:
    """The mean over items where there is one, else the first item."""
    mine = [r for r in run.scored.rows if (r.task, r.metric) == (task, metric)]
    return next((r for r in mine if r.item == "mean"), mine[0] if mine else None)


def complete_table(evidence: Evidence, wrong: Wrong) -> ReportTable:
    """Every score with everything known of it, a row each: for CSV only."""
    rows: list[tuple[Cell, ...]] = []
    columns: tuple[str, ...] = ()
    for run, wrong_scores in zip(evidence.runs, wrong, strict=True):
        for row in run.scored.rows:
            fields: dict[str, Any] = asdict(row)
            fields.pop("chance")
            printed = run.published.get(row.task, {}).get((row.item, row.metric))
            facts = {
                "run": run.label,
                "model": run.scored.run.facts.model,
                **fields,
                "non_answers_wrong": wrong_scores.get((row.task, row.item, row.metric)),
                "published": printed.text if printed else None,
                "published_where": printed.where if printed else None,
            }
            columns = tuple(facts)
            rows.append(tuple(Cell(str(v), (), {"": v}) for v in facts.values()))
    return ReportTable("scores", "Every score", columns, tuple(rows))


def headlines(evidence: Evidence) -> list[tuple[str, str]]:
    """(task, what came out) for each task, with the comparison with chance in words."""
    sentences = []
    for task, spec in evidence.specs.items():
        metric = evidence.headline(task)
        rows = [(run, r) for run in evidence.runs if (r := _summary(run, task, metric)) is not None]
        scored = [(run, r) for run, r in rows if r.value is not None]
        if not scored:
            text = f"No run has a {measure(metric)} (nothing could be scored)."
        else:
            text = _in_words(evidence, task, metric, scored)
        number_of = f"Task {spec.number}, " if spec.number else ""
        sentences.append((f"{number_of}{words(task)}", text))
    return sentences


def _in_words(
    evidence: Evidence, task: str, metric: str, rows: Sequence[tuple[RunEvidence, ScoreRow]]
) -> str:
    better = rows[0][1].higher_is_better
    ordered = sorted(rows, key=lambda pair: pair[1].value or 0.0, reverse=better is None or better)
    run, best = ordered[0]
    unit = f" {best.unit}" if best.unit else ""
    around = ""
    if best.low is not None and best.high is not None:
        around = f" (95 % interval {number(best.low)} to {number(best.high)})"
    about = "on average over items" if best.item == "mean" else f"for {words(best.item)}"
    less = "" if better or better is None else ", where less is better"
    first = "Best of these runs" if len(ordered) > 1 else "This run"
    sentences = [
        f"{first}: {run.label} with {measure(metric)} {number(best.value)}{unit}{around} "
        f"{about}{less}.",
        _chance_in_words(best, unit),
        _items_in_words(run, task, metric),
    ]
    averaged = {run.label: _averaged(run, task, metric) for run, _ in ordered}
    if best.item == "mean" and len({*averaged.values()}) > 1:
        few, many = min(averaged.values()), max(averaged.values())
        sentences.append(
            f"The runs average over different items ({few} to {many}), so compare single items."
        )
    part = [f"{r.label} {s.scored} of {s.asked}" for r, s in ordered if s.scored < s.asked]
    if part:
        shown = "; ".join(part[:4]) + ("; …" if len(part) > 4 else "")
        sentences.append(f"Not everything asked could be scored: {shown}.")
    return " ".join(s for s in sentences if s)


def _averaged(run: RunEvidence, task: str, metric: str) -> int:
    rows = [r for r in run.scored.rows if (r.task, r.metric) == (task, metric)]
    return sum(r.item != "mean" and r.value is not None for r in rows)


def _chance_in_words(row: ScoreRow, unit: str) -> str:
    if row.chance_value is None:
        return "There is no chance level for this metric."
    value = f"{number(row.chance_value)}{unit}"
    level = f"the chance level “{row.chance_name}” gives {value} on the same videos"
    return {
        "above": f"That is better than chance: {level}.",
        "unclear": f"That is within the reach of chance: {level}.",
        "not above": f"That is no better than chance: {level}.",
        "": f"For comparison, {level}.",
    }[row.mark]


def _items_in_words(run: RunEvidence, task: str, metric: str) -> str:
    rows = [
        r
        for r in run.scored.rows
        if (r.task, r.metric) == (task, metric) and r.item != "mean" and r.mark
    ]
    if len(rows) < 2:
        return ""
    clear = [words(r.item) for r in rows if r.mark == "above"]
    named = f" ({', '.join(clear)})" if 0 < len(clear) <= 5 else ""
    return f"It is clearly better than chance for {len(clear)} of {len(rows)} items{named}."
