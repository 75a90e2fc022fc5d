"""``s3eval data check``: every problem of a dataset, each with file and row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from s3eval.cli.common import Progress, json_option, outside_option, write_json_output

if TYPE_CHECKING:
    from s3eval.dataset.tables import Problem

EPILOG = """\b
Examples:
  s3eval data check mine
  s3eval data check mine --no-files --json problems.json
  s3eval data check mine --phi        names, dates, record numbers and places in its texts
Exit code 1 when there are errors, 0 with warnings only.
"""


@click.command("check", epilog=EPILOG)
@click.argument("dataset", type=click.Path(path_type=Path))
@click.option("--files/--no-files", default=True, help="Read every video file (not decoded).")
@click.option("--phi", is_flag=True, help="Look for names, dates, numbers, places in texts.")
@outside_option
@json_option
def command(
    dataset: Path, files: bool, phi: bool, allow_outside: bool, json_file: str | None
) -> None:
    """Check a dataset folder: tables, the paper's rules for times, files, private text."""
    from s3eval.dataset.checks import check, check_files
    from s3eval.dataset.folder import read_folder, row_finder

    found, problems = read_folder(dataset)
    found, rows = replace(found, outside=allow_outside), row_finder(dataset)
    problems += check(found, rows)
    if files:
        with Progress.bar("checking files", len(found)) as advance:
            problems += check_files(found, lambda: advance(1), rows)
    if phi:
        problems += _private(found, rows)
    _tell(problems, f"{dataset}: {len(found)} videos", json_file)
    if any(p.level == "error" for p in problems):
        raise click.exceptions.Exit(1)


def _private(dataset: object, rows: Callable[[str, str, str], int]) -> list[Problem]:
    from s3eval.privacy import check_dataset

    return list(check_dataset(dataset, rows))  # type: ignore[arg-type]


def _tell(problems: list[Problem], title: str, json_file: str | None) -> None:
    if write_json_output([asdict(p) for p in problems], json_file):
        return
    for problem in problems:
        click.echo(f"{problem.level:7}  {problem}")
    errors = sum(p.level == "error" for p in problems)
    click.echo(f"{title}, {errors} errors, {len(problems) - errors} warnings")
