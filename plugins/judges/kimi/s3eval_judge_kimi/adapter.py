"""Where Kimi-K2.5 is served and how it is told to answer directly."""

from __future__ import annotations

from s3eval.judging.chat import ChatJudge, Service
from s3eval.remote.budget import Prices


class Kimi(ChatJudge):
    """Kimi-K2.5 over Moonshot's API.

    The service may insist on its own temperature; it is then left out, and every record says
    "server default" in its place.
    """

    service = Service(
        "kimi",
        base_url="https://api.moonshot.ai/v1",
        model="kimi-k2.5",
        key_variables=("MOONSHOT_API_KEY",),
        prices=Prices(prompt=0.60, completion=3.00),
        extra_body={"thinking": {"type": "disabled"}},
    )
