"""Claude Sonnet 5.5 as a judge."""

from __future__ import annotations

from s3eval import JudgeSpec, hookimpl


@hookimpl
def s3eval_judges() -> list[JudgeSpec]:
    """The judge of this package."""
    return [
        JudgeSpec(
            "claude",
            adapter="s3eval_judge_claude.adapter:Claude",
            summary="Claude Sonnet 5.5, Anthropic (ANTHROPIC_API_KEY)",
            needs=("httpx", "tenacity", "platformdirs"),
            install="pip install s3eval-judge-claude",
            remote=True,
            model="claude-sonnet-5-5",
        )
    ]
