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
    click.option(
        "--protocol",
        type=click.Choice(PROTOCOLS),
        help="How answers are read and scored (default: as each run was).",
    ),
    click.option("--data", help="Folder of the dataset, if it moved since the run was made."),
    click.option(
        "--resamples",
        type=click.IntRange(FEWEST_RESAMPLES),
        default=2000,
        help="How many draws of patients each 95 % interval rests on.",
    ),
    click.option(
        "--bertscore",
        metavar="ENCODER",
        help="Add BERTScore with this encoder (id or folder); the benchmark's is "
        "microsoft/deberta-xlarge-mnli. This takes long.",
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
    evidence: bool = False,
) -> ScoredRuns:
    """Scores of runs, computed where the stored ones would differ; written if asked."""
    from s3eval.api.runs import open_runs, score_runs
    from s3eval.reporting.progress import line_shown, steps_shown

    options = {"bertscore": bertscore} if bertscore else {}
    shown = {"notify": line_shown, "progress": steps_shown}
    opened = open_runs(runs)
    return score_runs(
        opened, judging, protocol, data, resamples, options, write, by, evidence, **shown
    )
