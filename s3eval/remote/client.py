"""The client: one request in, one reply or one named failure out.

It waits as servers ask (Retry-After), pauses all workers of an endpoint together, holds budget
before every attempt, learns which parameters a server refuses, and never shows a key.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from s3eval.errors import S3EvalError
from s3eval.remote.budget import Account, Budget, Prices, schema_bound, token_bound
from s3eval.remote.endpoint import Endpoint
from s3eval.remote.exchange import ChatRequest, Reply, reply_of
from s3eval.remote.failures import CallError, failure_of_status
from s3eval.remote.pause import Pause
from s3eval.remote.quirks import MemoryQuirks, Quirks, QuirkStore

if TYPE_CHECKING:
    import httpx

__all__ = ["ChatClient", "ChatRequest", "Notify", "Patience", "Reply", "Sampling"]

INSTALL = "pip install 's3eval-core[remote]'"


@dataclass(frozen=True)
class Sampling:
    """Deterministic by default; what a server refuses is left out and recorded as such."""

    temperature: float = 0.0
    seed: int = 0


@dataclass(frozen=True)
class Patience:
    """How long to wait, and how often to try.

    Attributes:
        timeout: seconds for one attempt, connection included.
        attempts: tries of one request over transient failures, the first included.
        first_wait, max_wait: exponential waits between tries, with jitter; a server that asks
            for more than ``max_wait`` seconds ends the request instead.
        concurrency: requests in flight.
        give_up_after: requests in a row that fail for good before the server counts as down.
    """

    timeout: float = 120.0
    attempts: int = 6
    first_wait: float = 0.5
    max_wait: float = 120.0
    concurrency: int = 8
    give_up_after: int = 5


class ChatClient:
    """Asks one endpoint; safe to use from many threads.

    Args:
        endpoint: where, which model, with which key.
        sampling: temperature and seed.
        patience: time-outs, tries, concurrency.
        budget: shared between clients that spend from one purse.
        prices: to turn tokens into dollars; needed when the budget limits dollars.
        extra_body: further fields of every request (a server's own switches).
        quirks: where what a server refuses is remembered.
        transport: an httpx transport, for tests.

    Raises:
        S3EvalError: httpx or tenacity is missing; a cost limit without prices.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        sampling: Sampling = Sampling(),
        patience: Patience = Patience(),
        budget: Budget | None = None,
        prices: Prices | None = None,
        extra_body: Mapping[str, Any] | None = None,
        quirks: QuirkStore | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.endpoint, self.sampling, self.patience = endpoint, sampling, patience
        self.budget = budget or Budget()
        if self.budget.max_cost is not None and prices is None and not endpoint.local:
            raise S3EvalError(
                f"No prices are known for {endpoint.name}",
                why="a cost limit cannot be kept without them",
                fix="prompt_price=… completion_price=… (dollars a million tokens), or limit calls",
            )
        self.prices = prices or (Prices(0.0, 0.0) if endpoint.local else None)
        self._extra = dict(extra_body or {})
        self._quirks = quirks or MemoryQuirks()
        self._http = _http_client(endpoint, patience, transport)
        self._pause = Pause()
        self._lock = threading.Lock()
        self._account = Account(cost=None if self.prices is None else 0.0)
        self._failed_in_a_row, self._last_failure = 0, ""

    @property
    def account(self) -> Account:
        """What was used so far."""
        with self._lock:
            return self._account

    def close(self) -> None:
        """Stop waiting workers and close the connections."""
        self._pause.stop()
        self._http.close()

    def models(self) -> list[str]:
        """The model ids the server lists (``GET /models``).

        Raises:
            CallError: the server cannot be reached or refuses.
        """
        import httpx

        try:
            response = self._http.get(f"{self.endpoint.base_url}/models", timeout=10.0)
        except httpx.HTTPError as error:
            raise CallError("connection", self._clean(f"{type(error).__name__}: {error}")) from None
        if response.status_code != 200:
            raise failure_of_status(
                response.status_code, response.headers, self._without_key(response.text)
            )
        try:
            return [str(m["id"]) for m in response.json().get("data", [])]
        except (ValueError, TypeError, KeyError, AttributeError):
            return []

    def bound(self, request: ChatRequest) -> float:
        """The most one attempt of this request can cost, in dollars (0 without prices)."""
        if self.prices is None:
            return 0.0
        prompt = token_bound(request.messages, request.media_tokens) + schema_bound(request.schema)
        return self.prices.cost(prompt, request.max_tokens)

    def complete(self, request: ChatRequest) -> Reply:
        """Ask; wait and try again where that helps.

        Raises:
            CallError: no usable reply, with its kind and reason.
            BudgetSpent: the next attempt does not fit the budget.
        """
        import tenacity

        if self._failed_in_a_row >= self.patience.give_up_after:
            times = f"{self.endpoint.host} failed {self._failed_in_a_row} times in a row"
            raise CallError("down", f"{times}, last: {self._last_failure}")
        tries = tenacity.Retrying(
            retry=tenacity.retry_if_exception(self._worth_another),
            wait=self._wait,
            stop=tenacity.stop_after_attempt(self.patience.attempts),
            sleep=self._pause.sleep,
            reraise=True,
        )
        try:
            reply: Reply = tries(self._attempt, request)
        except CallError as error:
            if error.transient:
                with self._lock:
                    self._failed_in_a_row += 1
                    self._last_failure = error.reason
            raise
        with self._lock:
            self._failed_in_a_row = 0
        return reply

    def _worth_another(self, error: BaseException) -> bool:
        if not isinstance(error, CallError) or not error.transient:
            return False
        return (error.retry_after or 0.0) <= self.patience.max_wait

    def _wait(self, state: Any) -> float:
        error = state.outcome.exception()
        if error.retry_after is not None:
            # Everyone waits, not only the one who was told: the others would be told next.
            self._pause.until(error.retry_after)
            return float(error.retry_after)
        longest: float = self.patience.first_wait * 2.0 ** (state.attempt_number - 1)
        return min(longest, self.patience.max_wait) * random.uniform(0.5, 1.0)

    def _attempt(self, request: ChatRequest) -> Reply:
        """One try, plus at most one more for each parameter the server turns out to refuse."""
        while True:
            quirks = self._quirks.get(self.endpoint)
            try:
                return self._send(request, quirks)
            except CallError as error:
                learned = quirks.learn(error.parameter) if error.kind == "unsupported" else None
                if learned is None:
                    raise
                if self._quirks.get(self.endpoint) == quirks:
                    self._quirks.put(self.endpoint, learned)

    def _send(self, request: ChatRequest, quirks: Quirks) -> Reply:
        if not self._pause.wait():
            raise CallError("down", "stopped")
        body = self._body(request, quirks)
        hold = self.budget.hold(self.bound(request))
        try:
            reply = self._post(body)
        except CallError as error:
            cost = hold.bound if error.billed else 0.0
            hold.settle(cost)
            self._count(None, cost)
            raise
        except BaseException:
            hold.settle(hold.bound)
            raise
        cost = self._cost(reply, hold.bound)
        hold.settle(cost)
        self._count(reply, cost)
        return self._checked(reply)

    def _body(self, request: ChatRequest, quirks: Quirks) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": self.endpoint.model,
            "messages": list(request.messages),
            **self._extra,
        }
        body[quirks.max_tokens_name] = request.max_tokens
        if "temperature" not in quirks.without:
            body["temperature"] = self.sampling.temperature
        if "seed" not in quirks.without:
            body["seed"] = self.sampling.seed
        if request.top_logprobs and "logprobs" not in quirks.without:
            body["logprobs"] = True
            body["top_logprobs"] = request.top_logprobs
        if request.schema is not None and quirks.structured == "json_schema":
            body["response_format"] = {
                "type": "json_schema",
                "json_schema": {
                    "name": request.schema_name,
                    "schema": request.schema,
                    "strict": True,
                },
            }
        elif request.schema is not None and quirks.structured == "json_object":
            body["response_format"] = {"type": "json_object"}
        return body

    def _post(self, body: Mapping[str, Any]) -> Reply:
        import httpx

        try:
            response = self._http.post(f"{self.endpoint.base_url}/chat/completions", json=body)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            why = self._clean(str(error) or type(error).__name__)
            raise CallError(
                "connection", f"no server answers at {self.endpoint.host}: {why}"
            ) from None
        except httpx.TimeoutException:
            raise CallError(
                "timeout", f"no answer within {self.patience.timeout:g} s", billed=True
            ) from None
        except httpx.HTTPError as error:
            raise CallError(
                "connection", self._clean(str(error) or type(error).__name__), billed=True
            ) from None
        if response.is_redirect:
            # Following it could carry the text to a host nobody allowed.
            raise CallError("access", f"HTTP {response.status_code}: the server redirects")
        text = self._without_key(response.text)
        if not response.is_success:
            raise failure_of_status(response.status_code, response.headers, text)
        return reply_of(text, body)

    def _checked(self, reply: Reply) -> Reply:
        if reply.finish == "content_filter":
            raise CallError("moderation", "the server filtered the reply", raw=reply.text)
        if reply.finish == "refusal":
            raise CallError("refusal", "the model refused", raw=reply.text)
        if not reply.text.strip():
            raise CallError("empty", f"a reply without words (finish: {reply.finish or 'none'})")
        return reply

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

    def _clean(self, text: str) -> str:
        return " ".join(self._without_key(text).split())[:200]

    def _without_key(self, text: str) -> str:
        """A server's text before anything is cut from it: half a key is a key shown, too."""
        return self.endpoint.key.scrub(text) if self.endpoint.key else text


def _http_client(
    endpoint: Endpoint, patience: Patience, transport: httpx.BaseTransport | None
) -> httpx.Client:
    try:
        import httpx
        import tenacity  # noqa: F401
    except ImportError as error:
        raise S3EvalError(
            f"Asking a server needs {error.name}, not installed here", fix=INSTALL
        ) from None

    def sign(request: httpx.Request) -> httpx.Request:
        if endpoint.key is not None:
            request.headers["Authorization"] = f"Bearer {endpoint.key.reveal()}"
        return request

    return httpx.Client(
        auth=sign,
        timeout=httpx.Timeout(patience.timeout, connect=min(15.0, patience.timeout)),
        limits=httpx.Limits(
            max_connections=patience.concurrency + 1,
            max_keepalive_connections=patience.concurrency,
        ),
        # A proxy from the environment would carry "local" requests off this machine.
        trust_env=not endpoint.local,
        follow_redirects=False,
        transport=transport,
    )


#: What `ChatClient` tells the user: one line at a time.
Notify = Callable[[str], None]
