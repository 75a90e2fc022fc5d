"""``s3eval plan``: what a run would take, before anything is spent."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from s3eval.cli.common import config_option, json_option, names, write_json_output
from s3eval.cli.evaluating import evaluation_options, request_of
from s3eval.reporting.tables import print_table
from s3eval.terminal import echo

if TYPE_CHECKING:
    from s3eval.api.judges import JudgeChoice
    from s3eval.api.planning import Need

EPILOG = """\b
Examples:
  s3eval plan --model qwen2.5-vl-7b --model internvl3.5-8b --tasks all --data mine --out runs
  s3eval plan --model motion --tasks recognition --data demo/data --out demo/runs --probe 2
The options are those of s3eval run. Without --probe no model is loaded and nothing is asked.
"""


@click.command("plan", epilog=EPILOG)
@config_option
@click.option(
    "--model",
    "-m",
    "models",
    multiple=True,
    required=True,
    help="Names of models (s3eval list models), with options of their own as NAME?key=value or "
    "NAME:VALUE?key=value.",
)
@click.option(
    "--probe",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Ask about N videos to measure the time; their answers are thrown away.",
)
@evaluation_options
@json_option
def command(
    models: tuple[str, ...],
    probe: int,
    judging: JudgeChoice,
    json_file: str | None,
    **options: Any,
) -> None:
    """Say what a run would take: clips, questions, frames, tokens, time, disk and cost."""
    from s3eval.api.annotated import annotation_remarks
    from s3eval.api.planning import needs
    from s3eval.reporting.progress import line_shown
    from s3eval.reporting.variants import variant_lines
    from s3eval.secrets_in_text import without_secrets

    request, out = request_of(options, judging), options["out"]
    chosen = request.models(names(models))
    for remark in annotation_remarks(request):
        line_shown(remark)
    runs = {m.run_in(out): m for m in chosen}
    by_model = {r.name: needs(request, m, r, probe, line_shown) for r, m in runs.items()}
    # Paths stay whole in JSON, the user's own file; the lines below show their last part only.
    options = {r.name: without_secrets(m.options) for r, m in runs.items() if m.options}
    if write_json_output(
        [
            {"model": m, **asdict(n), **({"model_options": options[m]} if m in options else {})}
            for m, n in by_model.items()
        ],
        json_file,
    ):
        return
    print_table("What would be asked", ["", *by_model], _rows(list(by_model.values())))
    for line in variant_lines(options):
        echo(line)
    for line in dict.fromkeys(line for n in by_model.values() for line in _notes(n)):
        echo(line)


def _rows(needs: list[Need]) -> list[list[str]]:
    rows = {
        "videos": [f"{n.videos:,}" for n in needs],
        "cannot be planned": [f"{n.unplanned:,}" if n.unplanned else "" for n in needs],
        "clips": [f"{n.clips:,}" for n in needs],
        "questions": [f"{n.questions:,}" for n in needs],
        "frames": [f"{n.frames:,}" for n in needs],
        "hours shown": [f"{n.shown / 3600:,.1f}" for n in needs],
        "tokens of clips": [_number(n.media_tokens) for n in needs],
        "tokens of questions": [f"{n.text_tokens:,}" for n in needs],
        "tokens of answers, at most": [f"{n.answer_tokens:,}" for n in needs],
        "time": [_time(n.seconds) for n in needs],
        "disk, at most": [f"{n.disk / 1e6:,.1f} MB" for n in needs],
        "cost, at most": ["" if n.cost is None else f"${n.cost:,.2f}" for n in needs],
    }
    return [[name, *cells] for name, cells in rows.items() if any(cells)]


def _number(value: int | None) -> str:
    return "not known" if value is None else f"{value:,}"


def _time(seconds: float | None) -> str:
    if seconds is None:
        return "not known"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:,.1f} h"


def _notes(need: Need) -> list[str]:
    notes = []
    if need.frames and need.media_tokens is not None:
        wide, high = need.picture
        how = f"the largest of {need.opened} videos opened" if need.opened else "none was opened"
        notes.append(f"Pictures were taken to be {wide} x {high} ({how}).")
    if need.seconds is None:
        notes.append("How long it takes: --probe 2 asks about two videos and measures it.")
    else:
        notes.append(f"Time: from {need.tempo}.")
    if need.cost is not None:
        notes.append("Cost: every question brings its clip along, and no prefix is cheaper.")
    return notes
