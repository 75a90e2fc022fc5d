"""Where Claude Sonnet 5.5 is served, in which format, and what it refuses."""

from __future__ import annotations

from s3eval.judging.chat import ChatJudge, Service
from s3eval.remote.budget import Prices
from s3eval.remote.capabilities import ServerCapabilities


class Claude(ChatJudge):
    """Claude Sonnet 5.5 over Anthropic's messages; another with ``model``."""

    service = Service(
        "claude",
        base_url="https://api.anthropic.com/v1",
        model="claude-sonnet-5-5",
        key_variables=("ANTHROPIC_API_KEY",),
        # https://platform.claude.com/docs/en/models/sonnet-5-5/overview, of autumn 2026.
        prices=Prices(prompt=2.00, completion=10.00),
        format="anthropic",
        owner="anthropic",
        # It takes no temperature, and no thought before the answer is not "disabled" there
        # (https://platform.claude.com/docs/en/models/sonnet-5-5/migration-guide).
        known=ServerCapabilities(without=("temperature",), thinking=1),
    )
