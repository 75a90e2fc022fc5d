"""``s3eval merge``: the shards of a run as one run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from s3eval.cli.common import json_option, resamples_option, write_json_output
from s3eval.cli.judging_options import judge_options
from s3eval.terminal import echo

if TYPE_CHECKING:
    from s3eval.api.judges import JudgeChoice

EPILOG = """\b
Examples:
  s3eval run --shard 1/4 --model motion --tasks recognition --data demo/data --out runs
  s3eval merge runs
Shards lie in OUT/shards. The merged runs are those that one command would have made.
"""


@click.command("merge", epilog=EPILOG)
@click.argument("out", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--no-wait",
    is_flag=True,
    help="Stop if another run is at work in OUT, instead of waiting for it.",
)
@judge_options
@resamples_option
@json_option
def command(
    out: Path, no_wait: bool, judging: JudgeChoice, resamples: int, json_file: str | None
) -> None:
    """Put the shards of the runs in OUT together and score them as one."""
    from s3eval.api.shards import merge
    from s3eval.reporting.asking import answers_shown
    from s3eval.reporting.progress import line_shown, steps_shown
    from s3eval.reporting.scores import show_faults, show_missing, show_scores

    done = merge(
        out, judging, resamples, not no_wait, answers_shown, line_shown,
        progress=steps_shown,
    )  # fmt: skip
    scored = [s for _, s in done]
    if not write_json_output([s.as_json() for s in scored], json_file):
        show_scores(scored)
        show_missing(scored)
        echo(f"Runs: {out}/ · every metric and interval: s3eval show {out} --details")
    findings = [f for o, _ in done for some in o.run.findings.values() for f in some]
    if show_faults(scored) or any(f.state == "failed" for f in findings):
        raise click.exceptions.Exit(3)
