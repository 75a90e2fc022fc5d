"""Many texts as one batch of the service: answered within a day, at about half the price.

A batch is sent once and waited for. Which batches are under way is kept beside the readings, so
that the same command, started again after an interruption, waits for them instead of paying twice.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import asdict, replace

from s3eval.judging.batching.format import (
    MOST_RESULT_BYTES,
    BatchFormat,
    Ended,
    Outcome,
    SentBatch,
)
from s3eval.remote.budget import Hold
from s3eval.remote.cache import ReplyCache, content_key
from s3eval.remote.client import ChatClient, ChatRequest, Notify, Reply
from s3eval.remote.exchange import body_bytes
from s3eval.remote.failures import CallError

__all__ = ["BATCH_PRICE", "Batches"]

#: What a request of a batch costs of what it costs alone, as the services state it.
BATCH_PRICE = 0.5
# How often what expired, or was refused for a parameter, is sent as a batch in one command.
_ROUNDS = 3
# More than a result takes beside its text, and than a token of it takes.
_ENVELOPE_BYTES, _TOKEN_BYTES = 2**14, 256
_KNOWN_AS = "batches"

#: Told which requests are about to be sent, by their keys.
Sending = Callable[[Sequence[str]], None]
_Outcomes = Generator[tuple[str, Reply | CallError], None, set[str]]


class Batches:
    """Sends requests as batches of one endpoint.

    Args:
        client: the client; its budget is held for a whole batch before it is sent.
        cache: where batches under way are remembered.
        batch_format: how the service takes them.
        poll: seconds between looks whether a batch has ended.
        wait: seconds that one command waits for a batch.
        notify: told what is waited for.
    """

    def __init__(
        self,
        client: ChatClient,
        cache: ReplyCache,
        batch_format: type[BatchFormat],
        *,
        poll: float,
        wait: float,
        notify: Notify | None = None,
    ) -> None:
        self._client, self._cache, self._poll, self._wait = client, cache, poll, wait
        self.notify = notify
        self._stopped = threading.Event()
        self._format = batch_format(client)
        endpoint = client.endpoint
        facts = {"batches of": endpoint.base_url, "model": endpoint.model}
        if self._format.name != "openai":
            facts["format"] = self._format.name
        self._key = content_key(facts)
        self._holds: dict[str, Hold] = {}

    @property
    def record(self) -> Mapping[str, object]:
        """What a reading's record says of how it was asked for."""
        return {"batch": self._format.name, "price_factor": BATCH_PRICE}

    def run(
        self, requests: Mapping[str, ChatRequest], sending: Sending | None = None
    ) -> Iterator[tuple[str, Reply | CallError]]:
        """Send what is not under way yet, and wait; each reply or failure by its key.

        What expired is sent once more, by itself. What a batch leaves open (a line is missing, or
        it expired again and again) is not among the results.

        Args:
            requests: by a key that tells nothing of their text.
            sending: told what is about to be sent.

        Raises:
            BudgetSpent: the batch does not fit; nothing was sent.
            CallError: the service takes no batches, this one failed, or it did not end in time.
        """
        for _ in range(_ROUNDS):
            if not requests:
                return
            again = yield from self._round(requests, sending)
            requests = {key: requests[key] for key in requests if key in again}

    def stop(self) -> None:
        """Wait no longer; what is under way stays so."""
        self._stopped.set()

    def _round(self, requests: Mapping[str, ChatRequest], sending: Sending | None) -> _Outcomes:
        """Send, wait and hand out once; which requests should be sent again."""
        sent = {key for batch in self._known() for key in batch.open_keys}
        new = {key: request for key, request in requests.items() if key not in sent}
        for part in self._parts(new):
            if sending is not None:
                sending(list(part))
            self._send(part)
        again: set[str] = set()
        for batch in self._known():
            if requests.keys() & set(batch.open_keys):
                try:
                    again |= yield from self._handed_out(batch, requests)
                except CallError as error:
                    raise _explained(error, batch) from None
        return again

    def _known(self) -> list[SentBatch]:
        value = self._cache.get(self._key)
        return [_read(b) for b in value["batches"]] if value else []

    def _remember(self, batches: Sequence[SentBatch]) -> None:
        written = [asdict(batch) for batch in batches]
        self._cache.put(self._key, {"state": _KNOWN_AS, "batches": written})

    def _parts(self, new: Mapping[str, ChatRequest]) -> Iterator[dict[str, ChatRequest]]:
        """The requests in as few batches as the service's limits allow."""
        part: dict[str, ChatRequest] = {}
        nbytes = 0
        for key, request in new.items():
            more = len(body_bytes(self._client.body_of(request))) + 2 * len(key) + 256
            full = len(part) == self._format.most_requests
            if part and (full or nbytes + more > self._format.most_bytes):
                yield part
                part, nbytes = {}, 0
            part[key] = request
            nbytes += more
        if part:
            yield part

    def _send(self, part: Mapping[str, ChatRequest]) -> None:
        bounds = [BATCH_PRICE * self._client.bound(request) for request in part.values()]
        held = self._client.budget.hold_all(bounds)
        holds: dict[str, Hold] = dict(zip(part, held, strict=True))
        try:
            batch = self._format.submit(part)
        except BaseException:
            for hold in holds.values():
                hold.settle(0.0, calls=0)
            raise
        longest = sum(_ENVELOPE_BYTES + r.max_tokens * _TOKEN_BYTES for r in part.values())
        longest = min(MOST_RESULT_BYTES, 2**20 + longest)
        batch = replace(batch, open_keys=batch.keys, max_bytes=longest)
        # Kept before anything is waited for.
        self._remember([*self._known(), batch])
        self._holds |= holds
        if self.notify is not None:
            self.notify(
                f"{self._client.endpoint.name}: a batch of {len(part)} texts was sent; the same "
                "command waits for it again after an interruption"
            )

    def _handed_out(self, batch: SentBatch, requests: Mapping[str, ChatRequest]) -> _Outcomes:
        """Wait for a batch; what it brought. It is forgotten once all of that was handed out.

        Raises:
            CallError: it failed, did not end, or its results are not to be had.
        """
        ended = self._ended(batch)
        wanted = requests.keys() & set(batch.open_keys)
        if ended.failure:
            self._close(batch, set(batch.open_keys), ended)
            raise CallError("bad-request", f"the batch failed: {ended.failure}")
        seen: set[str] = set()
        again: set[str] = set()
        refused: dict[str, CallError] = {}
        for outcome in self._format.outcomes(batch, ended):
            if outcome.key not in wanted or outcome.key in seen:
                continue
            seen.add(outcome.key)
            if outcome.is_expired:
                again.add(outcome.key)
                continue
            reply = self._reply(outcome, requests[outcome.key])
            if isinstance(reply, CallError) and reply.kind == "unsupported":
                refused[outcome.key] = reply
            else:
                yield outcome.key, reply
        if ended.is_expired:
            again |= wanted - seen
        # Once for all that were refused for the same parameter: each learning goes a step further.
        failures = {error.parameter: error for error in refused.values()}
        learned = {name for name, error in failures.items() if self._client.learn(error)}
        again |= {key for key, error in refused.items() if error.parameter in learned}
        yield from ((key, error) for key, error in refused.items() if key not in again)
        self._close(batch, wanted, ended)
        return again

    def _ended(self, batch: SentBatch) -> Ended:
        """The batch once it has ended; failures that pass are waited over.

        Raises:
            CallError: it did not end in time, the service refuses, or fails again and again.
        """
        until, failures = time.monotonic() + self._wait, 0
        while True:
            wait = self._poll
            try:
                ended = self._format.look(batch)
                failures = 0
            except CallError as error:
                failures += 1
                if error.kind == "access" and error.reason.startswith("HTTP 404"):
                    # It was deleted there, or is kept no longer: what it brought is lost.
                    return Ended(is_expired=True)
                retry = self._client.retry
                asked = error.retry_after or 0.0
                if not error.transient or failures >= retry.attempts or asked > retry.max_wait:
                    raise
                ended, wait = None, max(wait, asked)
            if ended is not None:
                return ended
            left = until - time.monotonic()
            if left <= 0:
                raise CallError(
                    "timeout",
                    f"the batch has not ended within {self._wait:g} s; it stays under way, and the "
                    "same command waits for it again (batch_wait=SECONDS for longer, batch=false "
                    "to ask without batches)",
                )
            if self._stopped.wait(min(wait, left)):
                raise CallError("down", "stopped while a batch was under way")

    def _reply(self, outcome: Outcome, request: ChatRequest) -> Reply | CallError:
        """The reply in an outcome, or its failure; what was held for it is settled."""
        hold = self._holds.pop(outcome.key, None)
        if outcome.status != 200:
            if hold is not None:
                hold.settle(0.0)
            return self._client.failure_of(outcome.status, outcome.body)
        try:
            return self._client.reply_in(outcome.body, request, BATCH_PRICE, hold)
        except CallError as error:
            return error

    def _close(self, batch: SentBatch, handed_out: set[str], ended: Ended) -> None:
        """Forget a batch, unless others of its requests are still to be asked for."""
        left = tuple(key for key in batch.open_keys if key not in handed_out)
        others = [b for b in self._known() if b.id != batch.id]
        self._remember([*others, replace(batch, open_keys=left)] if left else others)
        for key in handed_out:
            hold = self._holds.pop(key, None)
            if hold is not None:
                hold.settle(0.0, calls=0)
        if not left:
            self._format.delete(batch, ended)


def _explained(error: CallError, batch: SentBatch) -> CallError:
    """The failure with what fixes it, where that is particular to batches."""
    if error.kind != "oversized":
        return error
    most = batch.max_bytes / 2**20
    return CallError(
        "oversized",
        f"the results of the batch are longer than any replies to its {len(batch.keys)} texts "
        f"({most:.0f} MiB), not read (batch=false asks without batches)",
    )


def _read(written: Mapping[str, object]) -> SentBatch:
    """A batch as it was remembered; older versions remembered less."""
    values = {**written, "keys": tuple(written["keys"])}  # type: ignore[arg-type]
    values["open_keys"] = tuple(written.get("open_keys", written["keys"]))  # type: ignore[arg-type]
    return SentBatch(**values)  # type: ignore[arg-type]
