"""Anthropic's messages as a dialect.

https://platform.claude.com/docs/en/api/messages; structured output:
https://platform.claude.com/docs/en/build-with-claude/structured-outputs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from s3eval.remote.capabilities import ServerCapabilities
from s3eval.remote.dialect import Dialect
from s3eval.remote.envelope import (
    Json,
    decoded,
    number,
    system_and_turns,
    table,
    tables,
    text_in,
)
from s3eval.remote.exchange import ChatRequest, Reply
from s3eval.remote.failures import CallError, failure_of_status

__all__ = ["AnthropicDialect"]

_VERSION = {"anthropic-version": "2023-06-01"}
# What is read from a cache or written to one is counted apart.
_PROMPT_TOKENS = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")


# A reply that was cut off is "length" for all dialects.
_FINISH = {
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "end_turn": "stop",
}


class AnthropicDialect(Dialect):
    """The messages API. It takes no seed and gives no probabilities.

    From Claude Opus 4.7 and Sonnet 5 on it refuses a temperature and budgets of thought, and some
    models refuse to be told not to think
    (https://platform.claude.com/docs/en/build-with-claude/thinking).
    """

    def headers(self, key: str) -> Mapping[str, str]:
        """The headers of every request.

        >>> AnthropicDialect().headers("k")
        {'x-api-key': 'k', 'anthropic-version': '2023-06-01'}
        """
        return {"x-api-key": key, **_VERSION}

    def path(self, model: str) -> str:
        """Where a request goes."""
        return "/messages"

    def body(
        self,
        model: str,
        request: ChatRequest,
        sampling: Mapping[str, Any],
        known: ServerCapabilities,
    ) -> Json:
        """A request's body."""
        system, turns = system_and_turns(request)
        body: Json = {
            "model": model,
            "max_tokens": request.max_tokens,
            "messages": [dict(turn) for turn in turns],
        }
        if system:
            body["system"] = system
        if self.thinking is not None:
            body |= self.nth_way(_ways(self.thinking), known)
        if not isinstance(self.thinking, int) and "temperature" in sampling:
            # With thinking the service takes no temperature of ours.
            body["temperature"] = sampling["temperature"]
        if request.schema is not None and known.structured == "json_schema":
            form = {"type": "json_schema", "schema": request.schema}
            body["output_config"] = {**body.get("output_config", {}), "format": form}
        return body

    def reply(
        self, text: str, body: Mapping[str, Any], scrub: Callable[[str], str], model: str
    ) -> Reply:
        """The texts of the message; its thinking apart.

        Raises:
            CallError: it holds none.
        """
        message = decoded(text)
        blocks, usage = tables(message.get("content")), table(message.get("usage"))
        finish = text_in(message.get("stop_reason"))
        counts = [number(usage.get(name)) for name in _PROMPT_TOKENS]
        prompt = None if counts[0] is None else sum(n or 0 for n in counts)
        wanted = table(body.get("output_config"))
        said = table(body.get("thinking")).get("type") or wanted.get("effort")
        texts = (b.get("text") for b in blocks if b.get("type") == "text")
        thoughts = (b.get("thinking") for b in blocks if b.get("type") == "thinking")
        return Reply(
            text=scrub("".join(map(text_in, texts))),
            finish=_FINISH.get(finish, finish),
            settings={
                "model": model,
                "answered_by": scrub(text_in(message.get("model"))),
                "temperature": body.get("temperature", "server default"),
                "structured": "json_schema" if "format" in wanted else "text",
                **({"thinking": said} if said else {}),
            },
            prompt_tokens=prompt,
            completion_tokens=number(usage.get("output_tokens")),
            thoughts=scrub("".join(map(text_in, thoughts))),
        )

    def failure(
        self, status: int, headers: Mapping[str, str], text: str, scrub: Callable[[str], str]
    ) -> CallError:
        """The failure a status stands for; what is refused is named by its own field."""
        failure = failure_of_status(status, headers, text, scrub)
        if status == 400 and "thinking.type." in failure.reason:
            # It names "output_config.effort" as what to say instead, so it is looked for first.
            return CallError("unsupported", failure.reason, parameter="thinking")
        if failure.kind == "bad-request" and "output_config" in failure.reason:
            return CallError("unsupported", failure.reason, parameter="response_format")
        return failure


def _ways(thinking: str | int) -> Sequence[Json]:
    """How a request says how much to think: the way most models take, then those of others."""
    if isinstance(thinking, int):
        budget: Json = {"type": "enabled", "budget_tokens": thinking}
        return {"thinking": budget}, {"thinking": {"type": "adaptive", "display": "summarized"}}
    off = {"thinking": {"type": "disabled"}}, {"thinking": {"type": "between_tools"}}
    return off if thinking == "off" else (*off, {"output_config": {"effort": "low"}})
