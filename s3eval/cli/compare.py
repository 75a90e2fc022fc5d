"""``s3eval compare``: two or more runs, with intervals and tests."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from s3eval.cli.common import (
    json_option,
    names,
    rarely_collected,
    resamples_option,
    seed_option,
    write_json_output,
)
from s3eval.cli.judging_options import judge_options
from s3eval.terminal import echo
from s3eval.vocabulary import PROTOCOLS

if TYPE_CHECKING:
    from s3eval.api.judges import JudgeChoice

EPILOG = """\b
Examples:
  s3eval compare runs/internvl3.5-8b runs/qwen3-vl-8b
  s3eval compare runs --tasks recognition --metrics f1,accuracy --baseline always-yes
  s3eval compare runs --items mean --json differences.json

Every pair is compared on the videos and items both answered. Intervals and tests go by patient;
p is corrected (Holm) over headline scores and over items apart, and over all of them.
Calibration: s3eval calibrate.
"""


@click.command("compare", epilog=EPILOG)
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--data", help="Folder of the dataset, if it moved since the runs were made.")
@click.option("--tasks", "-t", multiple=True, help="Compare these tasks only.")
@click.option("--items", multiple=True, help="Compare these items only (a feature, 'mean').")
@click.option(
    "--metrics",
    multiple=True,
    help="Compare these metrics, or 'all'; without it each task's first.",
)
@click.option("--baseline", default="", help="Compare every other run with this one only.")
@click.option(
    "--protocol",
    type=click.Choice(PROTOCOLS),
    help="How answers are read and scored (default: as each run was).",
)
@resamples_option
@click.option(
    "--permutations",
    type=click.IntRange(100),
    default=9999,
    show_default=True,
    help="How many random permutations each test rests on.",
)
@seed_option
@judge_options
@json_option
@rarely_collected
def command(
    runs: tuple[Path, ...], judging: JudgeChoice, json_file: str | None, **options: Any
) -> None:
    """Compare two or more RUNS, or a folder of runs, pair by pair."""
    from s3eval.api.comparing import Choice, Resampling, compare_opened
    from s3eval.api.runs import open_runs
    from s3eval.reporting.differences import show_differences
    from s3eval.reporting.progress import line_shown, steps_shown
    from s3eval.reporting.variants import variant_lines

    comparison = compare_opened(
        open_runs(runs),
        Choice(names(options["tasks"]), names(options["items"]), names(options["metrics"])),
        Resampling(options["resamples"], options["permutations"], options["seed"]),
        judging,
        options["baseline"],
        options["protocol"],
        options["data"],
        notify=line_shown,
        progress=steps_shown,
    )
    if not write_json_output(comparison.as_json(), json_file):
        show_differences(comparison.differences, comparison.protocol)
        for line in [*variant_lines(comparison.model_options), *comparison.unshared]:
            echo(line)
    for fault in comparison.faults:
        line_shown(str(fault))
    if comparison.faults:
        raise click.exceptions.Exit(3)
