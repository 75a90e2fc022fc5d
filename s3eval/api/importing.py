"""Other formats as dataset folders, by installed importers."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from s3eval.errors import S3EvalError
from s3eval.facts.reports import ImportReport
from s3eval.plugins import installed

__all__ = ["import_dataset"]


def import_dataset(
    format_: str,
    source: str | os.PathLike[str],
    out: str | os.PathLike[str],
    overwrite: bool = False,
) -> ImportReport:
    """Read another format and write a dataset folder, with recorded answers as runs below it.

    Args:
        format_: the name of an installed importer.
        source: what it reads.
        out: the folder to write.
        overwrite: whether a folder that is not empty is written into.

    Raises:
        S3EvalError: no such importer, the folder is not empty, or the importer gave no report.

    >>> import_dataset("s3-release", "release", "mine").lines  # doctest: +SKIP
    """
    plugin = installed().get("importer", format_)
    target = Path(out)
    if target.is_dir() and any(target.iterdir()) and not overwrite:
        raise S3EvalError("OUT is not empty", where=target, fix="another folder, or --force")
    report: Any = plugin.spec.load()(Path(source), target)
    if not isinstance(report, ImportReport):
        raise S3EvalError(
            f"Expected the importer '{format_}' to return an ImportReport, "
            f"but got {type(report).__name__}",
            where=plugin.spec.adapter,
        )
    return report
