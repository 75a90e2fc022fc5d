"""``s3eval show``: the scores of runs, with counts, intervals and chance."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from s3eval.cli.common import json_option, names, rarely_collected, write_json_output
from s3eval.cli.scoring_options import rescored, scoring_options
from s3eval.terminal import echo

if TYPE_CHECKING:
    from s3eval.api.runs import ScoredRuns

EPILOG = """\b
Examples:
  s3eval show demo/runs                 all runs side by side, a table a task
  s3eval show demo/runs/motion          one run with every metric
  s3eval show demo/runs -t recognition,timing
  s3eval show demo/runs --confusion     right and wrong answers of each label
  s3eval show runs --published Qwen3-VL-8B --published InternVL3.5-38B
  s3eval show demo/runs --protocol release --json scores.json
"""


@click.command("show", epilog=EPILOG)
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--details", is_flag=True, help="Show every metric of every run.")
@click.option(
    "--published",
    multiple=True,
    metavar="MODEL",
    help="Show this model's published numbers beside.",
)
@click.option("--tasks", "-t", multiple=True, metavar="NAME", help="Show these tasks only.")
@click.option(
    "--by",
    default="",
    metavar="FACT",
    help="Score each value of a fact as a subgroup, e.g. diagnosis.",
)
@click.option(
    "--confusion",
    is_flag=True,
    help="Show how many videos were answered right and wrong, label by label.",
)
@scoring_options
@json_option
@rarely_collected
def command(
    runs: tuple[Path, ...],
    details: bool,
    published: tuple[str, ...],
    tasks: tuple[str, ...],
    confusion: bool,
    json_file: str | None,
    **options: object,
) -> None:
    """Show the scores of runs. A folder of runs stands for all of them. Writes nothing."""
    from s3eval.api.runs import open_runs
    from s3eval.api.unshared import refuse_tasks
    from s3eval.reporting.efficiency import efficiency_table
    from s3eval.reporting.scores import of_tasks, show_faults, show_scores
    from s3eval.reporting.tables import print_table

    opened, wanted = open_runs(runs), names(tasks)
    known = dict.fromkeys(task for run in opened for task in run.facts.tasks)
    refuse_tasks(wanted, known)
    made = rescored(runs, write=False, evidence=confusion, **options)  # type: ignore[arg-type]
    scored = replace(made, scored=tuple(of_tasks(made.scored, wanted))) if wanted else made
    if confusion:
        _show_confusion(scored, json_file)
    elif not write_json_output([s.as_json() for s in scored], json_file):
        detailed = details or (len(scored) == 1 and not published)
        show_scores(scored.scored, detailed, names(published))
        if table := efficiency_table(one.run for one in scored.scored):
            print_table(table.title, table.columns, table.rows, table.right)
    if show_faults(scored):
        raise click.exceptions.Exit(3)


def _show_confusion(scored: ScoredRuns, json_file: str | None) -> None:
    from s3eval.reporting.confusion import (
        CONFUSION_LEGEND,
        confusion_records,
        confusion_tables,
    )
    from s3eval.reporting.tables import print_table

    records = [{"run": s.run.name, "confusion": confusion_records(s)} for s in scored.scored]
    if write_json_output(records, json_file):
        return
    tables = confusion_tables(scored.scored)
    for table in tables:
        print_table(table.title, table.columns, table.rows, table.right)
    echo(CONFUSION_LEGEND if tables else "No task of these runs searches for a label.")
