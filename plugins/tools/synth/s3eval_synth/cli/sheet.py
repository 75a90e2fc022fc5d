"""``s3eval data sheet``: contact sheets of videos, and an overview of the drawn signs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from s3eval.cli.common import json_option, names, outside_option, write_json_output
from s3eval.reporting.progress import steps_shown
from s3eval.terminal import echo

EPILOG = """\b
Examples:
  s3eval data sheet demo --out sheets
  s3eval data sheet demo --out sheets --videos A0001@1-1-2000@0A1B2C3D@sz_v1_1 --frames 20
  s3eval data sheet --signs signs.png         one row for each of the 20 features
Sheets of real recordings show patients: keep them where the videos may be.
"""


@click.command("sheet", epilog=EPILOG)
@click.argument("dataset", type=click.Path(path_type=Path), required=False)
@click.option("--out", type=click.Path(path_type=Path), help="Folder for the sheets.")
@click.option("--videos", multiple=True, help="Only these (repeat, or separate by commas).")
@click.option("--frames", type=click.IntRange(1, 100), default=10, show_default=True)
@click.option(
    "--signs", type=click.Path(path_type=Path), help="Write the signs_overview of drawn signs here."
)
@outside_option
@json_option
def command(
    dataset: Path | None,
    out: Path | None,
    videos: tuple[str, ...],
    frames: int,
    signs: Path | None,
    allow_outside: bool,
    json_file: str | None,
) -> None:
    """Labelled strips of frames with times and the signs annotated then."""
    if signs is None and dataset is None:
        raise click.UsageError(
            "Name a DATASET, or --signs FILE for an overview of the drawn signs."
        )
    if dataset is not None and out is None:
        raise click.UsageError("--out DIR says where the sheets go.")
    from s3eval_synth.contact_sheets import save, signs_overview, video_sheet

    written: dict[str, str | list[str]] = {}
    if signs is not None:
        written["signs"] = str(save(signs_overview(), signs))
    if dataset is not None and out is not None:
        from s3eval.dataset import open_folder

        chosen = replace(open_folder(dataset), outside=allow_outside)
        chosen = chosen.select(videos=names(videos) or None)
        sheets = []
        with steps_shown("sheets", len(chosen)) as advance:
            for video in chosen.videos:
                path = out / f"{video.name}.jpg"
                save(video_sheet(chosen, video, frames), path)
                sheets.append(str(path))
                advance(1)
        written["sheets"] = sheets
    if write_json_output(written, json_file):
        return
    if "signs" in written:
        echo(f"wrote {written['signs']}")
    if "sheets" in written:
        echo(f"wrote {len(written['sheets'])} sheets to {out}")
