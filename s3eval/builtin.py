"""What the core itself brings, through the same hooks as everybody else."""

from __future__ import annotations

from s3eval.hooks import hookimpl
from s3eval.specs import DatasetSpec


@hookimpl
def s3eval_datasets() -> list[DatasetSpec]:
    """The dataset formats the core reads."""
    return [
        DatasetSpec(
            "folder",
            adapter="s3eval.dataset.folder:open_folder",
            summary="dataset.toml, tidy CSV tables and videos/ (docs/datasets.md)",
        ),
    ]
