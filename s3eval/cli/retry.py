"""``s3eval retry``: ask again what failed in a run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from s3eval.cli.common import json_option, resamples_option, write_json_output
from s3eval.cli.evaluating import asking_of, asking_options, progress_of
from s3eval.cli.judging_options import remote_judge_options
from s3eval.cli.run import show_asked
from s3eval.terminal import echo

if TYPE_CHECKING:
    from s3eval.api.judges import JudgeChoice

EPILOG = """\b
Examples:
  s3eval retry demo/runs/motion
  s3eval retry runs/server --retry 3 --allow-remote
The settings are those of the run; what may leave this machine is said anew.
"""


@click.command("retry", epilog=EPILOG)
@click.argument(
    "runs",
    nargs=-1,
    required=True,
    metavar="RUN...",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
)
@asking_options
@remote_judge_options
@resamples_option
@json_option
def command(
    runs: tuple[Path, ...],
    judging: JudgeChoice,
    resamples: int,
    json_file: str | None,
    **options: Any,
) -> None:
    """Ask again what failed in each RUN, with its own settings, and score it anew."""
    from s3eval.api.outcomes import what_was_asked
    from s3eval.api.retrying import retry_run
    from s3eval.reporting.progress import line_shown
    from s3eval.reporting.scores import show_faults

    answers_shown, steps_shown = progress_of(options)
    failed, done = 0, []
    for run in runs:
        outcome, scored = retry_run(
            run,
            permission=judging.permission,
            asking=asking_of(options),
            resamples=resamples,
            reporting=answers_shown,
            notify=line_shown,
            progress=steps_shown,
        )
        done.append(scored.as_json())
        asked = what_was_asked(outcome)
        show_asked(asked)
        failed += asked.failures + show_faults([scored])
    if not write_json_output(done, json_file):
        echo("The scores: s3eval show " + " ".join(map(str, runs)))
    if failed:
        raise click.exceptions.Exit(3)
