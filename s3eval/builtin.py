"""What the core itself brings, through the same hooks as everybody else."""

from __future__ import annotations

from s3eval.hooks import hookimpl
from s3eval.specs import DatasetSpec, ExecutorSpec


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


@hookimpl
def s3eval_executors() -> list[ExecutorSpec]:
    """How the core puts questions."""
    return [
        ExecutorSpec(
            "local",
            adapter="s3eval.running.executing:Local",
            summary="one model in this process, the next videos decoded meanwhile",
        ),
        ExecutorSpec(
            "replicas",
            adapter="s3eval.running.replicas:Replicas",
            summary="the model in several processes of this machine, one for each GPU",
        ),
    ]
