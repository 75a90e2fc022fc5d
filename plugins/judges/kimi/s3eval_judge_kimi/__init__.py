"""Kimi-K2.5 as a judge."""

from __future__ import annotations

from s3eval import JudgeSpec, hookimpl


@hookimpl
def s3eval_judges() -> list[JudgeSpec]:
    """The judge of this package."""
    return [
        JudgeSpec(
            "kimi",
            adapter="s3eval_judge_kimi.adapter:Kimi",
            summary="Kimi-K2.5, Moonshot AI (MOONSHOT_API_KEY)",
            needs=("httpx", "tenacity", "platformdirs"),
            install="pip install s3eval-judge-kimi",
            remote=True,
            model="kimi-k2.5",
        )
    ]
