"""``s3eval judge ratings``: how far experts agree about reports, and their ratings as a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from s3eval.cli.common import json_option, seed_option, writable, write_document, write_json_output
from s3eval.cli.scoring_options import rescored, scoring_options
from s3eval.errors import S3EvalError
from s3eval.reporting.tables import print_table
from s3eval.terminal import echo

if TYPE_CHECKING:
    from s3eval.facts.tally import Tally
    from s3eval.statistics.resampling import Interval
    from s3eval_view.study.experts import Ratings

EPILOG = """\b
Examples:
  s3eval judge ratings ratings
  s3eval judge ratings ratings --runs runs/a --runs runs/b --csv ratings.csv
  s3eval judge validate ratings.csv
"""
_NAMES = {
    "icc_single": "ICC(2,1), one rater",
    "icc_mean": "ICC(2,k), their mean",
    "quadratic_kappa": "weighted kappa (quadratic)",
}


@click.command("ratings", epilog=EPILOG)
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--runs",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Put the metrics of these runs' reports beside the ratings in the table.",
)
@click.option(
    "--csv",
    "csv_file",
    metavar="FILE",
    callback=writable,
    help="Write the table that 's3eval judge validate' takes to FILE, '-' for standard output.",
)
@scoring_options
@seed_option
@json_option
def command(
    folders: tuple[Path, ...],
    runs: tuple[Path, ...],
    csv_file: str | None,
    seed: int,
    json_file: str | None,
    **options: Any,
) -> None:
    """Show how far raters agree (s3eval view --rate). FOLDERS are theirs, or hold them.

    ICC(2,1) and ICC(2,k), and quadratic weighted kappa of every pair, with 95 % intervals that
    draw whole patients. The table leaves out reports that not all have rated.
    """
    from s3eval_view.study.experts import (
        agreement,
        metrics_of,
        rater_folders,
        read_ratings,
        table_of,
    )

    if csv_file == "-" == json_file:
        raise S3EvalError("Only one of --csv and --json can go to standard output")
    ratings = read_ratings(rater_folders(folders))
    agreements = agreement(ratings, options["resamples"], seed)
    if csv_file:
        scored = rescored(runs, write=False, evidence=True, **options).scored if runs else ()
        table = table_of(ratings, metrics_of(scored))
        if csv_file == "-":
            write_document(table)
        else:
            Path(csv_file).write_text(table, encoding="utf-8")
    facts = {
        "raters": {r: len(ratings.given[r]) for r in ratings.raters},
        "reports": len(ratings.reports),
        "reference": ratings.reference,
        "agreement": [
            {"of": t.item, "measure": t.metric, "value": t.value, "reports": len(t.videos)}
            | asdict(i)
            for t, i in agreements
        ],
    }
    if not write_json_output(facts, json_file) and csv_file != "-":
        _show(ratings, agreements)


def _show(ratings: Ratings, agreements: Sequence[tuple[Tally, Interval]]) -> None:
    rows = []
    for rater in ratings.raters:
        given = ratings.given[rater]
        counts = Counter(g.rating for g in given.values())
        mean = sum(g.rating for g in given.values()) / len(given) if given else None
        took = sum(g.seconds for g in given.values()) / len(given) if given else None
        rows.append(
            [rater, f"{len(given)}/{len(ratings.reports)}", *(counts[n] for n in range(1, 6)),
             "-" if mean is None else f"{mean:.2f}", "-" if took is None else f"{took:.0f} s"]
        )  # fmt: skip
    columns = ["rater", "rated", "1", "2", "3", "4", "5", "mean", "time each"]
    print_table("Ratings", columns, rows, columns[1:])
    if not agreements:
        echo("One rater only: no agreement to tell.")
        return
    lines = [
        [
            t.item,
            _NAMES[t.metric],
            "-" if t.value is None else f"{t.value:.2f}",
            i.note if i.low is None else f"{i.low:.2f} to {i.high:.2f}",
            len(t.videos),
            i.patients,
        ]
        for t, i in agreements
    ]
    titles = ["raters", "measure", "value", "95 % interval", "reports", "patients"]
    print_table("Agreement of raters, intervals by patient", titles, lines, titles[2:])
