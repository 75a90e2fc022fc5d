"""s3eval: evaluate multimodal models that watch seizure videos.

The public face. Names are looked up on first use, so ``import s3eval`` stays instant and no
name here pulls torch, pandas or transformers.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOME = {
    "hookimpl": "plugins",
    "hookspec": "plugins",
    "ModelSpec": "plugins",
    "TaskSpec": "plugins",
    "JudgeSpec": "plugins",
    "DatasetSpec": "plugins",
    "discover": "plugins",
    "Model": "model",
    "Answer": "model",
    "Question": "model",
    "Task": "task",
    "Inquiry": "task",
    "PlanContext": "task",
    "ScoringContext": "task",
    "Piece": "task",
    "Reading": "task",
    "Finding": "task",
    "Judge": "judge",
    "ReportFacts": "judge",
    "Video": "dataset",
    "Annotation": "dataset",
    "Dataset": "dataset",
    "Clip": "footage",
    "Footage": "footage",
    "Sampling": "footage",
    "SamplingProfile": "footage",
    "S3EvalError": "errors",
}
__all__ = [
    "Annotation",
    "Answer",
    "Clip",
    "Dataset",
    "DatasetSpec",
    "Finding",
    "Footage",
    "Inquiry",
    "Judge",
    "JudgeSpec",
    "Model",
    "ModelSpec",
    "Piece",
    "PlanContext",
    "Question",
    "Reading",
    "ReportFacts",
    "S3EvalError",
    "Sampling",
    "SamplingProfile",
    "ScoringContext",
    "Task",
    "TaskSpec",
    "Video",
    "__version__",
    "discover",
    "hookimpl",
    "hookspec",
]

if TYPE_CHECKING:
    from s3eval.dataset import Annotation, Dataset, Video
    from s3eval.errors import S3EvalError
    from s3eval.footage import Clip, Footage, Sampling, SamplingProfile
    from s3eval.judge import Judge, ReportFacts
    from s3eval.model import Answer, Model, Question
    from s3eval.plugins import (
        DatasetSpec,
        JudgeSpec,
        ModelSpec,
        TaskSpec,
        discover,
        hookimpl,
        hookspec,
    )
    from s3eval.task import (
        Finding,
        Inquiry,
        Piece,
        PlanContext,
        Reading,
        ScoringContext,
        Task,
    )


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 's3eval' has no attribute '{name}'")
    return getattr(importlib.import_module(f"s3eval.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return [*__all__]
