"""Where Gemini 3.5 Flash-Lite is served, in which format, and what it refuses."""

from __future__ import annotations

from s3eval.judging.chat import ChatJudge, Service
from s3eval.remote.budget import Prices
from s3eval.remote.capabilities import ServerCapabilities


class Gemini(ChatJudge):
    """Gemini 3.5 Flash-Lite over generateContent; another with ``model``."""

    service = Service(
        "gemini",
        base_url="https://generativelanguage.googleapis.com/v1beta",
        model="gemini-3.5-flash-lite",
        key_variables=("GEMINI_API_KEY", "GOOGLE_API_KEY"),
        # https://ai.google.dev/gemini-api/docs/pricing, as copied by a third party on 2026-10-07.
        prices=Prices(prompt=0.30, completion=2.50),
        format="gemini",
        # It is told a level of thought ("minimal") and refuses a budget of none
        # (https://github.com/googleapis/python-genai/issues/2936).
        known=ServerCapabilities(thinking=1),
    )
