"""Google's generateContent as a dialect.

https://ai.google.dev/api/generate-content.
"""

from __future__ import annotations

import json
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

__all__ = ["GeminiDialect"]

_FILTERED = ("SAFETY", "PROHIBITED_CONTENT", "BLOCKLIST", "SPII", "RECITATION", "IMAGE_SAFETY")
# How the service names the wanted form of a reply, in either spelling.
_STRUCTURE = ("responsejsonschema", "responseschema", "responsemimetype")


class GeminiDialect(Dialect):
    """generateContent of the Gemini API (v1beta).

    Models from Gemini 3 on are told levels of thought instead of tokens, and not each takes each
    level (https://ai.google.dev/gemini-api/docs/generate-content/thinking).
    """

    def headers(self, key: str) -> Mapping[str, str]:
        """The header that carries the key.

        >>> GeminiDialect().headers("k")
        {'x-goog-api-key': 'k'}
        """
        return {"x-goog-api-key": key}

    def path(self, model: str) -> str:
        """Where a request goes."""
        return f"/models/{model.removeprefix('models/')}:generateContent"

    def body(
        self,
        model: str,
        request: ChatRequest,
        sampling: Mapping[str, Any],
        known: ServerCapabilities,
    ) -> Json:
        """A request's body."""
        config: Json = {**sampling, "maxOutputTokens": request.max_tokens}
        if request.top_logprobs and "logprobs" not in known.without:
            config |= {"responseLogprobs": True, "logprobs": request.top_logprobs}
        if self.thinking is not None:
            config["thinkingConfig"] = dict(self.nth_way(_ways(self.thinking), known))
        if request.schema is not None and known.structured != "none":
            config["responseMimeType"] = "application/json"
            if known.structured == "json_schema":
                config["responseJsonSchema"] = request.schema
        system, turns = system_and_turns(request)
        body: Json = {"contents": [_turn(t) for t in turns], "generationConfig": config}
        if system:
            body["systemInstruction"] = {"parts": [{"text": system}]}
        return body

    def reply(
        self, text: str, body: Mapping[str, Any], scrub: Callable[[str], str], model: str
    ) -> Reply:
        """The first candidate's text; parts marked as thoughts apart.

        Raises:
            CallError: the prompt or the reply was blocked, or there is none.
        """
        response = decoded(text)
        blocked = text_in(table(response.get("promptFeedback")).get("blockReason"))
        if blocked:
            raise CallError("moderation", f"the service blocked the prompt ({scrub(blocked)[:60]})")
        candidate = next(iter(tables(response.get("candidates"))), {})
        finish = text_in(candidate.get("finishReason"))
        parts = tables(table(candidate.get("content")).get("parts"))
        usage = table(response.get("usageMetadata"))
        written = number(usage.get("candidatesTokenCount"))
        thought = number(usage.get("thoughtsTokenCount")) or 0
        return Reply(
            text=scrub("".join(text_in(p.get("text")) for p in parts if not p.get("thought"))),
            finish="content_filter" if finish in _FILTERED else _FINISH.get(finish, finish.lower()),
            settings=_settings(response, table(body.get("generationConfig")), scrub, model),
            prompt_tokens=number(usage.get("promptTokenCount")),
            completion_tokens=None if written is None else written + thought,
            logprobs=_logprobs(candidate),
            thoughts=scrub("".join(text_in(p.get("text")) for p in parts if p.get("thought"))),
        )

    def failure(
        self, status: int, headers: Mapping[str, str], text: str, scrub: Callable[[str], str]
    ) -> CallError:
        """A wrong key is HTTP 400 here, and the wait asked for stands in the body."""
        if status == 400 and ("API_KEY_INVALID" in text or "API key not valid" in text):
            return CallError("access", "HTTP 400: the key is not valid")
        if status == 429 and (seconds := _retry_delay(text)) is not None:
            headers = {"retry-after": str(seconds), **headers}
        failure = failure_of_status(status, headers, text, scrub)
        if status == 400 and _is_about_thinking(failure.reason):
            return CallError("unsupported", failure.reason, parameter="thinking")
        named = failure.reason.lower().replace("_", "")
        if failure.kind == "bad-request" and any(word in named for word in _STRUCTURE):
            return CallError("unsupported", failure.reason, parameter="response_format")
        return failure


def _ways(thinking: str | int) -> Sequence[Json]:
    """How a request says how much to think: the way of the older models, then the others'."""
    if isinstance(thinking, int):
        return {"thinkingBudget": thinking, "includeThoughts": True}, {"includeThoughts": True}
    off: Json = {"thinkingBudget": 0, "includeThoughts": False}
    if thinking == "off":
        return (off,)
    return off, {"thinkingLevel": "minimal"}, {"thinkingLevel": "low"}


def _is_about_thinking(reason: str) -> bool:
    """Whether a model refuses a way of saying how much to think, rather than a number of tokens.

    >>> _is_about_thinking("Budget 0 is invalid. This model only works in thinking mode.")
    True
    >>> _is_about_thinking("The thinking budget 9 is invalid. Please choose a value between 1 ...")
    False
    """
    words = reason.lower().replace("_", " ")
    return "thinking" in words and "choose a value between" not in words


# A reply that was cut off is "length" for all dialects.
_FINISH = {"MAX_TOKENS": "length"}


def _turn(message: Mapping[str, Any]) -> Json:
    content = message["content"]
    parts = [{"text": content}] if isinstance(content, str) else list(content)
    return {"role": "model" if message["role"] == "assistant" else "user", "parts": parts}


def _settings(
    response: Json, config: Json, scrub: Callable[[str], str], model: str
) -> dict[str, Any]:
    mode = "json_object" if "responseMimeType" in config else "text"
    thinking = table(config.get("thinkingConfig"))
    said = thinking.get("thinkingLevel", thinking.get("thinkingBudget"))
    return {
        "model": model,
        "answered_by": scrub(text_in(response.get("modelVersion"))),
        "temperature": config.get("temperature", "server default"),
        "seed": config.get("seed", "server default"),
        "structured": "json_schema" if "responseJsonSchema" in config else mode,
        **({} if said is None else {"thinking": said}),
    }


def _logprobs(candidate: Mapping[str, Any]) -> tuple[Json, ...]:
    """The alternatives of each token as `choice_probabilities` takes them."""
    result = table(candidate.get("logprobsResult"))
    chosen = tables(result.get("chosenCandidates"))
    listed = tables(result.get("topCandidates"))
    return tuple(
        {
            "token": token.get("token"),
            "logprob": token.get("logProbability"),
            "top_logprobs": [
                {"token": one.get("token"), "logprob": one.get("logProbability")}
                for one in tables(others.get("candidates"))
            ],
        }
        for token, others in zip(chosen, listed, strict=False)
    )


def _retry_delay(text: str) -> float | None:
    """Seconds to wait, where the error's details say so ("7s")."""
    try:
        details = tables(table(table(json.loads(text)).get("error")).get("details"))
    except (ValueError, RecursionError):
        return None
    for detail in details:
        delay = text_in(detail.get("retryDelay")).removesuffix("s")
        try:
            return max(0.0, float(delay))
        except ValueError:
            continue
    return None
