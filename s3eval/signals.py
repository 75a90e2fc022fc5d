"""Signals while something lasts, and SIGTERM as what Ctrl-C is."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any

__all__ = [
    "ended_like_interrupted",
    "handled",
    "restore_signal_handlers",
    "signal_handlers",
]

#: Those that ask a command to end.
_ENDING = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def ended_like_interrupted() -> Iterator[None]:
    """While it lasts, SIGTERM is what Ctrl-C is, so that files and locks are left in order.

    >>> import os
    >>> try:
    ...     with ended_like_interrupted():
    ...         os.kill(os.getpid(), signal.SIGTERM)
    ... except KeyboardInterrupt:
    ...     print("interrupted")
    interrupted
    """

    def handle(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    with handled((signal.SIGTERM,), handle):
        yield


@contextmanager
def handled(numbers: tuple[signal.Signals, ...], handle: Any) -> Iterator[None]:
    """While it lasts, signals go to a handler; afterwards to those that had them before.

    Signals are handled in the main thread alone; in another one nothing changes.

    Args:
        numbers: of the signals.
        handle: as `signal.signal` takes it.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handle) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            # None: set by other than Python, and not to be had back.
            signal.signal(number, signal.SIG_DFL if handler is None else handler)


def signal_handlers() -> dict[signal.Signals, Any]:
    """What handles the signals that ask a command to end; nothing outside the main thread.

    >>> sorted(number.name for number in signal_handlers())
    ['SIGINT', 'SIGTERM']
    """
    if threading.current_thread() is not threading.main_thread():
        return {}
    return {number: signal.getsignal(number) for number in _ENDING}


def restore_signal_handlers(before: Mapping[signal.Signals, Any]) -> None:
    """Have signals handled as before, where something else handles them now.

    >>> before = signal_handlers()
    >>> _ = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    >>> restore_signal_handlers(before)
    >>> signal_handlers() == before
    True
    """
    for number, now in signal_handlers().items():
        handler = before.get(number)
        # None: set by other than Python, and not to be had back.
        if handler is not None and now is not handler:
            signal.signal(number, handler)
