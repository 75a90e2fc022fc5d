"""OpenAI's batches, which other services take as well: a file of requests, a file of results.

https://platform.openai.com/docs/api-reference/batch.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from s3eval.judging.batching.format import (
    BatchFormat,
    Ended,
    Outcome,
    SentBatch,
    json_lines,
    name_in,
)
from s3eval.remote.client import ChatRequest
from s3eval.remote.envelope import Json, number, table, tables, text_in
from s3eval.remote.failures import CallError
from s3eval.remote.multipart import multipart

__all__ = ["OpenAIBatches"]

_ENDED = ("completed", "failed", "expired", "cancelled")


class OpenAIBatches(BatchFormat):
    """``/files`` and ``/batches``."""

    name = "openai"
    most_bytes = 200_000_000

    def submit(self, requests: Mapping[str, ChatRequest]) -> SentBatch:
        """Send the file, then name it."""
        path = self.client.dialect.path(self.client.endpoint.model)
        lines = (
            {
                "custom_id": key,
                "method": "POST",
                "url": f"/v1{path}",
                "body": self.client.body_of(request),
            }
            for key, request in requests.items()
        )
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        shown = 'form-data; name="file"; filename="batch.jsonl"'
        kind, form = multipart(
            [
                ({"Content-Disposition": 'form-data; name="purpose"'}, b"batch"),
                (
                    {"Content-Disposition": shown, "Content-Type": "application/jsonl"},
                    text.encode(errors="replace"),
                ),
            ]
        )
        uploaded = self.exchanged("POST", "/files", form, {"Content-Type": kind})
        file = name_in(uploaded.get("id"), "file of a batch")
        facts = {
            "input_file_id": file,
            "endpoint": f"/v1{path}",
            "completion_window": "24h",
        }
        try:
            created = self.exchanged("POST", "/batches", json.dumps(facts).encode())
            return SentBatch(name_in(created.get("id"), "batch"), tuple(requests), file)
        except CallError:
            self.deleted(f"/files/{file}")
            raise

    def look(self, batch: SentBatch) -> Ended | None:
        """Its status."""
        facts = self.exchanged("GET", f"/batches/{batch.id}")
        status = facts.get("status")
        if status not in _ENDED:
            return None
        if status == "failed" and not facts.get("output_file_id"):
            return Ended(facts, failure=_first_error(facts))
        return Ended(facts, is_expired=status in ("expired", "cancelled"))

    def outcomes(self, batch: SentBatch, ended: Ended) -> Iterator[Outcome]:
        """The lines of both files."""
        for file in _files(ended):
            for line in json_lines(self.downloaded(f"/files/{file}/content", batch.max_bytes)):
                key, response = text_in(line.get("custom_id")), table(line.get("response"))
                code = table(line.get("error")).get("code")
                if code in ("batch_expired", "batch_cancelled"):
                    yield Outcome(key, is_expired=True)
                    continue
                status = number(response.get("status_code")) or 500
                yield Outcome(key, status, json.dumps(response.get("body")))

    def delete(self, batch: SentBatch, ended: Ended) -> None:
        """Its files."""
        for file in (batch.file, *_files(ended)):
            self.deleted(f"/files/{file}")


def _files(ended: Ended) -> list[str]:
    names = (ended.facts.get(name) for name in ("output_file_id", "error_file_id"))
    return [name_in(name, "results") for name in names if name]


def _first_error(facts: Json) -> str:
    first = next(iter(tables(table(facts.get("errors")).get("data"))), {})
    return text_in(first.get("message"))[:200] or "no reason given"
