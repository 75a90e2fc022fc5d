"""What a server was found to refuse, remembered so that it is offered only once."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from s3eval.remote.endpoint import Endpoint
from s3eval.remote.failures import CallError

__all__ = ["CapabilityStore", "MemoryCapabilities", "ServerCapabilities"]

# No dialect knows more ways of saying how much to think, after the first.
_MOST_WAYS = 2


@dataclass(frozen=True)
class ServerCapabilities:
    """What one server and model take.

    Attributes:
        structured: the best form of structured output it takes.
        without: parameters it refuses.
        max_tokens_name: how it calls the reply's limit.
        thinking: how many ways of saying how much to think it refused (`Dialect.nth_way`).

    >>> ServerCapabilities().learn("response_format").structured
    'json_object'
    """

    structured: Literal["json_schema", "json_object", "none"] = "json_schema"
    without: tuple[str, ...] = ()
    max_tokens_name: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    thinking: int = 0

    def after(self, failure: CallError) -> ServerCapabilities | None:
        """These after a failure; None where it says nothing of what the server refuses."""
        return self.learn(failure.parameter) if failure.kind == "unsupported" else None

    def learn(self, parameter: str) -> ServerCapabilities | None:
        """These after a refusal of ``parameter``; None when nothing is left to give."""
        if parameter == "response_format" and self.structured != "none":
            return replace(
                self, structured="json_object" if self.structured == "json_schema" else "none"
            )
        if parameter == "max_tokens" and self.max_tokens_name == "max_tokens":
            return replace(self, max_tokens_name="max_completion_tokens")
        if parameter == "max_completion_tokens" and self.max_tokens_name != "max_tokens":
            return replace(self, max_tokens_name="max_tokens")
        if parameter == "thinking" and self.thinking < _MOST_WAYS:
            return replace(self, thinking=self.thinking + 1)
        name = "logprobs" if parameter == "top_logprobs" else parameter
        if name in ("temperature", "seed", "logprobs") and name not in self.without:
            return replace(self, without=tuple(sorted({*self.without, name})))
        return None


class CapabilityStore(Protocol):
    """Where they are kept."""

    def get(self, endpoint: Endpoint) -> ServerCapabilities:
        """What is known about this server and model."""

    def put(self, endpoint: Endpoint, capabilities: ServerCapabilities) -> None:
        """Remember it."""


class MemoryCapabilities:
    """ServerCapabilities for the life of a process."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], ServerCapabilities] = {}
        self._lock = threading.Lock()

    def get(self, endpoint: Endpoint) -> ServerCapabilities:
        """What is known about this server and model."""
        with self._lock:
            return self._known.get((endpoint.base_url, endpoint.model), ServerCapabilities())

    def put(self, endpoint: Endpoint, capabilities: ServerCapabilities) -> None:
        """Remember it."""
        with self._lock:
            self._known[endpoint.base_url, endpoint.model] = capabilities
