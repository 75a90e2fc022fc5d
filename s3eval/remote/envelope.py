"""Reading the JSON of a service's response, of which only the envelope is trusted."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from s3eval.remote.exchange import MOST_TOKENS, ChatRequest
from s3eval.remote.failures import CallError

__all__ = ["Json", "decoded", "number", "system_and_turns", "table", "tables", "text_in"]

Json = dict[str, Any]


def system_and_turns(request: ChatRequest) -> tuple[str, Sequence[Mapping[str, Any]]]:
    """The system's instruction, "" for none, and the other messages.

    >>> system_and_turns(ChatRequest(({"role": "user", "content": "hi"},), 16))
    ('', [{'role': 'user', 'content': 'hi'}])
    """
    system = [m["content"] for m in request.messages if m["role"] == "system"]
    turns = [m for m in request.messages if m["role"] != "system"]
    return next(iter(system), ""), turns


def decoded(text: str, billed: bool = True) -> Json:
    """A response's JSON object.

    Args:
        billed: whether the service may have charged for the response.

    Raises:
        CallError: it is none.

    >>> decoded('{"id": "b"}')
    {'id': 'b'}
    """
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        raise CallError("server", "the response is no JSON", billed=billed) from None
    if not isinstance(body, dict):
        raise CallError("server", "the response is no JSON object", billed=billed)
    return body


def table(value: Any) -> Json:
    """The value where it is a table, else an empty one: only the envelope is trusted.

    >>> table([1])
    {}
    """
    return value if isinstance(value, dict) else {}


def tables(value: Any) -> list[Json]:
    """The tables of a list, [] where it is none."""
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []


def text_in(value: Any) -> str:
    """The value where it is a text, else ""; half characters are replaced."""
    if not isinstance(value, str):
        return ""
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def number(value: Any) -> int | None:
    """A count of tokens; None for what is none (the call is then charged at its bound)."""
    is_count = isinstance(value, int) and not isinstance(value, bool)
    return int(value) if is_count and 0 <= value <= MOST_TOKENS else None
