"""``s3eval check-model``: whether a model in front of the toolkit really watches."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from s3eval.cli.common import (
    CommandLineOnly,
    config_option,
    json_option,
    key_values,
    names,
    write_json_output,
)
from s3eval.permission import Permission
from s3eval.reporting.tables import print_table
from s3eval.terminal import echo

if TYPE_CHECKING:
    from s3eval.api.model_names import NamedModel
    from s3eval.running.model_check import ModelCheck
    from s3eval.running.plan import Plan

EPILOG = """\b
Examples:
  s3eval check-model qwen3-vl-8b
  s3eval check-model hf --model-option checkpoint=FOLDER --out runs
  s3eval check-model internvl3.5-8b --data mine --tasks all       what a run would take, too
"""


@click.command("check-model", epilog=EPILOG)
@config_option
@click.argument("model")
@click.option(
    "--model-option", multiple=True, metavar="KEY=VALUE", help="Set an option of the model."
)
@click.option("--data", "-d", help="Tell what a run of this dataset would take (with --tasks).")
@click.option("--tasks", "-t", multiple=True, help="Names of the tasks of that run, or 'all'.")
@click.option(
    "--out",
    "-o",
    type=click.Path(path_type=Path),
    help="Folder of runs: the check is kept with the run of this model, for its report.",
)
@click.option(
    "--profile",
    default="",
    help="Use this sampling profile for the largest clip, not the model's own.",
)
@click.option(
    "--sampling",
    multiple=True,
    metavar="KEY=VALUE",
    help="Change one value of the sampling profile, e.g. window_frames=30.",
)
@click.option(
    "--allow-remote",
    cls=CommandLineOnly,
    is_flag=True,
    help="Allow the drawn clips to be sent to a model on another machine.",
)
@json_option
def command(
    model: str,
    model_option: tuple[str, ...],
    data: str | None,
    tasks: tuple[str, ...],
    out: Path | None,
    profile: str,
    sampling: tuple[str, ...],
    allow_remote: bool,
    json_file: str | None,
) -> None:
    """Check with drawn scenes whether MODEL sees, hears, and is asked rightly.

    Exits with 1 where a line fails.
    """
    from s3eval.api.model_names import named_model
    from s3eval.reporting.progress import line_shown
    from s3eval.running.model_check import write_model_check
    from s3eval_check_model.checking import check_model

    permission = Permission(allow_remote)
    options = key_values(model_option, "--model-option")
    changes = key_values(sampling, "--sampling")
    named = named_model(model, others=options)
    plan = _plan(named, data, names(tasks), profile, changes, permission)
    check = check_model(
        model,
        options,
        sampling_profile=profile,
        sampling=changes,
        plan=plan,
        permission=permission,
        progress=lambda line: line_shown(f"{model}: {line}"),
    )
    if out is not None:
        write_model_check(named.run_in(out), check)
    if not write_json_output(asdict(check), json_file):
        _show(check)
    if check.failed:
        raise click.exceptions.Exit(1)


def _plan(
    model: NamedModel,
    data: str | None,
    tasks: tuple[str, ...],
    profile: str,
    sampling: dict[str, Any],
    permission: Permission,
) -> Plan | None:
    """The plan of a run on the user's dataset; None where none was named."""
    if data is None:
        return None
    from s3eval.api.judges import JudgeChoice
    from s3eval.api.requests import prepare
    from s3eval.running.evaluate import plan_evaluation
    from s3eval.running.settings import Settings

    settings = Settings("", tasks or ("all",), data, profile=profile, sampling=sampling)
    request = prepare(settings, judging=JudgeChoice(name="none", named=True, permission=permission))
    return plan_evaluation(request.evaluation(model, Path(model.folder), None))


def _show(check: ModelCheck) -> None:
    rows = [
        (line.name, line.verdict, line.found + (f". Likely: {line.cause}" if line.cause else ""))
        for line in check.lines
    ]
    print_table(f"{check.model}: what was checked", ("line", "verdict", "found"), rows)
    verdicts = [line.verdict for line in check.lines]
    counted = [f"{verdicts.count(v)} {v}" for v in ("pass", "fail", "cannot tell", "measured")]
    echo(", ".join(c for c in counted if not c.startswith("0 ")))
