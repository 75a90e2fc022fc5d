"""Where GPT-5.4 is served and how it is told to answer directly."""

from __future__ import annotations

from s3eval.judging.chat import ChatJudge, Service
from s3eval.remote.budget import Prices


class GPT(ChatJudge):
    """GPT-5.4 over OpenAI's API; any OpenAI-compatible server with ``base_url`` and ``model``."""

    service = Service(
        "gpt",
        base_url="https://api.openai.com/v1",
        model="gpt-5.4",
        key_variables=("OPENAI_API_KEY",),
        prices=Prices(prompt=2.50, completion=15.00),
        extra_body={"reasoning_effort": "none"},
    )
