"""The formats a chat judge speaks: how a service words requests, and how it takes batches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from s3eval.judging.batching.anthropic import AnthropicBatches
from s3eval.judging.batching.format import BatchFormat
from s3eval.judging.batching.gemini import GeminiBatches
from s3eval.judging.batching.openai import OpenAIBatches
from s3eval.remote.anthropic import AnthropicDialect
from s3eval.remote.dialect import Dialect
from s3eval.remote.gemini import GeminiDialect

__all__ = ["FORMATS", "Format", "FormatName"]

FormatName = Literal["chat", "anthropic", "gemini"]


@dataclass(frozen=True)
class Format:
    """A format.

    Attributes:
        dialect, batches: how it words requests and batches.
        address, key_variables: of the service whose own format it is.
        extra_body: switches of that service, so that it answers directly.
    """

    dialect: type[Dialect]
    batches: type[BatchFormat]
    address: str
    key_variables: tuple[str, ...]
    extra_body: Mapping[str, Any] = field(default_factory=dict)


#: By their names.
FORMATS: Mapping[FormatName, Format] = {
    "chat": Format(Dialect, OpenAIBatches, "https://api.openai.com/v1", ("OPENAI_API_KEY",)),
    "anthropic": Format(
        AnthropicDialect,
        AnthropicBatches,
        "https://api.anthropic.com/v1",
        ("ANTHROPIC_API_KEY",),
    ),
    "gemini": Format(
        GeminiDialect,
        GeminiBatches,
        "https://generativelanguage.googleapis.com/v1beta",
        ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
        {"generationConfig": {"thinkingConfig": {"thinkingBudget": 0}}},
    ),
}
