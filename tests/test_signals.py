"""SIGTERM as what Ctrl-C is, and handlers that are as before afterwards."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from s3eval.signals import ended_like_interrupted, handled


def test_the_end_of_a_process_is_an_interruption():
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), ended_like_interrupted():
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(5)
    assert signal.getsignal(signal.SIGTERM) == before


def test_signals_go_to_the_handler_while_it_lasts():
    seen: list[int] = []
    before = signal.getsignal(signal.SIGTERM)
    with handled((signal.SIGTERM,), lambda number, frame: seen.append(number)):
        os.kill(os.getpid(), signal.SIGTERM)
    assert seen == [signal.SIGTERM]
    assert signal.getsignal(signal.SIGTERM) == before


def test_another_thread_handles_none():
    before = signal.getsignal(signal.SIGTERM)
    seen = []

    def elsewhere() -> None:
        with ended_like_interrupted():
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert seen == [before]
