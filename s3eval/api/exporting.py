"""Runs and datasets in the formats of installed exporters."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from s3eval.api.datasets import open_dataset
from s3eval.dataset.sharing import Shared, shareable
from s3eval.plugin_calls import call_plugin

if TYPE_CHECKING:
    from s3eval.permission import Phi
    from s3eval.running.runs import Run
    from s3eval.specs import ExporterSpec

__all__ = ["export_dataset", "export_runs"]


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
    call_plugin(
        f"Exporting to '{exporter.name}'", exporter.adapter, lambda: write(shared.dataset, out)
    )
    return shared


def export_runs(runs: Sequence[Run], exporter: ExporterSpec, out: Path) -> None:
    """Write runs with an exporter of runs.

    Raises:
        S3EvalError: the exporter fails.
    """
    write = exporter.load()
    call_plugin(f"Exporting to '{exporter.name}'", exporter.adapter, lambda: write(runs, out))
