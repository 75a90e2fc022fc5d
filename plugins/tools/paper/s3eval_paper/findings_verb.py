"""``s3eval findings``: the paper's claims against the release."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from s3eval.cli.common import (
    json_option,
    names,
    resamples_option,
    seed_option,
    write_json_output,
)
from s3eval.errors import UnknownNameError
from s3eval.reporting.tables import print_table
from s3eval.terminal import echo

EPILOG = """\b
Examples:
  s3eval findings s3-release
  s3eval findings s3-release --out docs/findings.md
  s3eval findings s3-release --classifiers logistic-regression --no-tune      a quick look

Table 2's Task-7 and two-stage columns again for every recorded model, with intervals and chance
lines, and a verdict on each of the paper's claims with its rule and the patients behind it.
"""


@click.command("findings", epilog=EPILOG)
@click.argument("release", type=click.Path(path_type=Path))
@click.option(
    "--out", "-o", type=click.Path(path_type=Path), help="Write the verdicts as a Markdown page."
)
@click.option(
    "--classifiers",
    default="all",
    show_default=True,
    help="Classifiers of the second stage, or 'all'.",
)
@click.option("--tune/--no-tune", default=True, help="Choose hyper-parameters on inner folds.")
@resamples_option
@seed_option
@json_option
def command(release: Path, out: Path | None, json_file: str | None, **options: Any) -> None:
    """Hold the paper's claims against the public RELEASE of its recorded answers."""
    from s3eval.reporting.progress import line_shown
    from s3eval.statistics.two_stage import CLASSIFIERS
    from s3eval_paper.claims.page import find, markdown
    from s3eval_paper.claims.rediagnosis import Depth

    chosen = names([options["classifiers"]])
    chosen = tuple(CLASSIFIERS) if chosen == ("all",) else chosen
    for name in chosen:
        if name not in CLASSIFIERS:
            raise UnknownNameError(
                "classifier", name, CLASSIFIERS, fix=f"one of {', '.join(CLASSIFIERS)}"
            )
    depth = Depth(options["resamples"], chosen, options["tune"], options["seed"])
    findings = find(release, depth, line_shown, jobs=min(2, os.cpu_count() or 1))
    if out:
        out.write_text(markdown(findings), encoding="utf-8", newline="\n")
    if write_json_output(findings.as_json(), json_file):
        return
    rows = [
        (
            d.model,
            d.way,
            d.classifier,
            d.trained_on,
            "-" if (f1 := d.rows["f1"]).value is None else f"{f1.value:.2f}",
            "-" if f1.low is None or f1.high is None else f"{f1.low:.2f} to {f1.high:.2f}",
            d.printed.get("f1", ""),
            f"{f1.chance.get('always-ES', float('nan')):.2f}",
            f1.mark,
            f"{f1.videos} of {d.asked}",
        )
        for d in findings.diagnosed
    ]
    columns = ["model", "way", "classifier", "trained on", "F1 (ES)", "95 % interval", "printed"]
    columns += ["always-ES", "mark", "videos"]
    print_table("Diagnosis, test set", columns, rows, ("F1 (ES)", "printed", "always-ES"))
    for claim in findings.claims:
        echo(f"{claim.number}. {claim.title}: {claim.verdict.upper()}")
        echo(f"   {claim.finding}\n")
    if out:
        echo(f"Written: {out}")
