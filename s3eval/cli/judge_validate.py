"""``s3eval judge validate``: do metrics order reports as experts do (paper, Tables 10 and 11)?"""

from __future__ import annotations

from pathlib import Path

import click

from s3eval.cli.common import json_option, names, seed_option, write_json_output
from s3eval.terminal import echo

EPILOG = """\b
Examples:
  s3eval judge validate                      published ratings, beside the printed agreement
  s3eval judge validate ratings.csv --json -
  s3eval judge validate ratings.csv --expert rater_2 --metric rqi,rouge1
"""


@click.command("validate", epilog=EPILOG)
@click.argument("ratings", required=False, type=click.Path(path_type=Path))
@click.option(
    "--expert", default="expert", show_default=True, help="Column that holds the experts' ratings."
)
@click.option(
    "--metric", "metrics", multiple=True, help="Look at these columns only (default: all)."
)
@click.option(
    "--resamples",
    type=click.IntRange(0),
    default=2000,
    show_default=True,
    help="Draws for the intervals; 0 for none.",
)
@seed_option
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    ratings: Path | None,
    expert: str,
    metrics: tuple[str, ...],
    resamples: int,
    seed: int,
    json_file: str | None,
) -> None:
    """Agreement of metrics with expert RATINGS (CSV: model, video_id, a column a metric, expert).

    Pearson, Spearman, Kendall tau-b and pairwise accuracy (of pairs the experts rate
    differently, the share a metric orders alike; its ties are wrong), with 95 % intervals that
    draw whole patients (column patient, or video_id up to the first '@'). The columns may be
    called file_name and human, too. Without RATINGS, those that an installed publication prints.
    """
    from s3eval.api.metric_validating import validate_metrics
    from s3eval.reporting.ratings import show_ratings

    done = validate_metrics(ratings, expert, names(metrics), resamples, seed)
    for line in (*done.problems, *done.remarks):
        echo(line, err=True)
    if not write_json_output(done.as_json(), json_file):
        published = done.publication.of_ratings() if done.publication else {}
        show_ratings(done.agreements, f"{done.rated} rated reports ({done.source})", published)
    if done.problems:
        ctx.exit(3)
