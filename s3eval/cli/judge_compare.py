"""``s3eval judge compare``: the same runs under several judges (paper, Table 25)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from s3eval.cli.common import json_option, names, rarely_collected, write_json_output
from s3eval.cli.judging_options import remote_judge_options
from s3eval.reporting.tables import print_table
from s3eval.vocabulary import PROTOCOLS

if TYPE_CHECKING:
    from s3eval.api.judges import JudgeChoice
    from s3eval.vocabulary import Protocol

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
    protocol: Protocol | None,
    data: str | None,
    judging: JudgeChoice,
    json_file: str | None,
) -> None:
    """Scores of Tasks 2 and 6 under each judge, and how the judges agree.

    Agreement is counted text by text: kappa of which features and sections a report has, the
    share of equal localizing values, Spearman of Seizure-RQI over reports, and Kendall's tau of
    the order in which the judges rank the runs. Exit code 3 when a judge left texts unread or a
    task's own code failed.
    """
    from s3eval.api.judge_comparing import compare_judges
    from s3eval.reporting.progress import line_shown, steps_shown

    comparison = compare_judges(
        runs,
        names(judges),
        protocol=protocol,
        data=data,
        judging=judging,
        notify=line_shown,
        progress=steps_shown,
    )
    if not write_json_output(comparison.as_json(), json_file):
        for table in comparison.tables():
            print_table(table.title, table.columns, table.rows, table.right)
    for line in comparison.faults:
        line_shown(line)
    if comparison.left_unread or comparison.faults:
        raise click.exceptions.Exit(3)
