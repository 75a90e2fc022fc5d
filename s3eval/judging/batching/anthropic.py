"""Anthropic's message batches: requests within one body, results from an address it names.

https://platform.claude.com/docs/en/api/creating-message-batches and
https://platform.claude.com/docs/en/build-with-claude/batch-processing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import SplitResult, urlsplit

from s3eval.judging.batching.format import (
    BatchFormat,
    Ended,
    Outcome,
    SentBatch,
    json_lines,
    name_in,
)
from s3eval.remote.client import ChatRequest
from s3eval.remote.envelope import table, text_in
from s3eval.remote.exchange import body_bytes
from s3eval.remote.failures import CallError, one_line

__all__ = ["AnthropicBatches"]

# The statuses that the kinds of errors have where a request is asked by itself.
_STATUS = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "timeout_error": 504,
    "overloaded_error": 529,
}
_PORTS = {"http": 80, "https": 443}


class AnthropicBatches(BatchFormat):
    """``/messages/batches``."""

    name = "anthropic"
    most_bytes = 200_000_000  # of 256 MB

    def submit(self, requests: Mapping[str, ChatRequest]) -> SentBatch:
        """Send the requests in one body."""
        items = [
            {"custom_id": key, "params": self.client.body_of(request)}
            for key, request in requests.items()
        ]
        created = self.exchanged("POST", "/messages/batches", body_bytes({"requests": items}))
        return SentBatch(name_in(created.get("id"), "batch"), tuple(requests))

    def look(self, batch: SentBatch) -> Ended | None:
        """Its processing status."""
        facts = self.exchanged("GET", f"/messages/batches/{batch.id}")
        if facts.get("processing_status") != "ended":
            return None
        # Results are kept for 29 days; afterwards there is no address.
        return Ended(facts, is_expired=not facts.get("results_url"))

    def outcomes(self, batch: SentBatch, ended: Ended) -> Iterator[Outcome]:
        """The lines at the address of the results, which must be the service's own."""
        address = ended.facts.get("results_url")
        if not address:
            return
        path = _path_below(self.client.endpoint.base_url, text_in(address))
        for line in json_lines(self.downloaded(path, batch.max_bytes)):
            key, result = text_in(line.get("custom_id")), table(line.get("result"))
            kind = result.get("type")
            if kind == "succeeded":
                yield Outcome(key, 200, json.dumps(result.get("message")))
            elif kind == "errored":
                yield _failed(key, result.get("error"))
            elif kind in ("expired", "canceled"):
                yield Outcome(key, is_expired=True)

    def delete(self, batch: SentBatch, ended: Ended) -> None:
        """The batch with its results."""
        self.deleted(f"/messages/batches/{batch.id}")


def _failed(key: str, error: Any) -> Outcome:
    """An error, which stands within another table or by itself."""
    inner = table(table(error).get("error")) or table(error)
    status = _STATUS.get(text_in(inner.get("type")), 500)
    return Outcome(key, status, json.dumps({"error": inner}))


def _path_below(base_url: str, address: str) -> str:
    """The path of an address below the service's own.

    Raises:
        CallError: it is another host's, or elsewhere on this one. The key is not taken there.

    >>> _path_below("https://api.example.org/v1", "https://api.example.org/v1/b/1/results")
    '/b/1/results'
    """
    try:
        own, named = urlsplit(base_url), urlsplit(address)
        is_same = _origin(own) == _origin(named)
    except ValueError:
        is_same, named = False, SplitResult("", "", "", "", "")
    below = named.path.removeprefix(own.path) if named.path.startswith(own.path + "/") else ""
    plain = below.replace("/", "").replace("_", "").replace("-", "").isalnum()
    if not is_same or not plain or named.query or named.username is not None:
        host = one_line(named.netloc, 80) or "no address"
        raise CallError(
            "access",
            f"the results of the batch lie at {host}, not below {own.netloc}{own.path}: not asked "
            "for (batch=false asks without batches)",
        )
    return below


def _origin(parts: SplitResult) -> tuple[str, str, int | None]:
    return parts.scheme, parts.hostname or "", parts.port or _PORTS.get(parts.scheme)
