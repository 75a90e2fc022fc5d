"""Qwen-Plus as a judge: the model that judged the published tables."""

from __future__ import annotations

from s3eval import JudgeSpec, hookimpl


@hookimpl
def s3eval_judges() -> list[JudgeSpec]:
    """The judge of this package."""
    return [
        JudgeSpec(
            "qwen",
            adapter="s3eval_judge_qwen.adapter:Qwen",
            summary="Qwen-Plus, Alibaba Cloud Model Studio (DASHSCOPE_API_KEY)",
            needs=("httpx", "tenacity", "platformdirs"),
            install="pip install s3eval-judge-qwen",
            remote=True,
            model="qwen-plus",
        )
    ]
