"""GPT-5.4 as a judge."""

from __future__ import annotations

from s3eval import JudgeSpec, hookimpl


@hookimpl
def s3eval_judges() -> list[JudgeSpec]:
    """The judge of this package."""
    return [
        JudgeSpec(
            "gpt",
            adapter="s3eval_judge_gpt.adapter:GPT",
            summary="GPT-5.4, OpenAI (OPENAI_API_KEY)",
            needs=("httpx", "tenacity", "platformdirs"),
            install="pip install s3eval-judge-gpt",
            remote=True,
            model="gpt-5.4",
        )
    ]
