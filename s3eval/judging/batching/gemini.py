"""Gemini's batches: requests within one body, results within the operation that is looked at.

https://ai.google.dev/gemini-api/docs/batch-api and https://ai.google.dev/api/batch-api.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from s3eval.judging.batching.format import BatchFormat, Ended, Outcome, SentBatch, name_in
from s3eval.remote.client import ChatRequest
from s3eval.remote.envelope import Json, table, tables, text_in
from s3eval.remote.exchange import body_bytes
from s3eval.remote.failures import one_line

__all__ = ["GeminiBatches"]

# google.rpc.Code as statuses of HTTP.
_STATUS = {3: 400, 4: 504, 5: 404, 7: 403, 8: 429, 9: 400, 11: 400, 12: 501, 14: 503, 16: 401}
_CANCELLED = 1


class GeminiBatches(BatchFormat):
    """``:batchGenerateContent`` with the requests inline."""

    name = "gemini"
    most_bytes = 16_000_000  # of 20 MB

    def submit(self, requests: Mapping[str, ChatRequest]) -> SentBatch:
        """Send the requests in one body; what the batch is called tells nothing."""
        model = self.client.endpoint.model
        name = f"models/{model.removeprefix('models/')}"
        items = [
            {
                "request": {"model": name, **self.client.body_of(request)},
                "metadata": {"key": key},
            }
            for key, request in requests.items()
        ]
        batch = {"displayName": "s3eval", "inputConfig": {"requests": {"requests": items}}}
        content = body_bytes({"batch": batch})
        created = self.exchanged("POST", f"/{name}:batchGenerateContent", content)
        operation = text_in(created.get("name")).removeprefix("batches/")
        return SentBatch(name_in(operation, "batch"), tuple(requests))

    def look(self, batch: SentBatch) -> Ended | None:
        """The operation; once it is done the results stand in it."""
        facts = self.exchanged("GET", f"/batches/{batch.id}", max_bytes=batch.max_bytes)
        # "BATCH_STATE_…" of the service, "JOB_STATE_…" of its libraries and guides.
        _, _, state = text_in(table(facts.get("metadata")).get("state")).rpartition("_STATE_")
        error = table(facts.get("error"))
        if state in ("EXPIRED", "CANCELLED"):
            return Ended(facts, is_expired=True)
        if state == "FAILED" or error:
            return Ended(
                facts, failure=one_line(text_in(error.get("message"))) or "no reason given"
            )
        return Ended(facts) if facts.get("done") is True or state == "SUCCEEDED" else None

    def outcomes(self, batch: SentBatch, ended: Ended) -> Iterator[Outcome]:
        """Each by the key sent with it; by its place, as documented, where none has a key."""
        items = _inlined(ended.facts)
        keys = [text_in(table(item.get("metadata")).get("key")) for item in items]
        if not any(keys) and len(items) == len(batch.keys):
            keys = list(batch.keys)
        for key, item in zip(keys, items, strict=True):
            error = table(item.get("error"))
            if error.get("code") == _CANCELLED:
                yield Outcome(key, is_expired=True)
            elif error:
                yield Outcome(key, _status_of(error.get("code")), json.dumps({"error": error}))
            elif item.get("response") is not None:
                yield Outcome(key, 200, json.dumps(item["response"]))

    def delete(self, batch: SentBatch, ended: Ended) -> None:
        """The batch with its results."""
        self.deleted(f"/batches/{batch.id}")


def _inlined(facts: Mapping[str, Any]) -> list[Json]:
    """The results: of the operation's response, or of the batch's own description."""
    response, output = (
        table(facts.get("response")),
        table(table(facts.get("metadata")).get("output")),
    )
    for holder in (response, table(response.get("output")), output):
        listed = holder.get("inlinedResponses")
        inner = listed.get("inlinedResponses") if isinstance(listed, dict) else listed
        if isinstance(inner, list):
            return tables(inner)
    return []


def _status_of(code: Any) -> int:
    if not isinstance(code, int) or isinstance(code, bool):
        return 500
    return code if 400 <= code < 600 else _STATUS.get(code, 500)
