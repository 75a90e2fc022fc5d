"""How a service words its requests and replies; OpenAI's chat completions unless another is given.

What stays the same for all of them (waiting, retrying, budget, keys, limits of size) is the
client's. A service of its own format subclasses `Dialect` in its plugin.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from s3eval.remote.exchange import ChatRequest, Reply, reply_of
from s3eval.remote.failures import CallError, failure_of_status

if TYPE_CHECKING:
    from s3eval.remote.capabilities import ServerCapabilities

__all__ = ["Dialect"]


class Dialect:
    """OpenAI's chat completions, which most servers take.

    Args:
        thinking: "off" (refused where a model must think), "least" (as little as the model
            allows), tokens of thought, or None to leave it to the service. OpenAI's chat
            completions themselves are told by ``extra_body``.
    """

    def __init__(self, thinking: str | int | None = None) -> None:
        self.thinking = thinking

    def headers(self, key: str) -> Mapping[str, str]:
        """The headers that carry the key.

        >>> Dialect().headers("k")
        {'Authorization': 'Bearer k'}
        """
        return {"Authorization": f"Bearer {key}"}

    def path(self, model: str) -> str:
        """Where a request goes, below the endpoint's address."""
        return "/chat/completions"

    def body(
        self,
        model: str,
        request: ChatRequest,
        sampling: Mapping[str, Any],
        known: ServerCapabilities,
    ) -> dict[str, Any]:
        """A request's body; `exchange.body_bytes` writes it.

        Args:
            sampling: "temperature" and "seed", without what the server was found to refuse.
            known: what the server takes.
        """
        body: dict[str, Any] = {"model": model, "messages": list(request.messages), **sampling}
        body[known.max_tokens_name] = request.max_tokens
        if request.top_logprobs and "logprobs" not in known.without:
            body["logprobs"] = True
            body["top_logprobs"] = request.top_logprobs
        if request.schema is not None and known.structured == "json_schema":
            body["response_format"] = {
                "type": "json_schema",
                "json_schema": {
                    "name": request.schema_name,
                    "schema": request.schema,
                    "strict": True,
                },
            }
        elif request.schema is not None and known.structured == "json_object":
            body["response_format"] = {"type": "json_object"}
        return body

    @staticmethod
    def nth_way(ways: Sequence[Mapping[str, Any]], known: ServerCapabilities) -> Mapping[str, Any]:
        """How much to think, said in the first way that was not refused; the last, if all were.

        Services changed how it is said from model to model, and a model refuses another's way.

        >>> from s3eval.remote.capabilities import ServerCapabilities
        >>> Dialect.nth_way([{"a": 1}, {"b": 2}], ServerCapabilities(thinking=1))
        {'b': 2}
        """
        return ways[min(known.thinking, len(ways) - 1)]

    def reply(
        self, text: str, body: Mapping[str, Any], scrub: Callable[[str], str], model: str
    ) -> Reply:
        """The reply in a response's body.

        Raises:
            CallError: it holds none.
        """
        return reply_of(text, body, scrub)

    def failure(
        self, status: int, headers: Mapping[str, str], text: str, scrub: Callable[[str], str]
    ) -> CallError:
        """The failure that a status other than 2xx stands for."""
        return failure_of_status(status, headers, text, scrub)
