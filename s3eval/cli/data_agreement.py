"""``s3eval data agreement``: two annotations against each other (Tables 5 and 31, Figure 7).

Runs of human readers, who answered without being annotators, are held against each other too.
"""

from __future__ import annotations

from pathlib import Path

import click

from s3eval.cli.common import json_option, resamples_option, seed_option, write_json_output
from s3eval.errors import S3EvalError
from s3eval.terminal import echo

EPILOG = """\b
Examples:
  s3eval data agreement epileptologists annotators
  s3eval data agreement epileptologists annotators --figure figure7.png
  s3eval data agreement readers/R1 readers/R2      runs, of readers or of models

Kappa needs videos that both annotated; the distributions may be of different videos.
"""


@click.command("agreement", epilog=EPILOG)
@click.argument("sources", nargs=-1, required=True)
@click.option(
    "--figure",
    type=click.Path(path_type=Path),
    help="Draw the distributions into this file, as in the paper's Figure 7.",
)
@resamples_option
@seed_option
@json_option
def command(
    sources: tuple[str, ...],
    figure: Path | None,
    resamples: int,
    seed: int,
    json_file: str | None,
) -> None:
    """Show how far two annotations (dataset folders), or two or more runs, agree.

    SOURCES are the folders. A folder of runs stands for all of them.
    """
    from s3eval.api.agreement import are_runs

    if not are_runs(sources):
        _agreement_of_annotations(sources, figure, resamples, seed, json_file)
        return
    if figure:
        raise S3EvalError("--figure draws distributions of annotations, not of runs")
    _agreement_of_runs(sources, resamples, seed, json_file)


def _agreement_of_runs(
    sources: tuple[str, ...], resamples: int, seed: int, json_file: str | None
) -> None:
    from s3eval.api.agreement import agreement_of_runs
    from s3eval.reporting.agreement import show_agreement

    done = agreement_of_runs(sources, resamples, seed)
    if write_json_output(done.as_json(), json_file):
        return
    if done.tallies:
        show_agreement(done.tallies, done.intervals)
    else:
        echo("These runs share no answered labels or numbers: no agreement to tell.")


def _agreement_of_annotations(
    sources: tuple[str, ...],
    figure: Path | None,
    resamples: int,
    seed: int,
    json_file: str | None,
) -> None:
    from s3eval.api.agreement import agreement_of_annotations
    from s3eval.reporting.annotations import show_annotation_agreement

    done = agreement_of_annotations(sources, resamples, seed)
    if figure:
        done.draw(figure)
    if not write_json_output(done.as_json(), json_file):
        show_annotation_agreement(done.features, done.distributions, done.names)
