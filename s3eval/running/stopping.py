"""Stopping a run from outside: Ctrl-C, or SIGTERM as batch schedulers send it.

The first signal lets finish what is in hand, for a while: a model that hangs, or a scheduler that
kills what has not ended in time, must not keep a run from ending in order. A second one stops at
once. Neither loses what was answered, since every answer is stored as it comes.
"""

from __future__ import annotations

import _thread
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from s3eval.signals import handled

__all__ = ["stop_on_signals"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
#: Seconds for what is in hand. Schedulers kill half a minute after SIGTERM (SLURM's KillWait).
GRACE_SECONDS = 20.0
_NOTE = "Stopping: what is in hand is finished first, {:.0f} s at most; Ctrl-C again stops at once."


@contextmanager
def stop_on_signals(
    notify: Callable[[str], None] = lambda line: None,
    grace: float = GRACE_SECONDS,
) -> Iterator[Callable[[], bool]]:
    """While it lasts, the first signal to end is only noted; a second one interrupts.

    Signals are handled in the main thread alone; in another one nothing changes.

    Args:
        notify: told that what is in hand is being finished.
        grace: seconds after the first signal until what is in hand is interrupted, too.

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
    late = threading.Timer(grace, _interrupt_main_thread)
    late.daemon = True

    def handle(number: int, frame: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()
        # Not from here: the main thread may be in the middle of writing to the same stream.
        note = _NOTE.format(grace)
        threading.Thread(target=notify, args=(note,), daemon=True).start()
        late.start()

    with handled(_SIGNALS, handle):
        try:
            yield asked.is_set
        finally:
            late.cancel()


def _interrupt_main_thread() -> None:
    """A second signal, as it were: it also ends a wait in the main thread."""
    main = threading.main_thread().ident
    if main is not None and hasattr(signal, "pthread_kill"):
        signal.pthread_kill(main, signal.SIGINT)
    else:
        _thread.interrupt_main()
