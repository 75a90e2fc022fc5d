"""s3eval: evaluate multimodal models that watch seizure videos.

The public face. Names are looked up on first use, so ``import s3eval`` stays instant and no
name here pulls torch, pandas or transformers.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from s3eval.version import __version__

_HOME = {
    "hookimpl": "hooks",
    "hookspec": "hooks",
    "ModelSpec": "specs",
    "TaskSpec": "specs",
    "JudgeSpec": "specs",
    "DatasetSpec": "specs",
    "CommandSpec": "specs",
    "ImporterSpec": "specs",
    "ExporterSpec": "specs",
    "PublishedSpec": "specs",
    "RunEndSpec": "specs",
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
    "ImportReport": "facts.reports",
    "Published": "published",
    "Sampling": "facts.clips",
    "SamplingProfile": "facts.clips",
    "S3EvalError": "errors",
    "Item": "task",
    "TruthContext": "task",
    "Extract": "judge",
    "Extraction": "judge",
    "FeatureAnswers": "judge",
    "MergedText": "judge",
    "MergeTexts": "judge",
    "ReadReport": "judge",
    "AnswerQuestions": "judge",
    "Unreadable": "judge",
    "Tally": "facts.tally",
    "FeatureAnnotation": "facts.videos",
    "Lateralization": "facts.videos",
    "open_dataset": "api",
    "check_dataset": "api",
    "evaluate": "api",
    "open_runs": "api",
    "score": "api",
    "compare": "api",
    "calibrate": "api",
    "compare_judges": "api",
    "two_stage": "api",
    "Stages": "api",
    "ScoredRuns": "api",
    "Comparison": "api",
    "DatasetCheck": "api",
}
__all__ = [
    "Annotation",
    "Answer",
    "AnswerQuestions",
    "Clip",
    "CommandSpec",
    "Comparison",
    "Dataset",
    "DatasetCheck",
    "DatasetSpec",
    "ExporterSpec",
    "Extract",
    "Extraction",
    "FeatureAnnotation",
    "FeatureAnswers",
    "Finding",
    "Footage",
    "ImportReport",
    "ImporterSpec",
    "Inquiry",
    "Item",
    "Judge",
    "JudgeSpec",
    "Lateralization",
    "MergeTexts",
    "MergedText",
    "Model",
    "ModelSpec",
    "Piece",
    "PlanContext",
    "Published",
    "PublishedSpec",
    "Question",
    "ReadReport",
    "Reading",
    "ReportFacts",
    "RunEndSpec",
    "S3EvalError",
    "Sampling",
    "SamplingProfile",
    "ScoredRuns",
    "ScoringContext",
    "Stages",
    "Tally",
    "Task",
    "TaskSpec",
    "TruthContext",
    "Unreadable",
    "Video",
    "__version__",
    "calibrate",
    "check_dataset",
    "compare",
    "compare_judges",
    "discover",
    "evaluate",
    "hookimpl",
    "hookspec",
    "open_dataset",
    "open_runs",
    "score",
    "two_stage",
]

if TYPE_CHECKING:
    from s3eval.api import (
        Comparison,
        DatasetCheck,
        ScoredRuns,
        Stages,
        calibrate,
        check_dataset,
        compare,
        compare_judges,
        evaluate,
        open_dataset,
        open_runs,
        score,
        two_stage,
    )
    from s3eval.errors import S3EvalError
    from s3eval.facts.clips import Clip, Sampling, SamplingProfile
    from s3eval.facts.footage import Footage
    from s3eval.facts.reports import ImportReport
    from s3eval.facts.tally import Tally
    from s3eval.facts.videos import (
        Annotation,
        Dataset,
        FeatureAnnotation,
        Lateralization,
        Video,
    )
    from s3eval.hooks import hookimpl, hookspec
    from s3eval.judge import (
        AnswerQuestions,
        Extract,
        Extraction,
        FeatureAnswers,
        Judge,
        MergedText,
        MergeTexts,
        ReadReport,
        ReportFacts,
        Unreadable,
    )
    from s3eval.model import Answer, Model, Question
    from s3eval.plugins import discover
    from s3eval.published import Published
    from s3eval.specs import (
        CommandSpec,
        DatasetSpec,
        ExporterSpec,
        ImporterSpec,
        JudgeSpec,
        ModelSpec,
        PublishedSpec,
        RunEndSpec,
        TaskSpec,
    )
    from s3eval.task import (
        Finding,
        Inquiry,
        Item,
        Piece,
        PlanContext,
        Reading,
        ScoringContext,
        Task,
        TruthContext,
    )


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 's3eval' has no attribute '{name}'")
    return getattr(importlib.import_module(f"s3eval.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return [*__all__]
