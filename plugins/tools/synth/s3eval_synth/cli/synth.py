"""``s3eval data synth``: draw synthetic seizures with exact annotation."""

from __future__ import annotations

from pathlib import Path

import click

from s3eval.cli.common import json_option, write_json_output
from s3eval.reporting.progress import steps_shown
from s3eval.reporting.tables import print_table

EPILOG = """\b
Examples:
  s3eval data synth demo
  s3eval data synth small --patients 3 --videos 6 --seed 7
  s3eval data sheet demo --out sheets        look at what was drawn
The same arguments draw the same pictures and tables. Run the command again after an
interruption: finished videos are kept.
"""


def _cores() -> int:
    import os

    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


@click.command("synth", epilog=EPILOG)
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--patients", type=click.IntRange(1), default=8, show_default=True)
@click.option("--videos", type=click.IntRange(1), default=24, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--jobs", type=click.IntRange(1), help="Processes that draw (default: the cores).")
@json_option
def command(
    out: Path, patients: int, videos: int, seed: int, jobs: int | None, json_file: str | None
) -> None:
    """Draw an articulated patient having seizures, as H.264 + AAC files in a dataset folder."""
    from s3eval_synth.dataset import draw_dataset

    with steps_shown("drawing", videos) as advance:
        dataset = draw_dataset(out, patients, videos, seed, jobs or _cores(), advance)
    from s3eval.vocabulary import FEATURES

    notes = dataset.annotations.values()
    counts = {
        f.name: {p: sum(n.presence(f.name) == p for n in notes) for p in ("yes", "no", "na")}
        for f in FEATURES
    }
    facts = {
        "folder": str(out),
        "videos": len(dataset),
        "patients": len(set(dataset.patients.values())),
        "minutes": round(sum(v.duration or 0.0 for v in dataset.videos) / 60, 1),
        "diagnoses": {d: sum(v.diagnosis == d for v in dataset.videos) for d in ("ES", "NES")},
        "features": counts,
    }
    if write_json_output(facts, json_file):
        return
    rows = [(f.label, *(counts[f.name][p] for p in ("yes", "no", "na"))) for f in FEATURES]
    title = f"{out}: {facts['videos']} videos of {facts['patients']} patients, "
    title += f"{facts['minutes']} minutes"
    print_table(title, ("feature", "yes", "no", "na"), rows, right=("yes", "no", "na"))
