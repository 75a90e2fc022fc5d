"""``s3eval data check``: every problem of a dataset, each with file and row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from s3eval.api.datasets import format_of, open_unchecked
from s3eval.cli.common import json_option, outside_option, write_json_output
from s3eval.dataset.checks import check, check_files
from s3eval.dataset.listing import check_media, check_tables
from s3eval.dataset.problems import Problem, listed
from s3eval.reporting.progress import steps_shown
from s3eval.terminal import echo

if TYPE_CHECKING:
    from s3eval.facts.videos import Dataset

#: Problems of one kind that are shown.
SHOWN = 5
EPILOG = """\b
Examples:
  s3eval data check mine
  s3eval data check mine --no-files --json problems.json
  s3eval data check s3-release:~/s3-release
  s3eval data check mine --phi        names, dates, record numbers and places in its texts
Exit code 1 when there are errors, 0 with warnings only.
"""


@click.command("check", epilog=EPILOG)
@click.argument("dataset")
@click.option("--files/--no-files", default=True, help="Read every video file (not decoded).")
@click.option("--phi", is_flag=True, help="Look for names, dates, numbers, places in texts.")
@click.option("--all", "every", is_flag=True, help="Every problem on a line of its own.")
@outside_option
@json_option
def command(
    dataset: str,
    files: bool,
    phi: bool,
    every: bool,
    allow_outside: bool,
    json_file: str | None,
) -> None:
    """Check a dataset: tables, the paper's rules for times, files, private text.

    DATASET is a folder, or FORMAT:PATH for the formats of s3eval list datasets. Problems of one
    kind are shown by their first five; the JSON has all of them.
    """
    found, problems, rows = _opened(dataset)
    found = replace(found, outside=allow_outside)
    problems += check(found, rows)
    if files:
        problems += check_media(found, rows)
        with steps_shown("checking files", len(found)) as advance:
            problems += check_files(found, lambda: advance(1), rows)
    if phi:
        from s3eval.dataset.private_text import check_private_text

        problems += check_private_text(found, rows)
    if format_of(dataset)[0] != "folder":
        # Such a dataset has no tables of these names; its annotation has these parts.
        problems = [replace(p, file=p.file.removesuffix(".csv")) for p in problems]
    if not write_json_output([asdict(p) for p in problems], json_file):
        _tell(problems, found, dataset, every)
    if any(p.level == "error" for p in problems):
        raise click.exceptions.Exit(1)


def _opened(path: str) -> tuple[Dataset, list[Problem], Callable[[str, str, str], int]]:
    """The dataset, what is wrong with its form, and what finds rows in its tables."""
    from s3eval.dataset.folder import TABLES, read_folder, row_finder

    kind, _ = format_of(path)
    if kind == "folder":
        found, problems = read_folder(path)
        return found, problems + check_tables(Path(path), TABLES), row_finder(path)
    from s3eval.dataset.validity import check_facts

    _, found = open_unchecked(path)
    problems = check_facts(found)
    if not found.digest_covers:
        what = "the format does not say what the dataset's digest covers"
        fix = "a run cannot tell whether a change of its files is noticed"
        problems.append(Problem("warning", kind, 0, what, fix))
    return found, problems, lambda file, video, item: 0


def _tell(problems: list[Problem], found: Dataset, name: str, every: bool) -> None:
    lines = [*listed(problems, len(problems) if every else SHOWN)]
    for line in lines:
        echo(line)
    if len(lines) < len(problems):
        echo("Every problem on a line of its own: --all")
    errors = sum(p.level == "error" for p in problems)
    if found.digest:
        echo(f"digest {found.digest[:12]} covers {found.digest_covers or 'what is not said'}")
    echo(f"{name}: {len(found)} videos, {errors} errors, {len(problems) - errors} warnings")
