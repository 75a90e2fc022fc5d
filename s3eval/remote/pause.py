"""A pause that all workers of an endpoint keep together."""

from __future__ import annotations

import threading
import time

__all__ = ["Pause"]


class Pause:
    """Nobody sends before the time the server named; ``stop`` wakes everybody up.

    >>> pause = Pause()
    >>> pause.wait()
    True
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._not_before = 0.0
        self._stopped = threading.Event()

    def until(self, seconds: float) -> None:
        """Nobody sends for so many seconds from now."""
        with self._lock:
            self._not_before = max(self._not_before, time.monotonic() + seconds)

    def wait(self) -> bool:
        """Return when sending is allowed: True then, False when stopped."""
        while not self._stopped.is_set():
            with self._lock:
                left = self._not_before - time.monotonic()
            if left <= 0:
                return True
            self._stopped.wait(left)
        return False

    def sleep(self, seconds: float) -> None:
        """Sleep, unless stopped."""
        self._stopped.wait(seconds)

    def stop(self) -> None:
        """End every wait now."""
        self._stopped.set()
