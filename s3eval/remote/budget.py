"""Money and calls: what may be spent, what was, and what the rest would cost."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from s3eval.errors import S3EvalError, StopRunError

__all__ = ["Account", "Budget", "BudgetSpent", "Hold", "Preview", "Prices", "token_bound"]


class BudgetSpent(StopRunError):  # noqa: N818 - a state, not a mistake
    """The budget does not allow another call. Everything answered so far is kept."""


@dataclass(frozen=True)
class Prices:
    """US dollars for a million tokens.

    >>> Prices(2.5, 15.0).cost(1_000_000, 100_000)
    4.0
    """

    prompt: float
    completion: float

    def cost(self, prompt_tokens: int, completion_tokens: int) -> float:
        """Dollars for so many tokens."""
        return (prompt_tokens * self.prompt + completion_tokens * self.completion) / 1e6


@dataclass(frozen=True)
class Account:
    """What was used: calls made, replies taken from the cache, tokens and dollars."""

    calls: int = 0
    cached: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float | None = None

    @property
    def usage(self) -> Mapping[str, int]:
        """Tokens as `s3eval.Model.usage` names them.

        >>> Account(prompt_tokens=12, completion_tokens=3).usage
        {'tokens_in': 12, 'tokens_out': 3}
        """
        return {"tokens_in": self.prompt_tokens, "tokens_out": self.completion_tokens}

    def __str__(self) -> str:
        text = (
            f"{self.calls} calls, {self.cached} from the cache, "
            f"{self.prompt_tokens} + {self.completion_tokens} tokens"
        )
        return text if self.cost is None else f"{text}, ${self.cost:.4f}"


@dataclass(frozen=True)
class Preview:
    """What a batch would take, before any of it is sent.

    Attributes:
        items: texts in the batch, repeated ones included.
        cached: of these, how many need no call.
        calls: distinct calls needed, retries not counted.
        prompt_tokens, completion_tokens: expected, at four bytes a token.
        cost: expected dollars; None without prices.
        cost_bound: no more than this without retries, at a byte a token; None without prices.
    """

    items: int
    cached: int
    calls: int
    prompt_tokens: int
    completion_tokens: int
    cost: float | None
    cost_bound: float | None

    def __str__(self) -> str:
        text = (
            f"{self.items} texts, {self.cached} already read, {self.calls} calls, about "
            f"{self.prompt_tokens + self.completion_tokens} tokens"
        )
        if self.cost is None or self.cost_bound is None:
            return f"{text}, price unknown"
        return f"{text}, about ${self.cost:.4f} (at most ${self.cost_bound:.4f} without retries)"


def token_bound(messages: Iterable[Mapping[str, Any]], extra: int = 0) -> int:
    """An upper bound on the prompt's tokens: no tokenizer makes more tokens than bytes.

    Media parts are left out (give their tokens as ``extra``); 16 a message cover the template.
    """
    total = extra
    for message in messages:
        content = message.get("content", "")
        parts: Sequence[Any] = content if isinstance(content, list) else [content]
        for part in parts:
            total += len(_text_of(part).encode())
        total += 16
    return total


def _text_of(part: Any) -> str:
    """The text of a part: of one, or of several written out already (`JsonParts`)."""
    text = part.get("text", "") if isinstance(part, Mapping) else getattr(part, "text", part)
    return str(text)


def schema_bound(schema: Mapping[str, Any] | None) -> int:
    """Tokens a schema may add to the prompt, by its bytes."""
    return len(json.dumps(schema).encode()) if schema else 0


class Budget:
    """How many calls and dollars may be spent; held before a call, settled after it.

    A call is allowed only when its upper bound still fits beside everything in flight, so the
    limits cannot be exceeded by concurrency. When it does not fit *yet*, the caller waits for
    the calls in flight to settle at what they really cost.

    >>> budget = Budget(max_calls=1)
    >>> budget.hold(0.0).settle(0.0)
    >>> budget.spent_calls
    1
    """

    def __init__(self, max_calls: int | None = None, max_cost: float | None = None) -> None:
        for name, value in (("max_calls", max_calls), ("max_cost", max_cost)):
            if value is not None and value < 0:
                raise S3EvalError(f"Expected {name} to be at least 0, but got {value}")
        self.max_calls, self.max_cost = max_calls, max_cost
        self.spent_calls, self.spent_cost = 0, 0.0
        self._held_calls, self._held_cost = 0, 0.0
        self._changed = threading.Condition()

    def hold(self, bound: float) -> Hold:
        """Reserve one call that costs at most ``bound`` dollars.

        Raises:
            BudgetSpent: it does not fit, even if everything in flight turned out free.
        """
        with self._changed:
            while True:
                if not self._fits(bound, self.spent_calls, self.spent_cost):
                    raise BudgetSpent(self._why_not(bound), fix="a larger budget, then run again")
                if self._fits(
                    bound, self.spent_calls + self._held_calls, self.spent_cost + self._held_cost
                ):
                    self._held_calls += 1
                    self._held_cost += bound
                    return Hold(self, bound)
                self._changed.wait()

    def hold_all(self, bounds: Sequence[float]) -> list[Hold]:
        """Reserve calls that are made together, all or none; waits for nothing.

        Raises:
            BudgetSpent: they do not fit together, with what is in flight.

        >>> Budget(max_calls=1).hold_all([0.0, 0.0])  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        s3eval.remote.budget.BudgetSpent: 2 calls together do not fit the budget. Try: a larger...
        """
        with self._changed:
            calls = self.spent_calls + self._held_calls + len(bounds)
            cost = self.spent_cost + self._held_cost + sum(bounds)
            over_calls = self.max_calls is not None and calls > self.max_calls
            over_cost = self.max_cost is not None and cost > self.max_cost
            if bounds and (over_calls or over_cost):
                raise BudgetSpent(
                    f"{len(bounds)} calls together do not fit the budget",
                    fix="a larger budget, or fewer texts",
                )
            self._held_calls += len(bounds)
            self._held_cost += sum(bounds)
            return [Hold(self, bound) for bound in bounds]

    def _fits(self, bound: float, calls: int, cost: float) -> bool:
        if self.max_calls is not None and calls + 1 > self.max_calls:
            return False
        return self.max_cost is None or cost + bound <= self.max_cost

    def _why_not(self, bound: float) -> str:
        if self.max_calls == 0:
            return "A budget of 0 calls sends nothing"
        if self.max_calls is not None and self.spent_calls + 1 > self.max_calls:
            return f"The budget of {self.max_calls} calls is spent"
        return (
            f"The budget of ${self.max_cost:.4f} is spent: ${self.spent_cost:.4f} so far, and the "
            f"next call may cost up to ${bound:.4f}"
        )

    def _settle(self, bound: float, cost: float, calls: int) -> None:
        with self._changed:
            self._held_calls -= 1
            self._held_cost -= bound
            self.spent_calls += calls
            self.spent_cost += cost
            self._changed.notify_all()


class Hold:
    """One reserved call; settle it exactly once."""

    def __init__(self, budget: Budget, bound: float) -> None:
        self._budget, self.bound, self._open = budget, bound, True

    def settle(self, cost: float, calls: int = 1) -> None:
        """Replace the reservation by what the call cost; further calls do nothing."""
        if self._open:
            self._open = False
            self._budget._settle(self.bound, cost, calls)
