"""Options and steps of the verbs that score recorded answers again: show and score."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from s3eval.cli.judging_options import judge_options
from s3eval.vocabulary import PROTOCOLS

if TYPE_CHECKING:
    from s3eval.api.judges import JudgeChoice
    from s3eval.api.runs import ScoredRuns

__all__ = ["rescored", "scoring_options"]

FEWEST_RESAMPLES = 20
_OPTIONS = (
    click.option("--protocol", type=click.Choice(PROTOCOLS), help="Default: the run's own."),
    click.option("--data", help="The dataset, when it is not where the run was made."),
    click.option(
        "--resamples",
        type=click.IntRange(FEWEST_RESAMPLES),
        default=2000,
        help="Draws of patients behind each 95 % interval.",
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
    runs: Sequence[Path],
    *,
    write: bool,
    protocol: Any,
    data: str | None,
    judging: JudgeChoice,
    resamples: int,
    bertscore: str | None,
    by: str = "",
) -> ScoredRuns:
    """Findings anew from the answers, then scores; written into the run folders if asked."""
    from s3eval.api.runs import score_runs
    from s3eval.reporting.progress import line_shown, steps_shown
    from s3eval.running.runs import open_runs

    options = {"bertscore": bertscore} if bertscore else {}
    shown = {"notify": line_shown, "progress": steps_shown}
    opened = open_runs(runs)
    return score_runs(opened, judging, protocol, data, resamples, options, write, by, **shown)
