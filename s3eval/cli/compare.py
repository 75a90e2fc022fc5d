"""``s3eval compare``: two or more runs, with intervals and tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from s3eval.cli.common import json_option, names, write_json_output
from s3eval.cli.judging_options import judge_options
from s3eval.errors import S3EvalError, UnknownNameError
from s3eval.reporting.tables import print_table
from s3eval.terminal import echo
from s3eval.vocabulary import PROTOCOLS

if TYPE_CHECKING:
    from s3eval.cli.judging_options import JudgeChoice
    from s3eval.running.runs import Run
    from s3eval.statistics.comparing import Difference

EPILOG = """\b
Examples:
  s3eval compare runs/internvl3.5-8b runs/qwen3-vl-8b
  s3eval compare runs --tasks recognition --metrics f1,accuracy --baseline always-yes
  s3eval compare runs --items mean --json differences.json

Every pair is compared on the videos and items both answered. Intervals and tests go by patient;
p is corrected (Holm) over all rows of the table. Calibration: s3eval calibrate.
"""


@click.command("compare", epilog=EPILOG)
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--data", help="Where the dataset is, when it moved since the runs.")
@click.option("--tasks", "-t", multiple=True, help="Only these tasks.")
@click.option("--items", multiple=True, help="Only these items (features, 'mean', ...).")
@click.option("--metrics", multiple=True, help="These metrics, or 'all'; else each task's first.")
@click.option("--baseline", default="", help="Compare every other run with this one only.")
@click.option("--protocol", type=click.Choice(PROTOCOLS), help="Else the runs' own.")
@click.option("--resamples", type=click.IntRange(100), default=2000, show_default=True)
@click.option("--permutations", type=click.IntRange(100), default=9999, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True)
@judge_options
@json_option
def command(
    runs: tuple[Path, ...], judging: JudgeChoice, json_file: str | None, **options: Any
) -> None:
    """Compare two or more RUNS, or a folder of runs, pair by pair."""
    from s3eval.running.runs import open_runs
    from s3eval.statistics.comparing import Choice, Settings, compare_runs

    opened = open_runs(runs)
    by_name = _distinct(opened)
    baseline = options["baseline"]
    if baseline and baseline not in by_name:
        raise UnknownNameError("run", baseline, by_name, fix=f"one of {', '.join(by_name)}")
    dataset, protocol = _common(opened, options["data"], options["protocol"])
    chosen = Choice(names(options["tasks"]), names(options["items"]), names(options["metrics"]))
    settings = Settings(options["resamples"], options["permutations"], options["seed"])
    rows = compare_runs(
        {name: run.findings for name, run in by_name.items()},
        dataset,
        protocol,
        _judge(opened, chosen.tasks, judging),
        choice=chosen,
        settings=settings,
        baseline=baseline,
    )
    if not rows:
        raise S3EvalError("Nothing to compare", why="the runs share no score that was asked for")
    facts = {
        "protocol": protocol,
        "family": sum(r.p is not None for r in rows),
        "seed": options["seed"],
        "resamples": options["resamples"],
        "permutations": options["permutations"],
        "differences": [asdict(r) for r in rows],
    }
    if not write_json_output(facts, json_file):
        _show(rows, protocol)


def _distinct(runs: Sequence[Run]) -> dict[str, Run]:
    if len(runs) < 2:
        raise S3EvalError("Expected two or more runs, but got one", fix="s3eval compare RUN RUN")
    found: dict[str, Run] = {}
    for run in runs:
        name = run.name if run.name not in found else str(run.path)
        if name in found:
            raise S3EvalError("The same run is given twice", where=run.path)
        found[name] = run
    return found


def _common(runs: Sequence[Run], data: str | None, protocol: str | None) -> tuple[Any, Any]:
    """The dataset and protocol of all of them.

    Raises:
        S3EvalError: they were made on different datasets or under different protocols.
    """
    from s3eval.cli.datasets import open_dataset

    digests = {r.facts.digest for r in runs if r.facts.digest}
    if len(digests) > 1:
        raise S3EvalError(
            "These runs were made on different datasets",
            where=", ".join(sorted({r.facts.dataset for r in runs})),
            fix="compare runs of one dataset",
        )
    protocols = {r.facts.protocol for r in runs}
    if protocol is None and len(protocols) > 1:
        raise S3EvalError(
            "These runs were scored by different protocols", fix="add --protocol paper"
        )
    dataset = open_dataset(data or runs[0].facts.dataset)
    if digests and dataset.digest and dataset.digest not in digests:
        raise S3EvalError(
            "The dataset's tables changed since these runs", where=data or runs[0].facts.dataset
        )
    return dataset, protocol or protocols.pop()


def _judge(runs: Sequence[Run], tasks: Sequence[str], judging: JudgeChoice) -> Any:
    """The judge, where a task that is compared reads free text no judge has read yet."""
    from s3eval.cli.evaluating import JUDGED

    asked = [r for r in runs if r.facts.source == "asked"]
    compared = {t for r in asked for t in r.findings if not tasks or t in tasks}
    return judging.open(needed=bool(JUDGED & compared))


def _number(value: float | None, digits: int = 3) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _show(rows: Sequence[Difference], protocol: str) -> None:
    from s3eval.statistics.comparing import tells

    columns = ["score", "first", "second", "difference", "95 % interval", "effect", "p", "p Holm"]
    columns += ["wins/ties/losses", "videos", "patients", "better"]
    right = ("first", "second", "difference", "effect", "p", "p Holm", "videos", "patients")
    family = sum(r.p is not None for r in rows)
    for pair in dict.fromkeys((r.first, r.second) for r in rows):
        mine = [r for r in rows if (r.first, r.second) == pair]
        cells = [
            (
                f"{r.task} {r.item} {r.metric}",
                _number(r.first_value),
                _number(r.second_value),
                _number(r.difference),
                f"{_number(r.low)} to {_number(r.high)}" if r.low is not None else r.note,
                _number(r.effect, 2),
                _number(r.p, 4),
                _number(r.p_holm, 4),
                f"{r.wins}/{r.ties}/{r.losses}",
                f"{r.videos}" + (f" (+{r.left_out} in one only)" if r.left_out else ""),
                r.patients,
                tells(r),
            )
            for r in mine
        ]
        title = f"{pair[0]} (first) against {pair[1]} (second), protocol {protocol}"
        print_table(title, columns, cells, right)
        echo(_summary(mine))
    echo(f"p Holm is corrected over {family} tests; all go by patient.")


def _summary(rows: Sequence[Difference]) -> str:
    features = [r for r in rows if r.item != "mean" and r.difference is not None]
    first = sum(r.better == r.first for r in features)
    second = sum(r.better == r.second for r in features)
    shown = sum(r.p_holm is not None and r.p_holm < 0.05 for r in rows)
    ahead = (
        f"Of {len(features)} items {rows[0].first} is ahead on {first}, {rows[0].second} on "
        f"{second}, equal on {len(features) - first - second}. "
    )
    return (
        f"{ahead if features else ''}{shown} of {len(rows)} differences are shown at 5 % after "
        "correction.\n"
    )
