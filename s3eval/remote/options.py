"""Options of judges and models on servers: typed, with the nearest name for an unknown one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, InstanceOf, ValidationError

from s3eval.errors import S3EvalError, choice_meant, suggestion, wrong_option
from s3eval.permission import LOCAL_ONLY, OPTION, Permission
from s3eval.remote.budget import Budget, Prices
from s3eval.remote.client import RetryPolicy, Sampling
from s3eval.remote.endpoint import Endpoint, find_key, refuse_without_consent

__all__ = ["ServerOptions", "read_options"]

_Options = TypeVar("_Options", bound=BaseModel)


class ServerOptions(BaseModel):
    """What judges and models on servers have in common.

    Attributes:
        base_url: the server, up to and with ``/v1``.
        model: the model id there.
        key_variable: environment variable of the key, when not the usual one.
        temperature, seed: sampling; 0 and 0 unless you know better.
        extra_body: further fields of each request, the server's own switches.
        timeout: seconds for one try; ``attempts``: tries over transient failures.
        concurrency: requests in flight.
        prompt_price, completion_price: dollars for a million tokens.
        permission: what the user's flags allow; an instance, never read from a text or a table.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: str
    model: str
    key_variable: str = ""
    temperature: float = Field(0.0, ge=0)
    seed: int = 0
    extra_body: dict[str, Any] | None = None
    timeout: float = Field(120.0, gt=0)
    attempts: int = Field(6, ge=1)
    first_wait: float = Field(0.5, ge=0)
    max_wait: float = Field(120.0, ge=0)
    concurrency: int = Field(8, ge=1, le=256)
    prompt_price: float | None = Field(None, ge=0)
    completion_price: float | None = Field(None, ge=0)
    permission: InstanceOf[Permission] = LOCAL_ONLY

    def endpoint(
        self,
        owner: str,
        variables: tuple[str, ...],
        *,
        needs_key: bool = False,
        called: str = "",
    ) -> Endpoint:
        """The endpoint with its key, where there is one.

        Args:
            owner: whose key, as the keyring names it.
            called: how messages name it, where that is not the owner.
            variables: environment variables that may hold it.
            needs_key: a server elsewhere is expected to want one. Where it is not (a server of
                one's own network), only a key named by ``key_variable`` must be there.

        Raises:
            S3EvalError: sending there was not allowed (said first), or the key is missing.
        """
        bare = Endpoint(self.base_url, self.model)
        if self.permission.is_preview and not bare.local:
            return replace(bare, sends=False)
        refuse_without_consent(bare, self.permission)
        names = (self.key_variable,) if self.key_variable else variables
        required = not bare.local and (needs_key or bool(self.key_variable))
        key = find_key(owner, names, required=required, called=called)
        return Endpoint(self.base_url, self.model, key)

    def sampling(self) -> Sampling:
        """Temperature and seed."""
        return Sampling(self.temperature, self.seed)

    def retry(self) -> RetryPolicy:
        """Time-outs, tries, concurrency."""
        return RetryPolicy(
            timeout=self.timeout,
            attempts=self.attempts,
            first_wait=self.first_wait,
            max_wait=self.max_wait,
            concurrency=self.concurrency,
        )

    def budget(self) -> Budget:
        """The budget of the permission."""
        return Budget(self.permission.max_calls, self.permission.max_cost)

    def prices(self, known: Prices | None = None) -> Prices | None:
        """The prices given, else those known."""
        if self.prompt_price is None and self.completion_price is None:
            return known
        return Prices(self.prompt_price or 0.0, self.completion_price or 0.0)


def read_options(shape: type[_Options], options: Mapping[str, Any], owner: str) -> _Options:
    """Options as typed values.

    Raises:
        S3EvalError: an unknown key (the nearest is suggested), or a value of the wrong type.

    >>> read_options(ServerOptions, {"base_url": "http://localhost/v1", "model": "m"}, "x").seed
    0
    """
    known = [n for n in shape.model_fields if n != OPTION]
    for name in options:
        if name not in shape.model_fields:
            raise S3EvalError(
                f"Unknown option '{name}' of '{owner}'{suggestion(name, known)}",
                fix=f"one of: {', '.join(known)}",
            )
    try:
        return shape(**options)
    except ValidationError as error:
        # The value itself is not shown: it may be what belongs to a key.
        first = error.errors(include_url=False)[0]
        option, why, taken = wrong_option(first, shape.model_fields)
        what = f"Option '{option}' of '{owner}': {why}{choice_meant(first)}"
        raise S3EvalError(what, fix=taken) from None
