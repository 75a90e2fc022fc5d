"""``s3eval data import``: bring another format into a dataset folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from s3eval.cli.common import json_option, write_json_output
from s3eval.reporting.tables import print_table
from s3eval.terminal import echo

if TYPE_CHECKING:
    from s3eval.dataset.importers.s3_release import Release

FORMATS = ("s3-release",)
EPILOG = """\b
Examples:
  s3eval data import s3-release ~/s3-release release
  s3eval show release/runs/test/Qwen3-VL-8B --protocol release
  s3eval compare release/runs/test
"""


@click.command("import", epilog=EPILOG)
@click.argument("format_", metavar="FORMAT", type=click.Choice(FORMATS))
@click.argument("source", metavar="DIR", type=click.Path(exists=True, file_okay=False))
@click.argument("out", metavar="OUT", type=click.Path(file_okay=False))
@click.option("--force", is_flag=True, help="Write into OUT even where it is not empty.")
@json_option
def command(format_: str, source: str, out: str, force: bool, json_file: str | None) -> None:
    """Read DIR and write OUT: a dataset folder, and recorded answers as runs below OUT/runs.

    FORMAT s3-release is the authors' public release. Everything found, missing and malformed is
    named with file and row (all of it in OUT/problems.csv); what can be read is written.
    """
    from s3eval.dataset.importers.s3_release import read_release, write_release
    from s3eval.errors import S3EvalError

    folder = Path(out)
    if folder.is_dir() and any(folder.iterdir()) and not force:
        raise S3EvalError("OUT is not empty", where=out, fix="another folder, or --force")
    release = read_release(source)
    if not release.dataset.videos:
        first = next((str(p) for p in release.problems.all if p.level == "error"), "")
        raise S3EvalError("The release has no annotated video", where=source, why=first)
    written = write_release(release, folder)
    if not write_json_output(_facts(release, written), json_file):
        _print(release, folder)


def _facts(release: Release, written: list[Path]) -> dict[str, Any]:
    return {
        "videos": len(release.dataset),
        "patients": len({v.patient for v in release.dataset.videos}),
        "runs": [
            {
                "run": str(path),
                "model": run.model,
                "split": run.split,
                "senses": list(run.senses),
                "tasks": list(run.tasks),
                "findings": len(run.findings),
                "answered": sum(f.state == "answered" for f in run.findings),
                "files": dict(run.files),
                "left_out": dict(run.left_out),
            }
            for run, path in zip(release.runs, written, strict=True)
        ],
        "problems": [
            {"level": p.level, "file": p.file, "row": p.row, "what": p.what, "fix": p.fix}
            for p in release.problems.all
        ],
    }


def _print(release: Release, folder: Path) -> None:
    from s3eval.cli.reproduce import summarised

    dataset = release.dataset
    known = list(dataset.annotations.values())
    rows = [
        ("videos", len(dataset)),
        ("patients", len({v.patient for v in dataset.videos})),
        ("in the test set (fold 0)", sum(v.fold == 0 for v in dataset.videos)),
        ("with ES or NES", sum(v.diagnosis is not None for v in dataset.videos)),
        ("with features", sum(bool(a.features) for a in known)),
        ("with a sequence", sum(a.sequence is not None for a in known)),
        ("with a report", sum(a.report is not None for a in known)),
    ]
    print_table("Annotation", ["found", "videos"], rows, right=("videos",))
    runs = [
        (
            run.model,
            run.split,
            len(run.tasks),
            len(run.findings),
            sum(f.state != "answered" for f in run.findings),
            sum(run.left_out.values()),
        )
        for run in release.runs
    ]
    columns = ["model", "split", "tasks", "findings", "without answer", "rows left out"]
    print_table("Recorded answers", columns, runs, right=columns[2:])
    for line in summarised(release.problems.all):
        echo(line)
    problems = release.problems.all
    errors = sum(p.level == "error" for p in problems)
    echo(
        f"\n{folder}: {len(dataset)} videos, {len(runs)} runs; {errors} errors and "
        f"{len(problems) - errors} warnings, every one in {folder / 'problems.csv'}"
    )
