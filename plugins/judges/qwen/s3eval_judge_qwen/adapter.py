"""Where Qwen-Plus is served and how it is told to answer directly."""

from __future__ import annotations

from s3eval.judging.chat import ChatJudge, Service
from s3eval.remote.budget import Prices


class Qwen(ChatJudge):
    """Qwen-Plus over the OpenAI-compatible mode of Model Studio."""

    service = Service(
        "qwen",
        base_url="https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
        model="qwen-plus",
        key_variables=("DASHSCOPE_API_KEY",),
        # List price outside China, prompts up to 256,000 tokens, without thinking.
        prices=Prices(prompt=0.40, completion=1.20),
        extra_body={"enable_thinking": False},
    )
