"""``s3eval data import s3-release``: the release as a dataset folder with recorded runs."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from s3eval.errors import S3EvalError
from s3eval.facts.reports import ImportReport, Table
from s3eval_paper.release.problems import summarised
from s3eval_paper.release.reading import Release, read_release, write_release

__all__ = ["convert"]


def convert(source: Path, out: Path) -> ImportReport:
    """Read a release and write the dataset folder ``out``, with its runs below ``out/runs``.

    Everything found, missing and malformed is named with file and row (all of it in
    ``out/problems.csv``); what can be read is written.

    Raises:
        S3EvalError: there is no release, or it has no annotated video.
    """
    release = read_release(source)
    if not release.dataset.videos:
        first = next((str(p) for p in release.problems.all if p.level == "error"), "")
        raise S3EvalError("The release has no annotated video", where=source, why=first)
    written = write_release(release, out)
    return ImportReport(
        _facts(release, written),
        (_annotation(release), _recorded(release)),
        (*summarised(release.problems.all), "", _closing(release, out)),
    )


def _facts(release: Release, written: Iterable[Path]) -> dict[str, Any]:
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


def _annotation(release: Release) -> Table:
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
    return Table("Annotation", ["found", "videos"], rows, right=("videos",))


def _recorded(release: Release) -> Table:
    rows = [
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
    return Table("Recorded answers", columns, rows, right=columns[2:])


def _closing(release: Release, folder: Path) -> str:
    problems = release.problems.all
    errors = sum(p.level == "error" for p in problems)
    return (
        f"{folder}: {len(release.dataset)} videos, {len(release.runs)} runs; {errors} errors and "
        f"{len(problems) - errors} warnings, every one in {folder / 'problems.csv'}"
    )
