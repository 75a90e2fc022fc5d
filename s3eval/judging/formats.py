"""The formats a chat judge speaks: how a service words requests, and how it takes batches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

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
        thinking: what it is told of thinking (`Dialect`), unless the user gives fields of requests.
    """

    dialect: type[Dialect]
    batches: type[BatchFormat]
    address: str
    key_variables: tuple[str, ...]
    thinking: str | None = None


#: By their names.
FORMATS: Mapping[FormatName, Format] = {
    "chat": Format(Dialect, OpenAIBatches, "https://api.openai.com/v1", ("OPENAI_API_KEY",)),
    "anthropic": Format(
        AnthropicDialect,
        AnthropicBatches,
        "https://api.anthropic.com/v1",
        ("ANTHROPIC_API_KEY",),
        "least",
    ),
    "gemini": Format(
        GeminiDialect,
        GeminiBatches,
        "https://generativelanguage.googleapis.com/v1beta",
        ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
        "least",
    ),
}
