"""Many texts as one batch of the service: answered within a day, at about half the price.

A batch is sent once and waited for. Which batches are under way is kept beside the readings, so
that the same command, started again after an interruption, waits for them instead of paying twice.
The format is OpenAI's (``/files``, ``/batches``), which other services take as well.
"""

from __future__ import annotations

import contextlib
import json
import threading
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from s3eval.remote.budget import Hold
from s3eval.remote.cache import ReplyCache, content_key
from s3eval.remote.client import ChatClient, ChatRequest, Notify, Reply
from s3eval.remote.failures import CallError

__all__ = ["BATCH_PRICE", "Batches"]

#: What a request of a batch costs of what it costs alone, as the services state it.
BATCH_PRICE = 0.5
_ENDED = ("completed", "failed", "expired", "cancelled")
_OUTPUT_BYTES = 2**28
_REPLY_BYTES = 2**20
#: Requests of one batch, as the services limit them.
_MOST = 50_000


class Batches:
    """Sends requests as batches of one endpoint.

    Args:
        client: the client; its budget is held for a whole batch before it is sent.
        cache: where batches under way are remembered.
        poll: seconds between looks whether a batch has ended.
        notify: told what is waited for.
    """

    def __init__(
        self, client: ChatClient, cache: ReplyCache, poll: float, notify: Notify | None = None
    ) -> None:
        self._client, self._cache, self._poll = client, cache, poll
        self.notify = notify
        endpoint = client.endpoint
        self._key = content_key({"batches of": endpoint.base_url, "model": endpoint.model})
        self._holds: dict[str, Hold] = {}
        self._stopped = threading.Event()

    def under_way(self) -> set[str]:
        """The keys of requests that were sent and not answered yet."""
        return {key for batch in self._known() for key in batch["keys"]}

    def run(self, requests: Mapping[str, ChatRequest]) -> Iterator[tuple[str, Reply | CallError]]:
        """Send what is not under way yet, and wait; each reply or failure by its key.

        What a batch leaves open (it expired, a line is missing) is not among them.

        Args:
            requests: by a key that tells nothing of their text.

        Raises:
            BudgetSpent: the batch does not fit; nothing was sent.
            CallError: the service takes no batches, or this one failed.
        """
        sent = self.under_way()
        new = {key: request for key, request in requests.items() if key not in sent}
        for start in range(0, len(new), _MOST):
            self._send(dict(list(new.items())[start : start + _MOST]))
        for batch in self._known():
            if set(batch["keys"]) & requests.keys():
                yield from self._ended(batch, requests)

    def stop(self) -> None:
        """Wait no longer; what is under way stays so."""
        self._stopped.set()

    def _known(self) -> list[dict[str, Any]]:
        value = self._cache.get(self._key)
        return list(value["batches"]) if value else []

    def _remember(self, batches: Sequence[Mapping[str, Any]]) -> None:
        self._cache.put(self._key, {"state": "batches", "batches": [dict(b) for b in batches]})

    def _send(self, new: Mapping[str, ChatRequest]) -> None:
        bounds = [BATCH_PRICE * self._client.bound(request) for request in new.values()]
        held = self._client.budget.hold_all(bounds)
        holds: dict[str, Hold] = dict(zip(new, held, strict=True))
        try:
            batch = self._created(new)
        except BaseException:
            for hold in holds.values():
                hold.settle(0.0, calls=0)
            raise
        self._remember([*self._known(), batch])
        self._holds |= holds
        if self.notify is not None:
            self.notify(
                f"{self._client.endpoint.name}: a batch of {len(new)} texts was sent; the same "
                "command waits for it again after an interruption"
            )

    def _created(self, new: Mapping[str, ChatRequest]) -> dict[str, Any]:
        path = self._client.dialect.path(self._client.endpoint.model)
        lines = [
            {
                "custom_id": key,
                "method": "POST",
                "url": f"/v1{path}",
                "body": self._client.body_of(request),
            }
            for key, request in new.items()
        ]
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        kind, form = _form(text.encode(errors="replace"))
        uploaded = self._json("POST", "/files", form, {"Content-Type": kind})
        file = str(uploaded.get("id") or "")
        facts = {
            "input_file_id": file,
            "endpoint": f"/v1{path}",
            "completion_window": "24h",
        }
        created = self._json("POST", "/batches", json.dumps(facts).encode())
        name = str(created.get("id") or "")
        if not file or not name:
            raise CallError("server", "the service gave no id for the batch")
        return {"id": name, "file": file, "keys": list(new)}

    def _ended(
        self, batch: Mapping[str, Any], requests: Mapping[str, ChatRequest]
    ) -> Iterator[tuple[str, Reply | CallError]]:
        """Wait for a batch; what it brought. It is forgotten once all of that was handed out."""
        found = self._waited(batch)
        status = found.get("status")
        output = found.get("output_file_id")
        if status == "failed" and not output:
            self._forget(batch)
            raise CallError("bad-request", f"the batch failed: {_first_error(found)}")
        for name in (output, found.get("error_file_id")):
            if isinstance(name, str) and name:
                text = self._client.text_of(
                    "GET", f"/files/{name}/content", max_bytes=_OUTPUT_BYTES
                )
                for line in text.splitlines():
                    yield from self._line(line, requests)
        self._forget(batch)
        for name in (batch.get("file"), output, found.get("error_file_id")):
            if isinstance(name, str) and name:
                with contextlib.suppress(CallError):
                    self._client.text_of("DELETE", f"/files/{name}", max_bytes=_REPLY_BYTES)

    def _waited(self, batch: Mapping[str, Any]) -> dict[str, Any]:
        while True:
            found = self._json("GET", f"/batches/{batch['id']}")
            if found.get("status") in _ENDED:
                return found
            if self._stopped.wait(self._poll):
                raise CallError("down", "stopped while a batch was under way")

    def _line(
        self, line: str, requests: Mapping[str, ChatRequest]
    ) -> Iterator[tuple[str, Reply | CallError]]:
        """The reply in one line of the output; lines that are none, or not ours, are left out."""
        try:
            found = json.loads(line)
            key, response = found["custom_id"], found.get("response") or {}
            status, body = response.get("status_code"), response.get("body")
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return
        if key not in requests:
            return
        request, hold = requests[key], self._holds.pop(key, None)
        try:
            if status != 200:
                raise self._client.failure_of(int(status or 500), json.dumps(body))
            reply, cost = self._client.reply_in(json.dumps(body), request, BATCH_PRICE)
        except CallError as error:
            if hold is not None:
                hold.settle(hold.bound if error.billed else 0.0)
            yield key, error
            return
        if hold is not None:
            hold.settle(cost)
        yield key, reply

    def _forget(self, batch: Mapping[str, Any]) -> None:
        self._remember([b for b in self._known() if b["id"] != batch["id"]])
        for key in batch["keys"]:
            hold = self._holds.pop(key, None)
            if hold is not None:
                hold.settle(0.0, calls=0)

    def _json(
        self,
        method: str,
        path: str,
        content: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        text = self._client.text_of(method, path, content, max_bytes=_REPLY_BYTES, headers=headers)
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise CallError("server", "the response is no JSON object")
        return found


def _first_error(found: Mapping[str, Any]) -> str:
    errors = found.get("errors")
    data = errors.get("data") if isinstance(errors, dict) else None
    first = data[0] if isinstance(data, list) and data and isinstance(data[0], dict) else {}
    return str(first.get("message") or "no reason given")[:200]


def _form(lines: bytes) -> tuple[str, bytes]:
    """The content type and the body of a form that holds a file of requests."""
    boundary = uuid.uuid4().hex
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbatch\r\n'
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="batch.jsonl"\r\n'
        "Content-Type: application/jsonl\r\n\r\n"
    )
    body = head.encode() + lines + f"\r\n--{boundary}--\r\n".encode()
    return f"multipart/form-data; boundary={boundary}", body
