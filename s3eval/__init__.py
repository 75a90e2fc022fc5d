"""s3eval: evaluate multimodal models that watch seizure videos.

The public face. Names are looked up on first use, so ``import s3eval`` stays instant and no
name here pulls torch, pandas or transformers.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOME = {
    "hookimpl": "hooks",
    "hookspec": "hooks",
    "ModelSpec": "specs",
    "TaskSpec": "specs",
    "JudgeSpec": "specs",
    "DatasetSpec": "specs",
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
    "Video": "facts.videos",
    "Annotation": "facts.videos",
    "Dataset": "facts.videos",
    "Clip": "facts.clips",
    "Footage": "facts.footage",
    "Sampling": "facts.clips",
    "SamplingProfile": "facts.clips",
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
    from s3eval.errors import S3EvalError
    from s3eval.facts.clips import Clip, Sampling, SamplingProfile
    from s3eval.facts.footage import Footage
    from s3eval.facts.videos import Annotation, Dataset, Video
    from s3eval.hooks import hookimpl, hookspec
    from s3eval.judge import Judge, ReportFacts
    from s3eval.model import Answer, Model, Question
    from s3eval.plugins import discover
    from s3eval.specs import DatasetSpec, JudgeSpec, ModelSpec, TaskSpec
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
