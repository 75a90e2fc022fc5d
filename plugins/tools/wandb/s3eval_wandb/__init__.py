"""Write facts and scores of each finished run for Weights & Biases, offline.

>>> [spec.name for spec in s3eval_run_ends()]
['wandb']
"""

from __future__ import annotations

from s3eval.hooks import hookimpl
from s3eval.specs import RunEndSpec

__all__ = ["s3eval_run_ends"]


@hookimpl
def s3eval_run_ends() -> list[RunEndSpec]:
    """What ``s3eval run --at-end wandb`` does."""
    return [
        RunEndSpec(
            "wandb",
            adapter="s3eval_wandb.adapter:ended",
            summary="write facts and scores of each finished run for Weights & Biases, offline",
            needs=("wandb",),
            install="pip install s3eval-wandb",
            remote=True,
        )
    ]
