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
        DatasetSpec(
            "synthetic",
            adapter="s3eval.synth:open_or_draw",
            summary="drawn seizures with exact annotation: s3eval data synth OUT",
        ),
        DatasetSpec(
            "s3-release",
            adapter="s3eval.dataset.importers.s3_release:open_release",
            summary="the authors' public release (annotations, recorded answers, no videos)",
        ),
    ]
