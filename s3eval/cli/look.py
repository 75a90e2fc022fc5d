"""``s3eval look``: what a model saw of a clip, as a picture and a sound."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from s3eval.cli.common import (
    json_option,
    key_values,
    one_model,
    outside_option,
    write_json_output,
)
from s3eval.errors import S3EvalError
from s3eval.reporting.tables import print_table
from s3eval.terminal import echo

if TYPE_CHECKING:
    from s3eval.api.looking import ClipsShown

EPILOG = """\b
Examples:
  s3eval look demo/data VIDEO --model motion                       the clips it is shown
  s3eval look demo/data VIDEO --model motion --clip 1 --out seen.png
  s3eval look mine VIDEO --model qwen3-vl-8b --task timing --clip 3 --out seen.png
  s3eval look mine VIDEO --profile standard --start 20 --end 50 --out seen.png
VIDEO is a video's name, or enough of its beginning to tell it from the others.
Pictures of real recordings show patients: keep them where the videos may be.
"""


@click.command("look", epilog=EPILOG)
@click.argument("data")
@click.argument("video")
@click.option(
    "--model",
    "-m",
    multiple=True,
    callback=one_model,
    help="Show it as this model gets it, by its senses and sampling profile.",
)
@click.option(
    "--task", "-t", help="Take the clips of this task (default: the task about features)."
)
@click.option(
    "--clip",
    "number",
    type=click.IntRange(1),
    help="Number of one of the clips listed; not with --start or --end.",
)
@click.option("--start", metavar="TIME", help="Start of a clip of your own, in seconds or as M:SS.")
@click.option("--end", metavar="TIME", help="End of a clip of your own, in seconds or as M:SS.")
@click.option(
    "--profile",
    default="",
    help="Use this sampling profile (s3eval list profiles), not the model's own.",
)
@click.option(
    "--sampling",
    multiple=True,
    metavar="KEY=VALUE",
    help="Change one value of the sampling profile, e.g. window_fps=4.",
)
@click.option(
    "--out",
    "-o",
    type=click.Path(path_type=Path),
    help="Write the picture here (PNG or JPEG), and a WAV file beside it.",
)
@outside_option
@json_option
def command(
    data: str, video: str, allow_outside: bool, json_file: str | None, **options: Any
) -> None:
    """Show exactly the frames and sound a model is handed for a clip of VIDEO in DATA."""
    from s3eval.api.datasets import open_dataset
    from s3eval.api.looking import (
        Viewing,
        clip_of,
        clips_shown,
        footage_of,
        save_seen,
        seconds_of,
        video_of,
    )
    from s3eval.reporting.pages import check_name

    out: Path | None = options["out"]
    if out is not None:
        check_name(out)
    dataset = open_dataset(data, allow_outside)
    selected = video_of(dataset, video)
    viewing = Viewing(
        options["model"] or "",
        options["task"] or "",
        options["profile"],
        key_values(options["sampling"], "--sampling"),
    )
    number = options["number"]
    start, end = (seconds_of(options[name], f"--{name}") for name in ("start", "end"))
    if number is None and start is None and end is None:
        if out is not None:
            why = "without a clip, those that there are are listed"
            fix = f"--clip 1 --out {out}"
            raise S3EvalError("Which clip should the picture show?", why=why, fix=fix)
        shown = clips_shown(dataset, selected, viewing)
        if not write_json_output(list(shown.clips), json_file):
            _print_clips(shown)
        return
    clip = clip_of(dataset, selected, viewing, number, start, end)
    if out is None:
        raise S3EvalError("Where should the picture go?", fix="--out seen.png")
    footage = footage_of(dataset, selected, clip, viewing)
    wav = save_seen(footage, dataset, selected, viewing, out)
    made = {"picture": str(out), "sound": str(wav) if wav else None, "frames": len(footage.times)}
    if write_json_output({**made, "start": clip.start, "end": clip.end}, json_file):
        return
    heard = f" and {wav}" if wav else " (no sound)"
    echo(f"wrote {out}{heard}: {len(footage.times)} frames; annotated signs under each")


def _print_clips(shown: ClipsShown) -> None:
    if not shown.clips:
        echo(f"Task '{shown.task}' asks nothing about this video.")
        return
    rows = [[*facts.values()] for facts in shown.clips]
    print_table(f"Clips of task '{shown.task}'", [*shown.clips[0]], rows)
    echo("See one with --clip N --out seen.png")
