"""``s3eval judge compare``: the same runs under several judges (paper, Table 25)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from s3eval.cli.common import json_option, names, rarely_collected, write_json_output
from s3eval.cli.judging_options import remote_judge_options
from s3eval.errors import S3EvalError
from s3eval.reporting.tables import print_table
from s3eval.vocabulary import PROTOCOLS

if TYPE_CHECKING:
    from s3eval.api.judges import JudgeChoice
    from s3eval.facts.videos import Dataset
    from s3eval.running.runs import Run
    from s3eval.running.scoring import Material
    from s3eval.statistics.judge_comparison import JudgedRun, PairAgreement

EPILOG = """\b
Examples:
  s3eval judge compare runs --judges recorded,lexicon
  s3eval judge compare runs/a runs/b --judges lexicon,qwen,gpt --allow-remote --max-judge-cost 2
  s3eval judge compare runs --judges lexicon,gpt --judge-option gpt.model=gpt-5.4-mini --json -
'recorded' stands for the readings a recorded run brought with it. Budgets hold for each judge.
"""


@click.command("compare", epilog=EPILOG)
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--judges", required=True, multiple=True, help="Names of two or more judges, e.g. lexicon,qwen."
)
@click.option(
    "--protocol",
    type=click.Choice(PROTOCOLS),
    help="How answers are read and scored (default: as each run was).",
)
@click.option("--data", help="Folder of the dataset, if it moved since the runs were made.")
@remote_judge_options
@json_option
@rarely_collected
def command(
    runs: tuple[Path, ...],
    judges: tuple[str, ...],
    protocol: str | None,
    data: str | None,
    judging: JudgeChoice,
    json_file: str | None,
) -> None:
    """Scores of Tasks 2 and 6 under each judge, and how the judges agree.

    Agreement is counted text by text: kappa of which features and sections a report has, the
    share of equal localizing values, Spearman of Seizure-RQI over reports, and Kendall's tau of
    the order in which the judges rank the runs. Exit code 3 when a judge left texts unread.
    """
    from s3eval.running.runs import open_runs
    from s3eval.statistics.judge_comparison import pairs_of

    wanted = names(judges)
    if len(wanted) < 2:
        raise S3EvalError("Comparing takes two judges or more", fix="--judges lexicon,qwen")
    choices = _choices(wanted, judging)
    datasets: dict[tuple[str, bool], Dataset] = {}
    opened = [pair for run in open_runs(runs) if (pair := _material(run, protocol, data, datasets))]
    if not opened:
        raise S3EvalError(
            "None of these runs has a task that a judge reads for", fix="s3eval show RUN"
        )
    judged: list[JudgedRun] = []
    identities: dict[str, Any] = {}
    for name in wanted:
        some, identities[name] = _judged(name, choices[name], opened)
        judged += some
    pairs = pairs_of(judged)
    document = {
        "judges": identities,
        "runs": [_run_json(j) for j in judged],
        "means": _means(wanted, judged),
        "agreement": [asdict(p) for p in pairs],
    }
    if not write_json_output(document, json_file):
        _show(wanted, judged, pairs)
    if any(p.unread for p in pairs):
        raise click.exceptions.Exit(3)


def _choices(wanted: Sequence[str], judging: JudgeChoice) -> dict[str, JudgeChoice]:
    """Each judge with its own options: ``NAME.key=value``."""
    options: dict[str, dict[str, Any]] = {name: {} for name in wanted}
    for key, value in judging.options.items():
        name, dot, option = key.partition(".")
        if not dot or name not in options:
            raise S3EvalError(
                f"Which judge is the option '{key}' for?", fix=f"--judge-option {wanted[0]}.{key}=…"
            )
        options[name][option] = value
    return {name: replace(judging, name=name, named=True, options=options[name]) for name in wanted}


def _material(
    run: Run, protocol: Any, data: str | None, datasets: dict[tuple[str, bool], Dataset]
) -> tuple[Run, Material] | None:
    """What a run is scored from; None where no judge reads for any of its tasks."""
    from s3eval.api.datasets import dataset_of
    from s3eval.running.loading import load_tasks
    from s3eval.running.scoring import Material

    tasks = load_tasks(run.findings)
    if not tasks.judged & {*run.findings}:
        return None
    whole = dataset_of(run, data, datasets)[1]
    senses: Any = frozenset(run.facts.senses)
    by: Any = protocol or run.facts.protocol
    return run, Material(tasks, whole, by, senses)


def _judged(
    name: str, choice: JudgeChoice, runs: Sequence[tuple[Run, Material]]
) -> tuple[list[JudgedRun], Mapping[str, Any]]:
    from s3eval.api.judges import close_judge
    from s3eval.reporting.progress import line_shown, steps_shown
    from s3eval.statistics.judge_comparison import RECORDED, judged_runs

    judge = None if name == RECORDED else choice.open(True, line_shown, steps_shown)
    try:
        identity = dict(judge.identity()) if judge else {"judge": RECORDED}
        return judged_runs(runs, name, judge), identity
    finally:
        close_judge(judge)


def _run_json(judged: JudgedRun) -> dict[str, Any]:
    kept = ("run", "judge", "interpretation", "rqi", "scored", "asked")
    return {
        **{name: getattr(judged, name) for name in kept},
        "reports_read": sum(f is not None for f in judged.facts.values()),
        "reports": len(judged.facts),
    }


def _means(wanted: Sequence[str], judged: Sequence[JudgedRun]) -> list[dict[str, Any]]:
    """A judge's scores, mean over the runs that have one (Table 25), and how many have."""

    def mean(values: Sequence[float | None]) -> tuple[float | None, int]:
        known = [v for v in values if v is not None]
        return (sum(known) / len(known) if known else None), len(known)

    means = []
    for name in wanted:
        interpretation = mean([j.interpretation for j in judged if j.judge == name])
        rqi = mean([j.rqi for j in judged if j.judge == name])
        means.append(
            {
                "judge": name,
                "interpretation": interpretation[0],
                "interpretation_runs": interpretation[1],
                "rqi": rqi[0],
                "rqi_runs": rqi[1],
            }
        )
    return means


def _show(
    wanted: Sequence[str], judged: Sequence[JudgedRun], pairs: Sequence[PairAgreement]
) -> None:
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
    for m in _means(wanted, judged):
        counts = [f"{m[key]} runs" for key in ("interpretation_runs", "rqi_runs")]
        scores = [_number(m[key]) for key in ("interpretation", "rqi")]
        rows.append([m["judge"], "mean", scores[0], counts[0], scores[1], counts[1], ""])
    print_table("Scores per judge", columns, rows, right=columns[2:])
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
    print_table("Agreement", columns, agreed, right=columns[1:])


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
