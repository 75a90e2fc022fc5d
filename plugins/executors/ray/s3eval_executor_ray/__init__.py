"""Runs on several cores, devices or machines with Ray.

>>> from s3eval_executor_ray import s3eval_executors
>>> [spec.name for spec in s3eval_executors()]
['ray']
"""

from __future__ import annotations

from s3eval.hooks import hookimpl
from s3eval.specs import ExecutorSpec

__all__ = ["s3eval_executors"]


@hookimpl
def s3eval_executors() -> list[ExecutorSpec]:
    """The executor ``ray``."""
    return [
        ExecutorSpec(
            "ray",
            adapter="s3eval_executor_ray.executor:RayExecutor",
            summary="several videos at once, each with a Ray worker that holds the model",
            needs=("ray",),
            install="pip install s3eval-executor-ray",
        )
    ]
