"""The client: one request in, one reply or one named failure out.

It waits as servers ask (Retry-After), pauses all workers of an endpoint together, holds budget
before every attempt, learns which parameters a server refuses, and never shows a key.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from s3eval.errors import S3EvalError
from s3eval.remote.budget import Account, Budget, Hold, Prices, schema_bound, token_bound
from s3eval.remote.capabilities import (
    CapabilityStore,
    MemoryCapabilities,
    ServerCapabilities,
)
from s3eval.remote.dialect import Dialect
from s3eval.remote.endpoint import Endpoint
from s3eval.remote.exchange import ChatRequest, Reply, body_bytes, checked, listed_models
from s3eval.remote.failures import CallError, one_line
from s3eval.remote.pause import Pause
from s3eval.remote.retrying import DEFAULT_POLICY, Retries, RetryPolicy
from s3eval.remote.transfer import Transfer

if TYPE_CHECKING:
    import httpx

__all__ = ["ChatClient", "ChatRequest", "Notify", "Reply", "RetryPolicy", "Sampling"]

# More bytes than a generated token takes: its text, escaped, or its entry among the alternatives.
_TOKEN_BYTES = 256
_ENVELOPE_BYTES = 2**20
_MOST_BYTES = 2**26
# A gateway to several hundred models describes them in a megabyte or two.
_LIST_BYTES = 2**23
_LIST_SECONDS = 15.0


@dataclass(frozen=True)
class Sampling:
    """Deterministic by default; what a server refuses is left out and recorded as such."""

    temperature: float = 0.0
    seed: int = 0


class ChatClient:
    """Asks one endpoint; safe to use from many threads.

    Args:
        endpoint: where, which model, with which key.
        sampling: temperature and seed.
        retry: time-outs, tries, concurrency.
        budget: shared between clients that spend together.
        prices: to turn tokens into dollars; needed when the budget limits dollars.
        extra_body: further fields of every request (a server's own switches).
        capabilities: where what a server refuses is remembered.
        transport: an httpx transport, for tests.
        dialect: how the service words requests and replies.

    Raises:
        S3EvalError: httpx or tenacity is missing; a cost limit without prices.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        sampling: Sampling = Sampling(),
        retry: RetryPolicy = DEFAULT_POLICY,
        budget: Budget | None = None,
        prices: Prices | None = None,
        extra_body: Mapping[str, Any] | None = None,
        capabilities: CapabilityStore | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        dialect: Dialect | None = None,
    ) -> None:
        self.dialect = dialect or Dialect()
        self.endpoint, self.sampling, self.retry = endpoint, sampling, retry
        self.budget = budget or Budget()
        if self.budget.max_cost is not None and prices is None and not endpoint.local:
            raise S3EvalError(
                f"No prices are known for {endpoint.name}",
                why="a cost limit cannot be kept without them",
                fix="prompt_price=… completion_price=… (dollars a million tokens), or limit calls",
            )
        self.prices = prices or (Prices(0.0, 0.0) if endpoint.local else None)
        self._extra = dict(extra_body or {})
        self._capabilities = capabilities or MemoryCapabilities()
        self._transfer = Transfer(
            endpoint, retry.timeout, retry.concurrency, self.dialect.headers, transport
        )
        self._pause = Pause()
        self._tried = Retries(retry, self._pause)
        self._lock = threading.Lock()
        self._account = Account(cost=None if self.prices is None else 0.0)
        self._failed_in_a_row, self._last_failure = 0, ""

    @property
    def account(self) -> Account:
        """Calls made, tokens and dollars used so far."""
        with self._lock:
            return self._account

    def close(self) -> None:
        """Stop waiting workers and close the connections."""
        self._pause.stop()
        self._transfer.close()

    def models(self) -> list[str]:
        """The model ids the server lists (``GET /models``).

        Raises:
            CallError: the server cannot be reached or refuses.
        """
        text = self._text_of("GET", "/models", max_bytes=_LIST_BYTES, seconds=_LIST_SECONDS)
        return listed_models(text, self._without_key)

    def bound(self, request: ChatRequest) -> float:
        """The most one attempt of this request can cost, in dollars (0 without prices)."""
        if self.prices is None:
            return 0.0
        prompt = token_bound(request.messages, request.media_tokens) + schema_bound(request.schema)
        return self.prices.cost(prompt, request.max_tokens)

    def complete(self, request: ChatRequest, attempts: int | None = None) -> Reply:
        """Ask; wait and try again where that helps.

        Args:
            attempts: tries, where another request takes this one's place when it fails; its
                failure then does not count towards the server being down.

        Raises:
            CallError: no usable reply, with its kind and reason.
            BudgetSpent: the next attempt does not fit the budget.
        """
        if self._failed_in_a_row >= self.retry.give_up_after:
            times = f"{self.endpoint.host} failed {self._failed_in_a_row} times in a row"
            raise CallError("down", f"{times}, last: {self._last_failure}")
        try:
            reply = self._tried(attempts or self.retry.attempts, self._attempt, request)
        except CallError as error:
            if error.transient and attempts is None:
                with self._lock:
                    self._failed_in_a_row += 1
                    self._last_failure = error.reason
            raise
        with self._lock:
            self._failed_in_a_row = 0
        return reply

    def body_of(self, request: ChatRequest) -> dict[str, Any]:
        """A request's body, without what the server was found to refuse."""
        return self._body(request, self._capabilities.get(self.endpoint))

    def reply_in(
        self, text: str, request: ChatRequest, share: float, hold: Hold | None = None
    ) -> Reply:
        """The reply in a body that came another way than by `complete`.

        Args:
            share: of the price of a call of its own.
            hold: what was reserved for it; settled at what it cost, also where it is of no use.

        Raises:
            CallError: it holds no usable reply.
        """
        bound, body = share * self.bound(request), self.body_of(request)
        try:
            reply = self.dialect.reply(text, body, self._without_key, self.endpoint.model)
        except CallError as error:
            self._charged(None, bound if error.billed else 0.0, hold)
            raise
        self._charged(reply, share * self._cost(reply, self.bound(request)), hold)
        return checked(reply, request)

    def learn(self, failure: CallError, sent_with: ServerCapabilities | None = None) -> bool:
        """Leave out from now on what a failure says the server refuses; False where it does not.

        Args:
            sent_with: what was known when the request was sent, where others may have learned
                meanwhile: then nothing is left out in addition, and asking again is worth it too.
        """
        known = self._capabilities.get(self.endpoint)
        before = known if sent_with is None else sent_with
        learned = before.after(failure)
        if learned is not None and known == before:
            self._capabilities.put(self.endpoint, learned)
        return learned is not None

    def failure_of(self, status: int, text: str) -> CallError:
        """The failure that a status and a body stand for."""
        return self.dialect.failure(status, {}, text, self._without_key)

    def text_of(
        self,
        method: str,
        path: str,
        content: bytes = b"",
        *,
        max_bytes: int,
        headers: Mapping[str, str] | None = None,
        attempts: int = 1,
    ) -> str:
        """The body of a successful response, without the key.

        Args:
            attempts: tries over what passes, the first included.

        Raises:
            CallError: anything else.
        """
        call = partial(self._text_of, method, path, content, max_bytes=max_bytes, headers=headers)
        return self._tried(attempts, call)

    def _attempt(self, request: ChatRequest) -> Reply:
        """One try, plus at most one more for each parameter the server turns out to refuse."""
        while True:
            known = self._capabilities.get(self.endpoint)
            try:
                return self._send(request, known)
            except CallError as error:
                learned = known.after(error)
                if learned is None or self._body(request, learned) == self._body(request, known):
                    raise
                self.learn(error, known)

    def _send(self, request: ChatRequest, known: ServerCapabilities) -> Reply:
        if not self._pause.wait():
            raise CallError("down", "stopped")
        body = self._body(request, known)
        hold = self.budget.hold(self.bound(request))
        try:
            reply = self._post(body, _longest_reply(request))
        except CallError as error:
            self._charged(None, hold.bound if error.billed else 0.0, hold)
            raise
        except BaseException:
            hold.settle(hold.bound)
            raise
        self._charged(reply, self._cost(reply, hold.bound), hold)
        return checked(reply, request)

    def _body(self, request: ChatRequest, known: ServerCapabilities) -> dict[str, Any]:
        sampling: dict[str, Any] = {}
        if "temperature" not in known.without:
            sampling["temperature"] = self.sampling.temperature
        if "seed" not in known.without:
            sampling["seed"] = self.sampling.seed + request.seed
        body = self.dialect.body(self.endpoint.model, request, sampling, known)
        return _merged(self._extra, body)

    def _post(self, body: Mapping[str, Any], max_bytes: int) -> Reply:
        try:
            content = body_bytes(body)
        except ValueError:
            raise CallError("bad-request", "a number of the request is not finite") from None
        path = self.dialect.path(self.endpoint.model)
        text = self._text_of("POST", path, content, max_bytes=max_bytes)
        return self.dialect.reply(text, body, self._without_key, self.endpoint.model)

    def _text_of(
        self,
        method: str,
        path: str,
        content: bytes = b"",
        *,
        max_bytes: int,
        seconds: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> str:
        """The body of a successful response, without the key; anything else is a failure."""
        try:
            status, wait, text = self._exchange(method, path, content, max_bytes, seconds, headers)
        except CallError as error:
            # What the server wrote into its headers may be quoted in it.
            reason = one_line(self._without_key(error.reason))
            raise CallError(error.kind, reason, billed=error.billed) from None
        if not 200 <= status < 300:
            raise self.dialect.failure(status, wait, text, self._without_key)
        return text

    def _exchange(
        self,
        method: str,
        path: str,
        content: bytes,
        max_bytes: int,
        seconds: float | None,
        headers: Mapping[str, str] | None,
    ) -> tuple[int, Mapping[str, str], str]:
        """Status, wait asked for and text; apart, so that no frame of a failure holds the key."""
        response = self._transfer.exchange(
            method, path, content=content, max_bytes=max_bytes, seconds=seconds, headers=headers
        )
        # JSON is UTF-8; the key is looked for before anything is cut, and again after decoding.
        text = self._without_key(response.body.decode("utf-8-sig", errors="replace"))
        return response.status, response.wait, text

    def _cost(self, reply: Reply, bound: float) -> float:
        if self.prices is None:
            return 0.0
        if reply.prompt_tokens is None or reply.completion_tokens is None:
            return bound
        return self.prices.cost(reply.prompt_tokens, reply.completion_tokens)

    def _count(self, reply: Reply | None, cost: float) -> None:
        with self._lock:
            now = self._account
            self._account = replace(
                now,
                calls=now.calls + 1,
                prompt_tokens=now.prompt_tokens + ((reply and reply.prompt_tokens) or 0),
                completion_tokens=now.completion_tokens
                + ((reply and reply.completion_tokens) or 0),
                cost=None if now.cost is None else now.cost + cost,
            )

    def _charged(self, reply: Reply | None, cost: float, hold: Hold | None) -> None:
        if hold is not None:
            hold.settle(cost)
        self._count(reply, cost)

    def _without_key(self, text: str) -> str:
        """A server's text before anything is cut from it: half a key is a key shown, too."""
        return self.endpoint.key.scrub(text) if self.endpoint.key else text


def _merged(extra: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    """The user's own fields with the request's, which win; tables in both are merged.

    >>> _merged({"config": {"quality": "low", "seed": 1}}, {"config": {"seed": 0}})
    {'config': {'quality': 'low', 'seed': 0}}
    """
    merged = {**extra, **body}
    for key in extra.keys() & body.keys():
        if isinstance(extra[key], Mapping) and isinstance(body[key], Mapping):
            merged[key] = _merged(extra[key], body[key])
    return merged


def _longest_reply(request: ChatRequest) -> int:
    """Bytes that no reply to this request is longer than."""
    tokens = request.max_tokens * (1 + request.top_logprobs)
    return min(_MOST_BYTES, _ENVELOPE_BYTES + tokens * _TOKEN_BYTES)


#: Handed what the user should know: one line at a time.
Notify = Callable[[str], None]
