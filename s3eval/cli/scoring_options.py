"""Options and steps of the verbs that score recorded answers again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from s3eval.vocabulary import PROTOCOLS

if TYPE_CHECKING:
    from s3eval.reporting.scores import Scored
    from s3eval.running.runs import Run

__all__ = ["rescored", "scoring_options"]


def scoring_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--protocol --data --judge --resamples ...``"""
    for option in (
        click.option("--protocol", type=click.Choice(PROTOCOLS), help="Default: the run's own."),
        click.option("--data", help="The dataset, when it is not where the run was made."),
        click.option("--judge", default="lexicon", show_default=True, help="Judge, or 'none'."),
        click.option("--judge-option", multiple=True, metavar="KEY=VALUE"),
        click.option("--allow-remote", is_flag=True, help="Let text leave this machine."),
        click.option("--resamples", type=click.IntRange(20), default=2000, show_default=True),
    ):
        command = option(command)
    return command


def rescored(
    run: Run,
    *,
    write: bool,
    protocol: Any,
    data: str | None,
    judge: str,
    judge_option: tuple[str, ...],
    allow_remote: bool,
    resamples: int,
) -> Scored:
    """Findings anew from the answers, then scores; written into the run folder if asked."""
    from s3eval.cli.common import key_values
    from s3eval.cli.datasets import dataset_of
    from s3eval.judging.load import load_judge
    from s3eval.reporting.scores import score_run
    from s3eval.running.evaluate import recollect
    from s3eval.running.runs import open_run, write_run

    needed = bool({"justification", "report"} & {*run.facts.tasks})
    options = key_values(judge_option, "--judge-option")
    reader = load_judge(judge, options, allow_remote=allow_remote, needed=needed)
    dataset = dataset_of(run, data)
    chosen: Any = protocol or run.facts.protocol
    findings = recollect(run, dataset, chosen, reader)
    if write:
        facts = replace(run.facts, protocol=chosen, judge=dict(reader.identity()) if reader else {})
        write_run(run.path, facts, [f for found in findings.values() for f in found])
        run = open_run(run.path)
    return score_run(run, dataset, chosen, reader, resamples, findings, write)
