"""Runs and datasets in the formats of installed exporters."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from s3eval.api.datasets import open_dataset
from s3eval.dataset.sharing import Shared, shareable
from s3eval.errors import S3EvalError, UnknownNameError
from s3eval.plugin_calls import call_plugin
from s3eval.plugins import distribution_of, installed

if TYPE_CHECKING:
    from s3eval.permission import Phi
    from s3eval.running.runs import Run
    from s3eval.specs import ExporterSpec

__all__ = ["export_dataset", "export_runs", "find_exporter"]


_EXPORTS: dict[str, tuple[str, str]] = {
    "runs": ("runs", "s3eval export"),
    "dataset": ("datasets", "s3eval data export"),
}


def find_exporter(name: str, of: Literal["runs", "dataset"]) -> ExporterSpec:
    """The installed exporter of runs, or of datasets, of that name.

    Raises:
        S3EvalError: none is installed, or (UnknownNameError) there is none of that name; where
            one of that name exports the other, it says so.
    """
    plugins = [p.spec for p in installed().of("exporter")]
    known = {spec.name: spec for spec in plugins if spec.of == of}
    if name in known:
        return known[name]
    why, package = "", distribution_of("exporter", name)
    for other in (spec.of for spec in plugins if spec.name == name):
        what, verb = _EXPORTS[other]
        why, package = f"'{name}' exports {what}: {verb} ... --to {name}", ""
    install = f"pip install {package}" if package else ""
    if not known:
        raise S3EvalError(
            f"No exporter of {_EXPORTS[of][0]} is installed here",
            why=why or f"'{name}' is asked for",
            fix=install or "install the package that brings it",
        )
    raise UnknownNameError(
        "exporter", name, known, why=why, fix=install or f"one of {', '.join(known)}"
    )


def export_dataset(
    dataset: str | os.PathLike[str],
    exporter: ExporterSpec,
    out: Path,
    phi: Phi = "redact",
    *,
    videos: bool = False,
    renumber: bool = False,
) -> Shared:
    """Write a dataset with an exporter of datasets, as `s3eval.dataset.sharing` says it may be.

    Raises:
        S3EvalError: no such dataset, something in it may identify somebody, or the exporter fails.
    """
    write = exporter.load()
    shared = shareable(open_dataset(dataset), phi, videos=videos, renumber=renumber)
    _write(exporter, lambda: write(shared.dataset, out), out)
    return shared


def export_runs(runs: Sequence[Run], exporter: ExporterSpec, out: Path) -> None:
    """Write runs with an exporter of runs.

    Raises:
        S3EvalError: the exporter fails.
    """
    write = exporter.load()
    _write(exporter, lambda: write(runs, out), out)


def _write(exporter: ExporterSpec, work: Callable[[], Any], out: Path) -> None:
    call_plugin(f"Exporting to '{exporter.name}'", exporter.adapter, work)
    if not out.exists():
        raise S3EvalError(f"The exporter '{exporter.name}' wrote nothing", where=exporter.adapter)
