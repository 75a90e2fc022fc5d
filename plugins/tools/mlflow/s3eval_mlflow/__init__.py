"""Write facts and scores of each finished run into MLflow.

>>> [spec.name for spec in s3eval_run_ends()]
['mlflow']
"""

from __future__ import annotations

from s3eval.hooks import hookimpl
from s3eval.specs import RunEndSpec

__all__ = ["s3eval_run_ends"]


@hookimpl
def s3eval_run_ends() -> list[RunEndSpec]:
    """What ``s3eval run --at-end mlflow`` does."""
    return [
        RunEndSpec(
            "mlflow",
            adapter="s3eval_mlflow.adapter:ended",
            summary="write facts and scores of each finished run into MLflow",
            needs=("mlflow", "sqlalchemy", "alembic", "sqlparse"),
            install="pip install s3eval-mlflow",
            remote=True,
        )
    ]
