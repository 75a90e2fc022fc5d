"""``s3eval sweep``: one run over several settings (ablations)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from s3eval.cli.common import config_option, json_option, one_model, write_json_output
from s3eval.cli.evaluating import evaluation_options, progress_of, request_of
from s3eval.reporting.tables import print_table
from s3eval.terminal import echo

if TYPE_CHECKING:
    from s3eval.api.judges import JudgeChoice

EPILOG = """\b
Examples:
  s3eval sweep -m qwen3-vl-8b -t recognition -d mine -o sweep --over fps=2,4,10      Table 29
  s3eval sweep -m qwen3-vl-8b -t timing -d mine -o sweep --over clip=centred,full    Table 30
  s3eval sweep -m internvl3.5-8b -t report -d mine -o sweep --over judge=lexicon,qwen
  s3eval sweep -m motion -t recognition -d demo/data -o sweep --over frames=15,30 --over fps=1,2

\b
Axes: fps, frames, clip, prompt (published, careful, sceptical or a TOML file), judge, profile,
sampling.KEY, model.KEY, task.TASK.KEY. The first value of each is the baseline. Every
combination is a run in OUT; what any of them has answered already is not asked again.
"""


@click.command("sweep", epilog=EPILOG)
@config_option
@click.option(
    "--model",
    "-m",
    required=True,
    multiple=True,
    callback=one_model,
    help="Name of the model (s3eval list models), also NAME?key=value.",
)
@click.option(
    "--over",
    multiple=True,
    required=True,
    metavar="AXIS=V1,V2,...",
    help="Vary this setting over these values (axes: below).",
)
@evaluation_options
@json_option
def command(
    model: str,
    over: tuple[str, ...],
    judging: JudgeChoice,
    json_file: str | None,
    **options: Any,
) -> None:
    """Run one MODEL over every combination of settings and compare each with the first."""
    from s3eval.api.sweeping import planned_sweep, sweep
    from s3eval.reporting.progress import line_shown
    from s3eval.reporting.sweeps import EXPLANATION, PUBLISHED

    request = request_of(options, judging)
    if options["dry_run"]:
        facts = planned_sweep(request, model, over, options["out"])
        if not write_json_output(facts, json_file):
            columns = [*dict.fromkeys(k for f in facts for k in f)]
            rows = [[f.get(c) for c in columns] for f in facts]
            print_table("Questions of each setting, before reuse", columns, rows)
        return
    answers_shown, steps_shown = progress_of(options)
    swept = sweep(
        request,
        model,
        over,
        options["out"],
        resamples=options["resamples"],
        seed=options["seed"],
        reporting=answers_shown,
        notify=line_shown,
        progress=steps_shown,
    )
    if not write_json_output(swept.as_json(), json_file):
        for table in swept.tables():
            print_table(table.title, table.columns, table.rows, table.right)
        for line in (*EXPLANATION, *((PUBLISHED,) if swept.has_published else ())):
            echo(line)
    if swept.is_incomplete:
        raise click.exceptions.Exit(3)
