"""``s3eval data lmms-eval-tasks``: a dataset as tasks that lmms-eval runs."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

import click

from s3eval.cli.common import json_option, names, seed_option, write_json_output
from s3eval.cli.exporters import empty_or_new
from s3eval.terminal import echo
from s3eval.vocabulary import PROTOCOLS

EPILOG = """\b
Examples:
  s3eval data lmms-eval-tasks demo/data s3-tasks --tasks recognition,diagnosis
  s3eval data lmms-eval-tasks mine s3-tasks --sound --folds 0
Then, in lmms-eval's environment, what the command prints.
"""


@click.command("lmms-eval-tasks", epilog=EPILOG)
@click.argument("data")
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--tasks", multiple=True, default=("all",), help="Names of tasks, or all.")
@click.option("--profile", default="standard", help="Sampling profile of the clips.")
@click.option("--sound/--no-sound", default=False, help="Whether clips carry their sound.")
@click.option(
    "--protocol",
    type=click.Choice(PROTOCOLS),
    default="paper",
    help="How answers are read and scored.",
)
@click.option("--judge", default="", help="Who reads texts (s3eval list judges).")
@click.option("--folds", multiple=True, help="Numbers of folds to take (default: all videos).")
@seed_option
@click.option("--force", is_flag=True, help="Write into OUT even where it is not empty.")
@json_option
def command(
    data: str,
    out: Path,
    tasks: Sequence[str],
    profile: str,
    sound: bool,
    protocol: str,
    judge: str,
    folds: Sequence[str],
    seed: int,
    force: bool,
    json_file: str | None,
) -> None:
    """Write the clips and questions of DATA into OUT as tasks of lmms-eval.

    OUT holds clips of the videos: keep it as you keep them. It holds no annotation; scores are
    computed by this installation of s3eval, which reads DATA again.
    """
    from s3eval.api import open_dataset
    from s3eval.cli.evaluating import folds_of
    from s3eval.plugins import installed
    from s3eval.reporting.progress import steps_shown
    from s3eval_lmms_eval_tasks.plan import Choices
    from s3eval_lmms_eval_tasks.preparing import prepare

    registry = installed()
    wanted = names(tasks)
    chosen = registry.names("task") if wanted == ("all",) else wanted
    for name in chosen:
        registry.get("task", name)
    if judge:
        registry.get("judge", judge)
    empty_or_new(out, force)
    dataset = open_dataset(data)
    path = str(Path(data).resolve()) if Path(data).exists() else data
    choices = Choices(
        path, tuple(chosen), profile, sound, "release" if protocol == "release" else "paper",
        judge, tuple(folds_of(folds) or ()), seed,
    )  # fmt: skip
    out.mkdir(parents=True, exist_ok=True)
    documents, lost = prepare(choices, dataset, out.resolve(), steps_shown)
    command_line = (
        "python -m lmms_eval --model MODEL --model_args pretrained=CHECKPOINT --batch_size 1 "
        f"--include_path {shlex.quote(str(out.resolve()))} --tasks s3 --log_samples "
        "--output_path results"
    )
    facts = {
        "out": str(out), "tasks": [*chosen], "documents": documents, "not_shown": len(lost),
        "command": command_line,
    }  # fmt: skip
    if write_json_output(facts, json_file):
        return
    echo(f"{len(chosen)} tasks, {documents} questions: {out}")
    if lost:
        echo(f"{len(lost)} videos could not be shown and count as failed", err=True)
    echo(f"In lmms-eval's environment:\n  {command_line}")
