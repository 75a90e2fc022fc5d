"""Stopping a run from outside: Ctrl-C, or SIGTERM as batch schedulers send it.

The first signal lets finish what is in hand; a second one stops at once. Both lose nothing that
was answered, since every answer is stored as it comes.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

__all__ = ["ended_like_interrupted", "stop_on_signals"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_NOTE = "Stopping: what is in hand is finished first; Ctrl-C again stops at once."


@contextmanager
def stop_on_signals(
    notify: Callable[[str], None] = lambda line: None,
) -> Iterator[Callable[[], bool]]:
    """While it lasts, the first signal to end is only noted; a second one interrupts.

    Signals are handled in the main thread alone; in another one nothing changes.

    Args:
        notify: told that what is in hand is being finished.

    Yields:
        whether somebody asked to stop.

    >>> import os
    >>> with stop_on_signals() as stopping:
    ...     before = stopping()
    ...     os.kill(os.getpid(), signal.SIGINT)
    ...     before, stopping()
    (False, True)
    """
    asked = threading.Event()

    def handle(number: int, frame: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()
        # Not from here: the main thread may be in the middle of writing to the same stream.
        threading.Thread(target=notify, args=(_NOTE,), daemon=True).start()

    with _handled(_SIGNALS, handle):
        yield asked.is_set


@contextmanager
def ended_like_interrupted() -> Iterator[None]:
    """While it lasts, SIGTERM is what Ctrl-C is, so that files and locks are left in order."""

    def handle(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    with _handled((signal.SIGTERM,), handle):
        yield


@contextmanager
def _handled(numbers: tuple[signal.Signals, ...], handle: Any) -> Iterator[None]:
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
