"""Other formats as dataset folders, by installed importers."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from s3eval.errors import S3EvalError
from s3eval.facts.reports import ImportReport, Table
from s3eval.plugin_calls import call_plugin
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
    what, where = f"Importing by '{format_}'", f"{plugin.package}: {plugin.spec.adapter}"
    report: Any = call_plugin(what, where, lambda: plugin.spec.load()(Path(source), target))
    wrong = _wrong_report(report)
    if wrong:
        raise S3EvalError(f"Expected the importer '{format_}' to return {wrong}", where=where)
    if not (target.is_dir() and any(target.iterdir())):
        raise S3EvalError(f"The importer '{format_}' wrote nothing", where=where)
    checked: ImportReport = report
    return checked


def _wrong_report(report: Any) -> str:
    """What was expected of a report in place of what it is; "" where it is right."""
    if not isinstance(report, ImportReport):
        return f"an ImportReport, but got {type(report).__name__}"
    if not isinstance(report.facts, Mapping):
        return f"facts as a mapping, but got {type(report.facts).__name__}"
    try:
        json.dumps(dict(report.facts))
    except (TypeError, ValueError, RecursionError) as error:
        return f"facts that JSON can hold ({error})"
    for name, kind in (("tables", Table), ("lines", str)):
        given = getattr(report, name)
        if not isinstance(given, (tuple, list)) or not all(isinstance(g, kind) for g in given):
            return f"{name} as a tuple of {kind.__name__}"
    return ""
