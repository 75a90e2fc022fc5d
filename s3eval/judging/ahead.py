"""Having everything a piece of work will ask of a judge asked at once, before it is done."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, runtime_checkable

__all__ = ["Gathers", "ask_ahead"]


@runtime_checkable
class Gathers(Protocol):
    """A judge that can note what it would be asked, and keeps what it was asked."""

    @property
    def gathers(self) -> bool:
        """Whether it is noting now."""

    def gathering(self) -> AbstractContextManager[Mapping[str, Any]]:
        """Within, nothing is sent; what would be is noted by its key."""

    def ask(self, asks: Sequence[Any]) -> object:
        """Ask what was noted, all of it in parallel; the readings are kept."""


def ask_ahead(judge: object, work: Callable[[], object]) -> None:
    """Find out what ``work`` asks of a judge and ask that, so that ``work`` then waits for nothing.

    Tasks ask about one video after the other, and about a merged text only once it is merged.
    Asked so, a hosted judge answers one text at a time. Here the work is done with nothing sent,
    what it wanted is asked in parallel under one preview, and so on until it wants nothing new.

    Args:
        judge: a chat judge; any other answers at once, so nothing is done for it.
        work: repeatable, without effects that last.

    Raises:
        StopRunError: as the judge does (a budget spent, no access).
    """
    if not isinstance(judge, Gathers) or judge.gathers:
        return  # within another gathering this work is part of that
    asked: set[str] = set()
    while True:
        with judge.gathering() as waiting:
            work()
        new = {key: ask for key, ask in waiting.items() if key not in asked}
        if not new:
            return
        asked |= {*new}
        judge.ask([*new.values()])
