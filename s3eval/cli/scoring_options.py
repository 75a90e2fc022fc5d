"""Options and steps of the verbs that score recorded answers again: show and score."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from s3eval.judging.options import JudgeChoice, judge_options
from s3eval.vocabulary import PROTOCOLS

if TYPE_CHECKING:
    from s3eval.reporting.scores import Scored
    from s3eval.running.runs import Run

__all__ = ["rescored", "scoring_options"]

_OPTIONS = (
    click.option("--protocol", type=click.Choice(PROTOCOLS), help="Default: the run's own."),
    click.option("--data", help="The dataset, when it is not where the run was made."),
    click.option(
        "--resamples", type=click.IntRange(20), default=2000, help="Of the 95 % intervals."
    ),
    click.option(
        "--bertscore",
        metavar="ENCODER",
        help="Add BERTScore with this encoder (id or folder); the benchmark's is "
        "microsoft/deberta-xlarge-mnli. Slow.",
    ),
)


def scoring_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--protocol --data --resamples`` and those of judges."""
    command = judge_options(command)
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def rescored(
    run: Run,
    *,
    write: bool,
    protocol: Any,
    data: str | None,
    judging: JudgeChoice,
    resamples: int,
    bertscore: str | None,
) -> Scored:
    """Findings anew from the answers, then scores; written into the run folder if asked."""
    from s3eval.cli.datasets import dataset_of
    from s3eval.cli.evaluating import JUDGED
    from s3eval.reporting.scores import score_run
    from s3eval.running.evaluate import recollect
    from s3eval.running.runs import open_run, write_run

    judge = None
    # Recorded answers may bring a judge's readings with them; those count unless the user asks
    # for another judge by name.
    if run.facts.source != "recorded" or _judge_was_named():
        judge = judging.open(needed=bool(JUDGED & {*run.facts.tasks}))
    selected, dataset = dataset_of(run, data)
    chosen: Any = protocol or run.facts.protocol
    findings = recollect(run, selected, chosen, judge)
    if write:
        facts = replace(run.facts, protocol=chosen, judge=dict(judge.identity()) if judge else {})
        write_run(run.path, facts, [f for found in findings.values() for f in found])
        run = open_run(run.path)
    options = {"bertscore": bertscore} if bertscore else {}
    return score_run(run, dataset, chosen, judge, resamples, findings, write, options)


def _judge_was_named() -> bool:
    from click.core import ParameterSource

    context = click.get_current_context(silent=True)
    source = context.get_parameter_source("judge") if context else None
    return source not in (None, ParameterSource.DEFAULT, ParameterSource.DEFAULT_MAP)
