"""Options and steps of the verbs that score recorded answers again: show and score."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from s3eval.cli.judging_options import JudgeChoice, judge_options
from s3eval.vocabulary import PROTOCOLS

if TYPE_CHECKING:
    from s3eval.judge import Judge
    from s3eval.reporting.scores import Scored
    from s3eval.running.runs import Run

__all__ = ["rescored", "scoring_options"]

FEWEST_RESAMPLES = 20
_OPTIONS = (
    click.option("--protocol", type=click.Choice(PROTOCOLS), help="Default: the run's own."),
    click.option("--data", help="The dataset, when it is not where the run was made."),
    click.option(
        "--resamples",
        type=click.IntRange(FEWEST_RESAMPLES),
        default=2000,
        help="Of the 95 % intervals.",
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
    runs: Sequence[Run],
    *,
    write: bool,
    protocol: Any,
    data: str | None,
    judging: JudgeChoice,
    resamples: int,
    bertscore: str | None,
) -> list[Scored]:
    """Findings anew from the answers, then scores; written into the run folders if asked.

    One judge reads for all runs, so that its budget holds for the command, and what they ask of
    it is asked together (`s3eval.judging.ahead`).
    """
    from s3eval.cli.evaluating import JUDGED
    from s3eval.judging.ahead import ask_ahead

    # Recorded answers may bring a judge's readings with them; those count unless the user asks
    # for another judge by name.
    reads = [run.facts.source != "recorded" or _judge_was_named() for run in runs]
    tasks = {
        task for run, read in zip(runs, reads, strict=True) if read for task in run.facts.tasks
    }
    judge = judging.open(needed=bool(JUDGED & tasks))

    def each(write: bool, resamples: int, bertscore: str | None) -> list[Scored]:
        options = {"bertscore": bertscore} if bertscore else {}
        return [
            _rescored(run, judge if read else None, write, protocol, data, resamples, options)
            for run, read in zip(runs, reads, strict=True)
        ]

    ask_ahead(judge, lambda: each(False, FEWEST_RESAMPLES, None))
    return each(write, resamples, bertscore)


def _rescored(
    run: Run,
    judge: Judge | None,
    write: bool,
    protocol: Any,
    data: str | None,
    resamples: int,
    options: Mapping[str, Any],
) -> Scored:
    from s3eval.cli.datasets import dataset_of
    from s3eval.reporting.scores import score_run
    from s3eval.running.evaluate import recollect
    from s3eval.running.runs import open_run, write_run

    selected, dataset = dataset_of(run, data)
    chosen: Any = protocol or run.facts.protocol
    findings = recollect(run, selected, chosen, judge)
    if write:
        facts = replace(run.facts, protocol=chosen, judge=dict(judge.identity()) if judge else {})
        write_run(run.path, facts, [f for found in findings.values() for f in found])
        run = open_run(run.path)
    return score_run(run, dataset, chosen, judge, resamples, findings, write, options)


def _judge_was_named() -> bool:
    from click.core import ParameterSource

    context = click.get_current_context(silent=True)
    source = context.get_parameter_source("judge") if context else None
    return source not in (None, ParameterSource.DEFAULT, ParameterSource.DEFAULT_MAP)
