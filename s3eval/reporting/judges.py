"""Runs under several judges, as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from s3eval.facts.reports import Table

if TYPE_CHECKING:
    from s3eval.statistics.judge_comparison import JudgedRun, PairAgreement

__all__ = ["tables_of"]


def tables_of(
    means: Sequence[Mapping[str, Any]],
    judged: Sequence[JudgedRun],
    pairs: Sequence[PairAgreement],
) -> list[Table]:
    """The scores of each run under each judge with their means, and how the judges agree.

    Tasks 2 and 6 as in the paper's Table 25; any other task that a judge reads for by its headline.
    """
    further = _further(judged)
    if further and not any(sum(j.asked.values()) for j in judged):
        return [further]
    tables = _of_the_paper(means, judged, pairs)
    return [*tables, further] if further else tables


def _further(judged: Sequence[JudgedRun]) -> Table | None:
    columns = ["judge", "run", "task", "item", "metric", "score", "scored"]
    rows = [
        [j.judge, j.run, f.task, f.item, f.metric, _number(f.value), f"{f.scored}/{f.asked}"]
        for j in judged
        for f in j.further
    ]
    title = "Scores of further tasks per judge"
    return Table(title, columns, rows, columns[5:]) if rows else None


def _of_the_paper(
    means: Sequence[Mapping[str, Any]],
    judged: Sequence[JudgedRun],
    pairs: Sequence[PairAgreement],
) -> list[Table]:
    columns = ["judge", "run", "Task 2 score", "scored", "Task 6 RQI", "scored ", "reports read"]
    rows: list[list[str]] = []
    for j in judged:
        read = sum(f is not None for f in j.facts.values())
        rows.append(
            [
                j.judge,
                j.run,
                _number(j.interpretation),
                f"{j.scored['justification']}/{j.asked['justification']}",
                _number(j.rqi),
                f"{j.scored['report']}/{j.asked['report']}",
                f"{read}/{len(j.facts)}",
            ]
        )
    for m in means:
        counts = [f"{m[key]} runs" for key in ("interpretation_runs", "rqi_runs")]
        scores = [_number(m[key]) for key in ("interpretation", "rqi")]
        rows.append([m["judge"], "mean", scores[0], counts[0], scores[1], counts[1], ""])
    scores_table = Table("Scores per judge", columns, rows, columns[2:])
    columns = [
        "judges", "reports", "features kappa", "sections kappa", "localizing equal",
        "RQI Spearman", "Task 2 Spearman", "RQI ranking tau", "Task 2 ranking tau",
    ]  # fmt: skip
    agreed = [
        [
            " / ".join(p.judges),
            f"{p.reports}/{p.reports + p.unread}",
            *map(
                _number,
                (
                    p.feature_kappa,
                    p.section_kappa,
                    p.localizing,
                    p.rqi_spearman,
                    p.interpretation_spearman,
                    p.rqi_ranking,
                    p.interpretation_ranking,
                ),
            ),
        ]
        for p in pairs
    ]
    return [scores_table, Table("Agreement", columns, agreed, columns[1:])]


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
