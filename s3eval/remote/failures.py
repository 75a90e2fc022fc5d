"""What can go wrong with one call, sorted by what to do about it."""

from __future__ import annotations

import email.utils
import json
import math
import time
from collections.abc import Callable, Mapping
from typing import Any, Literal

__all__ = [
    "CallError",
    "FailureKind",
    "error_parameter",
    "failure_of_status",
    "one_line",
    "retry_after_seconds",
]

FailureKind = Literal[
    "rate-limited",  # 429: wait as told, then again
    "server",  # 5xx, a body that is no JSON: again
    "timeout",  # no answer in time: again
    "connection",  # refused, reset, dropped half way: again
    "oversized",  # more bytes than any answer takes: this item stays unread
    "moderation",  # the server will not touch this text: this item stays unread
    "refusal",  # the model declined: this item stays unread
    "empty",  # no choice, or a choice without words
    "bad-request",  # 400, 413, 422: this item cannot be asked so
    "unsupported",  # a parameter the server does not know: ask without it
    "access",  # 401, 402, 403, 404, no quota: nothing can be asked
    "down",  # given up after many failures in a row
]
TRANSIENT: frozenset[str] = frozenset({"rate-limited", "server", "timeout", "connection"})
STOPS_ALL: frozenset[str] = frozenset({"access", "down"})
_MODERATION = (
    "content_filter",
    "content_policy",
    "content policy",
    "data_inspection_failed",
    "inappropriate content",
    "moderation",
    "content management policy",
    "high risk",
)


class CallError(Exception):
    """A call that brought no usable reply.

    Attributes:
        kind: see `FailureKind`.
        reason: one line, without keys.
        retry_after: seconds the server asked to wait, None when it did not.
        billed: True when the server may have charged for it although no reply came.
        parameter: the request parameter an "unsupported" failure is about.
        raw: what the model said, where it said something.
        is_cut: the reply was cut off at its longest length.
    """

    def __init__(
        self,
        kind: FailureKind,
        reason: str,
        *,
        retry_after: float | None = None,
        billed: bool = False,
        parameter: str = "",
        raw: str = "",
        is_cut: bool = False,
    ) -> None:
        super().__init__(reason)
        self.kind, self.reason = kind, reason
        self.retry_after, self.billed, self.parameter = retry_after, billed, parameter
        self.raw, self.is_cut = raw, is_cut

    @property
    def transient(self) -> bool:
        """Whether the same request may succeed later."""
        return self.kind in TRANSIENT

    @property
    def stops_all(self) -> bool:
        """Whether no other request to this server can succeed either."""
        return self.kind in STOPS_ALL

    def __str__(self) -> str:
        return f"{self.kind}: {self.reason}"


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """The wait a server asks for, in seconds: ``Retry-After`` as seconds or as a date.

    >>> retry_after_seconds({"retry-after": "7"})
    7.0
    >>> retry_after_seconds({"retry-after-ms": "250"})
    0.25
    """
    for name, scale in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        text = headers.get(name)
        if text is None:
            continue
        try:
            seconds = float(text) / scale
            return None if math.isnan(seconds) else max(0.0, seconds)
        except ValueError:
            return _seconds_until(text)
    return None


def _seconds_until(date: str) -> float | None:
    try:
        when = email.utils.parsedate_tz(date)
        return None if when is None else max(0.0, email.utils.mktime_tz(when) - time.time())
    except (ValueError, OverflowError):
        return None


def one_line(text: str, limit: int = 200) -> str:
    """A server's words as one line that a terminal shows as they are.

    >>> one_line("no such \\x1b[31mmodel\\n")
    'no such [31mmodel'
    """
    return " ".join("".join(c for c in text if c.isprintable() or c.isspace()).split())[:limit]


def failure_of_status(
    status: int,
    headers: Mapping[str, str],
    body: str,
    scrub: Callable[[str], str] = str,
) -> CallError:
    """The failure an HTTP status other than 2xx stands for.

    Args:
        status: e.g. 429.
        headers: lower-case names.
        body: the response's text; the error's message, code and parameter are looked up in it.
        scrub: takes the key out of what is decoded.
    """
    message, code, parameter = (scrub(part) for part in _error_fields(body))
    message = one_line(message)
    reason = f"HTTP {status}" + (f": {message}" if message else "")
    description = f"{message} {code}".lower()
    if status == 429 and "insufficient_quota" in description:
        return CallError("access", reason)
    if status == 400 and _stops_all(parameter, description):
        return CallError("access", reason)
    if status in (408, 425, 429, 529):
        return CallError("rate-limited", reason, retry_after=retry_after_seconds(headers))
    if status in (500, 501) and "not support" in description:
        return CallError("bad-request", reason)  # llama.cpp: "image input is not supported"
    if status >= 500:
        return CallError("server", reason, retry_after=retry_after_seconds(headers))
    if status in (401, 402, 403, 404, 405) and not _is_moderation(description):
        return CallError("access", reason)
    if _is_moderation(description):
        return CallError("moderation", reason)
    named = _unsupported(parameter, description)
    if named:
        return CallError("unsupported", reason, parameter=named)
    return CallError("bad-request", reason)


def _stops_all(parameter: str, description: str) -> bool:
    """Whether a 400 is about the account or the model, so that no other request can succeed."""
    words = ("model_not_found", "model not exist", "credit balance is too low",
             "location is not supported")  # fmt: skip
    return parameter == "model" or any(word in description for word in words)


def error_parameter(body: str) -> str:
    """The parameter that an error's body names, "" for none.

    >>> error_parameter('{"error": {"message": "no", "param": "reasoning.effort"}}')
    'reasoning.effort'
    """
    return _error_fields(body)[2]


def _is_moderation(description: str) -> bool:
    return any(word in description for word in _MODERATION)


def _unsupported(parameter: str, description: str) -> str:
    known = (
        "response_format",
        "max_completion_tokens",
        "max_tokens",
        "top_logprobs",
        "logprobs",
        "temperature",
        "seed",
    )
    if "max_completion_tokens" in description and "max_tokens" in description:
        return "max_tokens"  # "use max_completion_tokens instead of max_tokens"
    if (
        "json_schema" in description
        or "guided" in description
        or "structured output" in description
    ):
        return "response_format"
    for name in known:
        if name in (parameter.lower(), description) or name in description:
            return name
    root = parameter.lower().split(".")[0]
    return root if root in known else ""


def _error_fields(body: str) -> tuple[str, str, str]:
    try:
        decoded: Any = json.loads(body)
    except (ValueError, RecursionError):
        return body, "", ""
    error = decoded.get("error", decoded) if isinstance(decoded, dict) else decoded
    if isinstance(error, dict):
        message = str(error.get("message") or error.get("detail") or "")
        code = f"{error.get('code') or ''} {error.get('type') or ''}".strip()
        return message, code, str(error.get("param") or "")
    return str(error), "", ""
