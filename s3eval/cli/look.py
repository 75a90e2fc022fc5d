"""``s3eval look``: what a model saw of a clip, as a picture and a sound."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from s3eval.cli.common import json_option, key_values, outside_option, write_json_output
from s3eval.errors import S3EvalError
from s3eval.reporting.tables import print_table
from s3eval.terminal import echo

if TYPE_CHECKING:
    from s3eval.dataset import Dataset, Video
    from s3eval.facts.clips import Clip
    from s3eval.running.plan import VideoPlan
    from s3eval.specs import ModelSpec
    from s3eval.vocabulary import Sense

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
    "--model", "-m", help="Show it as this model gets it, by its senses and sampling profile."
)
@click.option(
    "--task", "-t", help="Take the clips of this task (default: the task about features)."
)
@click.option("--clip", "number", type=click.IntRange(1), help="Number of one of the clips listed.")
@click.option("--start", type=click.FloatRange(0), help="Start of a clip of your own, in seconds.")
@click.option("--end", type=click.FloatRange(0), help="End of a clip of your own, in seconds.")
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

    dataset = open_dataset(data, allow_outside)
    selected = _video(dataset, video)
    own = options["start"] is not None or options["end"] is not None
    if not own and options["number"] is None:
        _list_clips(dataset, selected, options, json_file)
        return
    if options["out"] is None:
        raise S3EvalError("Where should the picture go?", fix="--out seen.png")
    _picture(dataset, selected, options)


def _video(dataset: Dataset, name: str) -> Video:
    starting = [v for v in dataset.videos if v.name.startswith(name)]
    if len(starting) > 1 and name not in [v.name for v in starting]:
        several = ", ".join(v.name for v in starting[:5])
        raise S3EvalError(f"{len(starting)} videos begin with '{name}'", fix=several)
    return starting[0] if len(starting) == 1 else dataset.video(name)


def _spec(options: dict[str, Any]) -> ModelSpec | None:
    from s3eval.plugins import installed

    spec: ModelSpec | None = None
    if options["model"]:
        spec = installed().get("model", options["model"]).spec
    return spec


def _plan(dataset: Dataset, video: Video, options: dict[str, Any]) -> VideoPlan:
    from s3eval.facts.clips import profile
    from s3eval.running.loading import load_tasks
    from s3eval.running.plan import make_plan

    spec = _spec(options)
    chosen = profile(options["profile"] or (spec.profile if spec else "standard"))
    chosen = chosen.changed(**key_values(options["sampling"], "--sampling"))
    senses: frozenset[Sense] = spec.senses if spec else frozenset(("sight", "hearing"))
    plan = make_plan(
        dataset.select([video.name]), load_tasks([_task_name(options)]), chosen, senses
    )
    for lost in plan.unplanned.values():
        raise S3EvalError("This video cannot be planned", why=lost.reason)
    return plan.videos[0]


def _task_name(options: dict[str, Any]) -> str:
    """The task asked for, else one that says which features a video shows, else the first."""
    from s3eval.plugins import installed

    tasks = [p.spec for p in installed().of("task")]
    if options["task"] or not tasks:
        return str(options["task"] or "")
    return next((t.name for t in tasks if "features" in t.provides), tasks[0].name)


def _list_clips(
    dataset: Dataset, video: Video, options: dict[str, Any], json_file: str | None
) -> None:
    plan = _plan(dataset, video, options)
    facts = [
        {"clip": n, "start": c.start, "end": c.end, "questions": len(q), **asdict(c.sampling)}
        for n, (c, q) in enumerate(plan.questions.items(), start=1)
    ]
    if write_json_output(facts, json_file):
        return
    if not facts:
        echo(f"Task '{_task_name(options)}' asks nothing about this video.")
        return
    print_table(
        f"Clips of task '{_task_name(options)}'", [*facts[0]], [[*f.values()] for f in facts]
    )
    echo("See one with --clip N --out seen.png")


def _clip(dataset: Dataset, video: Video, options: dict[str, Any]) -> Clip:
    from s3eval.facts.clips import Clip

    if options["number"] is None:
        plan = _plan(dataset, video, options)
        end = options["end"] if options["end"] is not None else plan.video.duration or 0.0
        sampling = next(iter(plan.questions)).sampling
        return Clip(video.name, options["start"] or 0.0, end, sampling)
    clips: list[Clip] = [*_plan(dataset, video, options).questions]
    number: int = options["number"]
    if number > len(clips):
        raise S3EvalError(f"There are {len(clips)} clips", fix="without --clip, they are listed")
    return clips[number - 1]


def _picture(dataset: Dataset, video: Video, options: dict[str, Any]) -> None:
    from s3eval.facts.footage import FootageFailure
    from s3eval.footage.decoding import decode
    from s3eval.reporting.pages import save
    from s3eval.reporting.seen import sheet_of, write_wav
    from s3eval.vocabulary import feature

    clip, spec = _clip(dataset, video, options), _spec(options)
    sight, sound = (spec.sees, spec.hears) if spec else (True, True)
    footage = next(iter(decode(dataset.path(video), [clip], sight=sight, sound=sound)))
    if isinstance(footage, FootageFailure):
        raise S3EvalError("This clip cannot be shown", why=footage.reason)
    note = dataset.annotation(video.name)

    def signs(time: float) -> str:
        return ", ".join(feature(name).label for name in note.signs_at(time))

    shown = f"as {options['model']} is shown it" if spec else "as sampled"
    out: Path = options["out"]
    save(sheet_of(footage, f"{video.name.split('@')[0]} · {shown}", signs), out)
    wav = out.with_suffix(".wav")
    heard = f" and {wav}" if write_wav(footage, wav) else " (no sound)"
    echo(f"wrote {out}{heard}: {len(footage.times)} frames; annotated signs under each")
