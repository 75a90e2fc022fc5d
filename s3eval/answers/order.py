"""The order that the parts of a list state themselves: steps, ordinals and times."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

__all__ = ["Order", "ascending", "order_of", "stated_order", "value_order"]

_STEP = re.compile(
    r"^\W{0,6}(?:(?:step|no\.?|number|symptom|event)\s?)?#?(?P<number>\d{1,2})(?:st|nd|rd|th)?\s?"
    r"(?:[.):=\]-]|$|\s)"
    r"|^\W{0,6}(?P<letter>[a-f])\)"
    r"|^\W{0,6}(?:and |it |the \w{1,12} )?(?P<word>first|second|third|fourth|fifth|sixth|last"
    r"|initially|at first|finally|lastly|starts? with|begins? with|ends? with)\b",
    re.IGNORECASE,
)
_ORDINALS = {
    **{w: n for n, w in enumerate(("first", "second", "third", "fourth", "fifth", "sixth"), 1)},
    **{"last": 99, "finally": 99, "lastly": 99, "end": 99, "start": 0, "begin": 0},
    **{"initially": 1, "at": 1},
}
# "tonic (last), clonic (first)", "tonic comes last", "tonic (2nd)", "tonic (2)"
_ORDINAL = re.compile(
    r"(?:[\s(](?P<word>first|second|third|fourth|fifth|sixth|last)|\s(?P<number>[1-9])(?:st|nd|rd|th)"
    r"|\((?P<in_brackets>\d{1,2})(?:st|nd|rd|th)?)\)?\W{0,3}$",
    re.IGNORECASE,
)
# "at 12 s", "T+12s"; a number of seconds alone may be a length.
_SECONDS = re.compile(
    r"(?:\bat\s(?:about\s|around\s|~\s?)?|@\s?|\bt\s?[+=]\s?)(\d{1,4}(?:\.\d{1,3})?)\s?"
    r"s(?:ec(?:ond)?s?)?\b",
    re.IGNORECASE,
)
_ONLY_SECONDS = re.compile(r"\s*(\d{1,4}(?:\.\d{1,3})?)\s?s(?:ec(?:ond)?s?)?\s*", re.IGNORECASE)
_CLOCK = re.compile(r"(?<![\d:])(?:(\d{1,2}):)?(\d{1,3}):(\d{2})(?!\d)")
_KEYS = ("step", "order", "index", "number", "time", "timestamp", "start", "onset")


@dataclass(frozen=True)
class Order:
    """Where a part of a list says it belongs: a step's number, or seconds into the film."""

    step: float | None = None
    time: float | None = None


def order_of(text: str) -> Order:
    """The step's number, or else the first time in the film, that a part of a list states.

    >>> order_of("2. clonic"), order_of("clonic (1:05)")
    (Order(step=2.0, time=None), Order(step=None, time=65.0))
    >>> order_of("last: clonic"), order_of("clonic")
    (Order(step=99.0, time=None), Order(step=None, time=None))
    """
    step = _STEP.match(text)
    if step and not _CLOCK.match(text.strip(" ([*-")):
        if step["number"]:
            return Order(step=float(step["number"]))
        if step["letter"]:
            return Order(step=float(ord(step["letter"].lower()) - ord("a") + 1))
        word = step["word"].lower().split()[0]
        return Order(step=float(_ORDINALS[word if word in _ORDINALS else word.rstrip("s")]))
    clock = _CLOCK.search(text)
    if not clock:
        return _later(text)
    hours, minutes, seconds = (int(part or 0) for part in clock.groups())
    return Order(time=float(hours * 3600 + minutes * 60 + seconds))


def _later(text: str) -> Order:
    """The seconds that a part names, or the ordinal that stands at its end."""
    if seconds := _SECONDS.search(text):
        return Order(time=float(seconds[1]))
    ordinal = _ORDINAL.search(text)
    if not ordinal:
        return Order()
    if ordinal["word"]:
        return Order(step=float(_ORDINALS[ordinal["word"].lower()]))
    return Order(step=float(ordinal["number"] or ordinal["in_brackets"]))


def value_order(value: str) -> Order:
    """The order that a value beside a sign states: "2", "00:05", "5 s".

    >>> value_order("5 s"), value_order("1:05")
    (Order(step=None, time=5.0), Order(step=None, time=65.0))
    """
    seconds = _ONLY_SECONDS.fullmatch(value)
    return Order(time=float(seconds[1])) if seconds else order_of(value)


def stated_order(entry: Mapping[str, Any]) -> Order:
    """The time or number that one object of a list gives.

    >>> stated_order({"symptom": "tonic", "time": "00:05"})
    Order(step=None, time=5.0)
    """
    for key in _KEYS:
        value = entry.get(key)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return Order(step=float(value))
        if isinstance(value, str) and (order := value_order(value)) != Order():
            return order
    return Order()


def ascending(orders: Iterable[Order]) -> bool:
    """Whether the steps and the times of a list's parts run forwards, as far as they are stated.

    >>> ascending([order_of("1. tonic"), order_of("clonic"), order_of("2. staring")])
    True
    >>> ascending([order_of("tonic (0:10)"), order_of("clonic (0:05)")])
    False
    """
    known = [*orders]
    steps = [order.step for order in known if order.step is not None]
    times = [order.time for order in known if order.time is not None]
    return all(a <= b for stated in (steps, times) for a, b in pairwise(stated))
