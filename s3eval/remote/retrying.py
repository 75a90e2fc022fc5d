"""Trying again over what passes: how often, and how long to wait between."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from s3eval.remote.failures import CallError
from s3eval.remote.pause import Pause

__all__ = ["DEFAULT_POLICY", "Retries", "RetryPolicy"]

_T = TypeVar("_T")


@dataclass(frozen=True)
class RetryPolicy:
    """How long to wait, and how often to try.

    Attributes:
        timeout: seconds for one attempt from connecting to the last byte of the reply.
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


#: What holds unless a caller says otherwise.
DEFAULT_POLICY = RetryPolicy()


class Retries:
    """Calls, waits and calls again; safe to use from many threads.

    Args:
        policy: how often, and how long to wait.
        pause: kept by all who ask the same server; stopping it ends every wait.

    >>> Retries(DEFAULT_POLICY, Pause())(3, "a b".split)
    ['a', 'b']
    """

    def __init__(self, policy: RetryPolicy, pause: Pause) -> None:
        self._policy, self._pause = policy, pause

    def __call__(self, attempts: int, call: Callable[..., _T], *arguments: Any) -> _T:
        """What the call gives.

        Args:
            attempts: tries over transient failures, the first included.

        Raises:
            CallError: it is not worth another try, or there were enough.
        """
        import tenacity

        tries = tenacity.Retrying(
            retry=tenacity.retry_if_exception(self._worth_another),
            wait=self._wait,
            stop=tenacity.stop_after_attempt(attempts),
            sleep=self._pause.sleep,
            reraise=True,
        )
        done: _T = tries(call, *arguments)
        return done

    def _worth_another(self, error: BaseException) -> bool:
        if not isinstance(error, CallError) or not error.transient:
            return False
        return (error.retry_after or 0.0) <= self._policy.max_wait

    def _wait(self, state: Any) -> float:
        error = state.outcome.exception()
        if error.retry_after is not None:
            # Everyone waits, not only the one who was told: the others would be told next.
            self._pause.until(error.retry_after)
            return float(error.retry_after)
        longest: float = self._policy.first_wait * 2.0 ** (state.attempt_number - 1)
        return min(longest, self._policy.max_wait) * random.uniform(0.5, 1.0)
