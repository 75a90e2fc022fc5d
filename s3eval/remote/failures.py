"""What can go wrong with one call, sorted by what to do about it."""

from __future__ import annotations

import email.utils
import json
import time
from collections.abc import Mapping
from typing import Any, Literal

__all__ = ["CallError", "FailureKind", "failure_of_status", "retry_after_seconds"]

FailureKind = Literal[
    "rate-limited",  # 429: wait as told, then again
    "server",  # 5xx, a body that is no JSON: again
    "timeout",  # no answer in time: again
    "connection",  # refused, reset, dropped half way: again
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
    ) -> None:
        super().__init__(reason)
        self.kind, self.reason = kind, reason
        self.retry_after, self.billed, self.parameter = retry_after, billed, parameter
        self.raw = raw

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
            return max(0.0, float(text) / scale)
        except ValueError:
            when = email.utils.parsedate_tz(text)
            if when is not None:
                return max(0.0, email.utils.mktime_tz(when) - time.time())
    return None


def failure_of_status(status: int, headers: Mapping[str, str], body: str) -> CallError:
    """The failure an HTTP status other than 2xx stands for.

    Args:
        status: e.g. 429.
        headers: lower-case names.
        body: the response's text; the error's message, code and parameter are looked up in it.
    """
    message, code, parameter = _error_fields(body)
    reason = f"HTTP {status}" + (f": {message}" if message else "")
    said = f"{message} {code}".lower()
    if status == 429 and "insufficient_quota" in said:
        return CallError("access", reason)
    if status in (408, 425, 429, 529):
        return CallError("rate-limited", reason, retry_after=retry_after_seconds(headers))
    if status in (500, 501) and "not support" in said:
        return CallError("bad-request", reason)  # llama.cpp: "image input is not supported"
    if status >= 500:
        return CallError("server", reason, retry_after=retry_after_seconds(headers))
    if status in (401, 402, 403, 404, 405) and not _is_moderation(said):
        return CallError("access", reason)
    if _is_moderation(said):
        return CallError("moderation", reason)
    named = _unsupported(parameter, said)
    if named:
        return CallError("unsupported", reason, parameter=named)
    return CallError("bad-request", reason)


def _is_moderation(said: str) -> bool:
    return any(word in said for word in _MODERATION)


def _unsupported(parameter: str, said: str) -> str:
    known = (
        "response_format",
        "max_completion_tokens",
        "max_tokens",
        "top_logprobs",
        "logprobs",
        "temperature",
        "seed",
    )
    if "max_completion_tokens" in said and "max_tokens" in said:
        return "max_tokens"  # "use max_completion_tokens instead of max_tokens"
    if "json_schema" in said or "guided" in said or "structured output" in said:
        return "response_format"
    for name in known:
        if name in (parameter.lower(), said) or name in said:
            return name
    root = parameter.lower().split(".")[0]
    return root if root in known else ""


def _error_fields(body: str) -> tuple[str, str, str]:
    try:
        found: Any = json.loads(body)
    except ValueError:
        return " ".join(body.split())[:200], "", ""
    error = found.get("error", found) if isinstance(found, dict) else found
    if isinstance(error, dict):
        message = str(error.get("message") or error.get("detail") or "")
        code = f"{error.get('code') or ''} {error.get('type') or ''}".strip()
        return " ".join(message.split())[:200], code, str(error.get("param") or "")
    return " ".join(str(error).split())[:200], "", ""
