"""What goes to a server and what comes back, apart from the way it goes."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from s3eval.remote.failures import CallError, failure_of_status

__all__ = [
    "MOST_TOKENS", "ChatRequest", "JsonParts", "Reply", "body_bytes", "checked",
    "listed_models", "reply_of",
]  # fmt: skip


@dataclass(frozen=True)
class JsonParts:
    """Parts of a message's content, written as JSON once for all requests that have them.

    Stands in a list of parts for all of them. A clip of some megabytes is asked about twenty
    times; writing it out anew for each would take longer than sending it.

    Attributes:
        data: the parts' JSON with commas between, without the brackets around.
        text: the texts among them.

    >>> parts = JsonParts.of([{"type": "text", "text": "a clip"}])
    >>> body_bytes({"content": [parts, {"type": "text", "text": "why?"}]})
    b'{"content": [{"type": "text", "text": "a clip"}, {"type": "text", "text": "why?"}]}'
    """

    data: bytes
    text: str = ""

    @classmethod
    def of(cls, parts: Sequence[Mapping[str, Any]]) -> JsonParts:
        """Write parts out; at least one."""
        texts = (str(p.get("text", "")) for p in parts)
        return cls(_written(list(parts))[1:-1], "".join(texts))


def body_bytes(body: Mapping[str, Any]) -> bytes:
    """A request's body as JSON in UTF-8.

    Raises:
        ValueError: a number in it is not finite.
    """
    # A name that nobody could have put into a text.
    mark, held = uuid.uuid4().hex, list[bytes]()

    def hold(value: Any) -> str:
        if not isinstance(value, JsonParts):
            raise TypeError(f"{type(value).__name__} is no JSON")
        held.append(value.data)
        return f"{mark}{len(held) - 1}"

    written = _written(body, hold)
    for number, data in enumerate(held):
        written = written.replace(f'"{mark}{number}"'.encode(), data, 1)
    return written


def _written(value: Any, default: Callable[[Any], Any] | None = None) -> bytes:
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, default=default)
    return text.encode(errors="replace")


@dataclass(frozen=True)
class ChatRequest:
    """One chat completion.

    Attributes:
        messages: as the API takes them; a list of parts may hold `JsonParts`.
        max_tokens: longest reply.
        schema: JSON schema of the wanted reply, None for free text.
        schema_name: names the schema for the server.
        top_logprobs: alternatives wanted for the first tokens, 0 for none.
        media_tokens: upper bound of the tokens that media parts take, for the budget.
        seed: added to the client's own.
    """

    messages: tuple[Mapping[str, Any], ...]
    max_tokens: int
    schema: Mapping[str, Any] | None = None
    schema_name: str = "reply"
    top_logprobs: int = 0
    media_tokens: int = 0
    seed: int = 0


@dataclass(frozen=True)
class Reply:
    """A server's answer.

    Attributes:
        text: the message, unchanged.
        finish: "stop", "length", ...
        settings: what was really asked for and who answered: model, temperature, seed, mode...
        prompt_tokens, completion_tokens: as the server counts them, None when it does not.
        logprobs: per generated token ``{"token", "logprob", "top_logprobs"}``, may be empty.
        thoughts: what the server gives apart as the model's reasoning, "" for none.
    """

    text: str
    finish: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    logprobs: tuple[Mapping[str, Any], ...] = ()
    thoughts: str = ""


def checked(reply: Reply, request: ChatRequest) -> Reply:
    """The reply, where it is an answer.

    Raises:
        CallError: it was filtered or refused, or holds no words.

    >>> checked(Reply("yes", "stop"), ChatRequest((), 16)).text
    'yes'
    """
    if reply.finish == "content_filter":
        raise CallError("moderation", "the server filtered the reply", raw=reply.text)
    if reply.finish == "refusal":
        raise CallError("refusal", "the model refused", raw=reply.text)
    if reply.text.strip():
        return reply
    only = "of thoughts alone" if reply.thoughts.strip() else "without words"
    reason = f"a reply {only} (finish: {reply.finish or 'none'})"
    if reply.finish == "length":
        # Thoughts count as tokens of the reply, and some services do not show them.
        reason += f", cut off at {request.max_tokens} tokens: a model that thinks needs more room"
    raise CallError("empty", reason, is_cut=reply.finish == "length")


#: That a server may count for one request; more is no count.
MOST_TOKENS = 10**12
# What servers call a message's reasoning: vLLM and DeepSeek, OpenRouter and newer vLLM, Mistral.
_REASONING = ("reasoning_content", "reasoning", "thinking")


def reply_of(text: str, body: Mapping[str, Any], scrub: Callable[[str], str] = str) -> Reply:
    """The reply in a response's JSON.

    Args:
        text: the response's body.
        body: the request's, for the settings.
        scrub: takes the key out of every decoded text.

    Raises:
        CallError: no JSON object, or an error inside it.

    >>> reply_of('{"choices": [{"message": {"content": "hi"}}]}', {"model": "m"}).text
    'hi'
    """
    try:
        decoded = _scrubbed(json.loads(text), scrub)
    except (ValueError, RecursionError):
        raise CallError("server", "the response is no JSON", billed=True) from None
    if not isinstance(decoded, dict):
        raise CallError("server", "the response is no JSON object", billed=True)
    if decoded.get("error"):
        # Some gateways answer 200 with an error inside.
        raise failure_of_status(400, {}, text, scrub)
    # Only the envelope is trusted; a gateway may put anything where a dictionary belongs.
    usage = _dict(decoded.get("usage"))
    choices = decoded.get("choices")
    choice = _dict(choices[0] if isinstance(choices, list) and choices else None)
    message = _dict(choice.get("message"))
    refusal = message.get("refusal")
    refused = refusal if isinstance(refusal, str) and refusal.strip() else ""
    logprobs = _dict(choice.get("logprobs")).get("content")
    return Reply(
        text=refused or _text_of(message.get("content")),
        finish="refusal" if refused else str(choice.get("finish_reason") or ""),
        settings=_settings(decoded, body),
        prompt_tokens=_number(usage.get("prompt_tokens")),
        completion_tokens=_number(usage.get("completion_tokens")),
        logprobs=tuple(t for t in logprobs if isinstance(t, dict))
        if isinstance(logprobs, list)
        else (),
        thoughts=_thoughts_of(message),
    )


def listed_models(text: str, scrub: Callable[[str], str] = str) -> list[str]:
    """The model ids in the JSON of ``GET /models``; empty where it is no such list.

    >>> listed_models('{"data": [{"id": "a"}, {"id": 7}, {}]}')
    ['a']
    """
    try:
        decoded = json.loads(text)
    except (ValueError, RecursionError):
        return []
    listed = decoded.get("data") if isinstance(decoded, dict) else None
    ids = [_dict(m).get("id") for m in listed] if isinstance(listed, list) else []
    return [scrub(i) for i in ids if isinstance(i, str) and i.isprintable() and len(i) <= 300]


def _scrubbed(value: Any, scrub: Callable[[str], str]) -> Any:
    """Decoded JSON with every text scrubbed and half characters (lone surrogates) replaced."""
    if isinstance(value, str):
        whole = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return scrub(whole)
    if isinstance(value, list):
        return [_scrubbed(v, scrub) for v in value]
    if isinstance(value, dict):
        return {k: _scrubbed(v, scrub) for k, v in value.items()}
    return value


def _settings(decoded: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    mode = (body.get("response_format") or {}).get("type", "text")
    return {
        "model": body["model"],
        "answered_by": str(decoded.get("model") or ""),
        "fingerprint": str(decoded.get("system_fingerprint") or ""),
        # "server default" says that the server refused the parameter.
        "temperature": body.get("temperature", "server default"),
        "seed": body.get("seed", "server default"),
        "structured": mode,
    }


def _thoughts_of(message: Mapping[str, Any]) -> str:
    """The reasoning that a server gives apart from the message's text.

    >>> _thoughts_of({"reasoning_content": "the arm ...", "content": "yes"})
    'the arm ...'
    >>> _thoughts_of({"content": [{"type": "thinking", "thinking": "hm"}]})
    'hm'
    """
    thoughts = [_text_of(message.get(name)) for name in _REASONING]
    content = message.get("content")
    for part in content if isinstance(content, list) else []:
        if _dict(part).get("type") in ("thinking", "reasoning"):
            thoughts += [_text_of(part.get(name)) for name in (*_REASONING, "text")]
    return next((text for text in thoughts if text), "")


def _text_of(content: Any) -> str:
    if isinstance(content, list):
        thought = ("thinking", "reasoning")
        parts = [p for p in content if isinstance(p, dict) and p.get("type") not in thought]
        texts = [p.get("text") for p in parts]
        return "".join(t for t in texts if isinstance(t, str))
    return content if isinstance(content, str) else ""


def _dict(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _number(value: Any) -> int | None:
    """A count of tokens; None for what is none (the call is then charged at its bound)."""
    counts = isinstance(value, (int, float)) and not isinstance(value, bool)
    # Not NaN either, and no whole number that no float holds.
    return int(value) if counts and 0 <= value <= MOST_TOKENS else None
