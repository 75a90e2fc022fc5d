"""``s3eval report``: one page about runs, with its tables and figures."""

from __future__ import annotations

from pathlib import Path

import click

from s3eval.cli.common import json_option, names, write_json_output
from s3eval.cli.scoring_options import rescored, scoring_options
from s3eval.errors import S3EvalError, refuse_unknown

EPILOG = """\b
Examples:
  s3eval report demo/runs -o report
  s3eval report runs/a runs/b -o report --videos P01@v1.mp4
  s3eval report runs -o report --two-stage random-forest

DIR/index.html is one file that needs nothing else and asks nothing of the network; DIR/tables
holds its tables as CSV, LaTeX and Markdown, DIR/figures its figures as SVG and PDF.
"""


@click.command("report", epilog=EPILOG)
@click.argument("runs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--out", "-o", required=True, type=click.Path(path_type=Path), help="Folder to write into."
)
@click.option("--force", is_flag=True, help="Write into a folder that is not empty.")
@click.option("--videos", multiple=True, help="Videos to show side by side; else a few are chosen.")
@click.option(
    "--two-stage",
    metavar="CLASSIFIER",
    default="",
    help="Add two-stage diagnosis by this classifier, with importances. Slow.",
)
@click.option(
    "--seed", type=int, default=0, show_default=True, help="Seed of the choice of videos."
)
@click.option("--title", default="Evaluation report", help="Title of the page.", show_default=True)
@scoring_options
@json_option
def command(
    runs: tuple[Path, ...],
    out: Path,
    force: bool,
    videos: tuple[str, ...],
    two_stage: str,
    seed: int,
    title: str,
    json_file: str | None,
    **options: object,
) -> None:
    """Write a report of RUNS. A folder of runs stands for all of them."""
    from s3eval.cli.exporters import empty_or_new
    from s3eval.statistics.two_stage import CLASSIFIERS
    from s3eval_view.report.evidence import gather
    from s3eval_view.report.scores import headlines
    from s3eval_view.report.writing import Choices, write_report

    empty_or_new(out, force)
    if out.exists() and not out.is_dir():
        raise S3EvalError("Expected --out to be a folder", where=out, fix="another path")
    if two_stage:
        refuse_unknown("classifier", [two_stage], CLASSIFIERS)
    scored = rescored(runs, write=False, evidence=True, **options)  # type: ignore[arg-type]
    wanted = names(videos)
    for video in wanted:
        for dataset in scored.datasets:
            dataset.video(video)
    resamples = int(str(options["resamples"]))
    choices = Choices(wanted, two_stage=two_stage, resamples=resamples, seed=seed, title=title)
    evidence = gather(scored)
    written = write_report(evidence, out, choices)
    facts = {
        "out": str(out),
        "files": [path.relative_to(out).as_posix() for path in written],
        "headlines": dict(headlines(evidence)),
    }
    if not write_json_output(facts, json_file):
        click.echo(f"Written: {out / 'index.html'} and {len(written) - 1} tables and figures")
    if any(one.faults for one in scored):
        raise click.exceptions.Exit(3)
