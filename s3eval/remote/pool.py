"""Requests in flight: so many at once, the first question of each clip ahead of the others.

Results are handed on as they come, so that none waits for a slower one to be kept.
"""

from __future__ import annotations

import itertools
import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from typing import Generic, TypeVar

__all__ = ["RequestPool", "as_completed", "first_ahead", "in_order"]

T = TypeVar("T")
_FIRST, _OTHER, _END = 0, 1, 2


class RequestPool(Generic[T]):
    """Threads that put requests, as `concurrent.futures.ThreadPoolExecutor`, but with a priority.

    A clip's first question is put before any waiting one of another clip: the others of its clip
    cannot be put before it is answered, so that a place would stay empty later.

    Args:
        size: requests at once.
    """

    def __init__(self, size: int) -> None:
        self._waiting: queue.PriorityQueue[
            tuple[int, int, Future[T] | None, Callable[[], T] | None]
        ] = queue.PriorityQueue()
        self._numbers, self._size = itertools.count(), size
        self._lock = threading.Lock()
        # Requests that wait or are in flight.
        self._open, self._threads, self._closed = 0, 0, False

    def submit(self, work: Callable[[], T], *, is_first: bool = False) -> Future[T]:
        """Have a request put; those of the same kind in the order submitted."""
        future: Future[T] = Future()
        with self._lock:
            if self._closed:
                future.cancel()
                return future
            rank = _FIRST if is_first else _OTHER
            self._waiting.put((rank, next(self._numbers), future, work))
            self._open += 1
            if self._threads < min(self._size, self._open):
                self._threads += 1
                name = f"s3eval-request-{self._threads}"
                threading.Thread(target=self._run, name=name, daemon=True).start()
        return future

    def close(self) -> None:
        """Put nothing more; what waits is cancelled, and what is in flight is not waited for."""
        with self._lock:
            self._closed = True
            while True:
                try:
                    _, _, future, _ = self._waiting.get_nowait()
                except queue.Empty:
                    break
                if future is not None:
                    future.cancel()
            for _ in range(self._threads):
                self._waiting.put((_END, next(self._numbers), None, None))

    def _run(self) -> None:
        while True:
            _, _, future, work = self._waiting.get()
            if future is None or work is None:
                return
            if future.set_running_or_notify_cancel():
                _carry_out(future, work)
            with self._lock:
                self._open -= 1


def _carry_out(future: Future[T], work: Callable[[], T]) -> None:
    try:
        result = work()
    except BaseException as error:  # whoever waits for the result raises it
        future.set_exception(error)
    else:
        future.set_result(result)


def as_completed(futures: Mapping[Future[T], int]) -> Iterator[tuple[int, T]]:
    """Each result with its number, as they come.

    Where one raises, those that were not put yet are cancelled, and what is in flight is waited
    for and handed on before: it may have been paid for.

    Raises:
        what the first one raised; CancelledError, where some were cancelled from outside.
    """
    # Unlike the function of the same name in the library it ends where a pool was closed.
    done: queue.SimpleQueue[Future[T]] = queue.SimpleQueue()
    for future in futures:
        future.add_done_callback(done.put)
    raised: BaseException | None = None
    for _ in futures:
        future = done.get()
        try:
            result = future.result()
        except BaseException as error:
            if raised is None or isinstance(raised, CancelledError):
                raised = error
            for other in futures:
                other.cancel()
        else:
            yield futures[future], result
    if raised is not None:
        raise raised


def first_ahead(
    submit: Callable[[int, bool], Future[T]], groups: Iterable[Sequence[int]]
) -> Iterator[tuple[int, T]]:
    """Results with their numbers, as they come; the first request of each group goes ahead alone.

    Args:
        submit: has the request of a number put, as the very first of all or not.
        groups: numbers of requests of which the others find what the first one brought.

    Raises:
        what a request raised; of the first, before any other of its group is put.
    """
    futures: dict[Future[T], int] = {}
    try:
        for first, *rest in groups:
            ahead = submit(first, not futures)
            futures[ahead] = first
            ahead.result()
            others = {submit(number, False): number for number in rest}
            futures |= others
            yield first, ahead.result()
            yield from as_completed(others)
    finally:
        for future in futures:
            future.cancel()


def in_order(numbered: Iterable[tuple[int, T]]) -> Iterator[T]:
    """Results by their numbers, which count from 0 without a gap.

    >>> list(in_order([(1, "b"), (0, "a"), (2, "c")]))
    ['a', 'b', 'c']
    """
    waiting, given = dict[int, T](), 0
    for number, result in numbered:
        waiting[number] = result
        while given in waiting:
            yield waiting.pop(given)
            given += 1
