"""Results of requests in flight, as they come and in order."""

from __future__ import annotations

import threading
from concurrent.futures import CancelledError, Future

import pytest

from s3eval.remote.pool import RequestPool, as_completed, in_order


def test_results_come_as_they_are_there_and_in_order_where_that_is_wanted():
    held = threading.Event()
    pool: RequestPool[str] = RequestPool(2)
    futures = {pool.submit(lambda: held.wait(20) and "slow"): 0, pool.submit(lambda: "quick"): 1}
    coming = as_completed(futures)
    assert next(coming) == (1, "quick")
    held.set()
    assert list(coming) == [(0, "slow")]
    assert list(in_order(as_completed(futures))) == ["slow", "quick"]
    pool.close()


def test_what_is_in_flight_is_handed_on_before_an_error_and_the_rest_is_not_put():
    begun, held = threading.Event(), threading.Event()
    pool: RequestPool[str] = RequestPool(2)

    def slow() -> str:
        begun.set()
        held.wait(20)
        return "slow"

    def failing() -> str:
        begun.wait(20)
        raise ValueError("the server is gone")

    futures = {pool.submit(slow): 0, pool.submit(failing): 1}
    waiting: Future[str] = Future()  # as one that no thread has taken yet
    futures[waiting] = 2
    got = []
    with pytest.raises(ValueError, match="the server is gone"):
        threading.Timer(0.05, held.set).start()
        for pair in as_completed(futures):
            got.append(pair)
    assert got == [(0, "slow")]
    assert waiting.cancelled()
    pool.close()


def test_a_pool_that_is_closed_ends_it():
    held = threading.Event()
    pool: RequestPool[str] = RequestPool(1)
    futures = {pool.submit(lambda: held.wait(20) and "first"): 0, pool.submit(lambda: "never"): 1}
    pool.close()
    held.set()
    got = []
    with pytest.raises(CancelledError):
        for pair in as_completed(futures):
            got.append(pair)
    assert got == [(0, "first")]


def test_answers_before_a_gap_are_given_where_the_rest_ends_early():
    def numbered():
        yield 2, "c"
        yield 0, "a"
        raise ValueError("ended")

    got = []
    with pytest.raises(ValueError, match="ended"):
        for result in in_order(numbered()):
            got.append(result)
    assert got == ["a"]
