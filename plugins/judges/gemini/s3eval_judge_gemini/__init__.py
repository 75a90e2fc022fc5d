"""Gemini 3.5 Flash-Lite as a judge."""

from __future__ import annotations

from s3eval import JudgeSpec, hookimpl


@hookimpl
def s3eval_judges() -> list[JudgeSpec]:
    """The judge of this package."""
    return [
        JudgeSpec(
            "gemini",
            adapter="s3eval_judge_gemini.adapter:Gemini",
            summary="Gemini 3.5 Flash-Lite, Google (GEMINI_API_KEY)",
            needs=("httpx", "tenacity", "platformdirs"),
            install="pip install s3eval-judge-gemini",
            remote=True,
            model="gemini-3.5-flash-lite",
        )
    ]
