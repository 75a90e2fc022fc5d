"""A chat server that answers after a fixed time and takes any number of requests at once.

    python benchmarks/busy_server.py --latency 1.0        # prints its address, serves until killed

It reads requests whole and looks at none of them, so that what is measured is the client. On
``GET /counts`` it says, as JSON, each change of the number of requests that wait for their answer,
as [seconds, number], and the bytes received; they begin anew with ``GET /reset``.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import multiprocessing
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

REPLY = json.dumps(
    {
        "model": "busy",
        "choices": [{"finish_reason": "stop", "message": {"role": "assistant", "content": "yes"}}],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 1},
    }
)


@dataclass
class Counts:
    """What was asked of the server so far."""

    changes: list[tuple[float, int]] = field(default_factory=list)
    waiting: int = 0
    received: int = 0

    def change(self, by: int) -> None:
        """A request came or was answered."""
        self.waiting += by
        self.changes.append((time.monotonic(), self.waiting))


class BusyServer:
    """Serves on loopback.

    Args:
        latency: seconds from the end of a request to its answer.
    """

    def __init__(self, latency: float) -> None:
        self.latency, self.counts = latency, Counts()

    async def connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                first, *lines = head.decode("latin-1").split("\r\n")
                length = next(
                    (int(x[15:]) for x in lines if x[:15].lower() == "content-length:"), 0
                )
                await reader.readexactly(length)
                body = await self._answer(first.split()[1], length)
                writer.write(
                    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                    b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
                )
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, path: str, length: int) -> bytes:
        if path.endswith("/models"):
            return b'{"data": [{"id": "busy"}]}'
        if path.endswith("/counts"):
            return json.dumps([self.counts.changes, self.counts.received]).encode()
        if path.endswith("/reset"):
            self.counts = Counts()
            return b"{}"
        self.counts.received += length
        self.counts.change(1)
        await asyncio.sleep(self.latency)
        self.counts.change(-1)
        return REPLY.encode()

    async def serve(self, port: int, report_port: Any) -> None:
        """Serve until cancelled; ``report_port`` is called with the port."""
        limit = 2**20
        server = await asyncio.start_server(self.connection, "127.0.0.1", port, limit=limit)
        report_port(server.sockets[0].getsockname()[1])
        async with server:
            await server.serve_forever()


def _serve(latency: float, pipe: Connection) -> None:
    asyncio.run(BusyServer(latency).serve(0, pipe.send))


@dataclass(frozen=True)
class Busy:
    """A server in a process of its own."""

    base_url: str

    def counts(self) -> tuple[list[tuple[float, int]], int]:
        """Changes of the number of requests that wait, and bytes received."""
        with urllib.request.urlopen(f"{self.base_url}/counts") as reply:
            changes, received = json.load(reply)
        return [(t, n) for t, n in changes], received


@contextmanager
def busy(latency: float) -> Iterator[Busy]:
    """Serve in another process, as servers do."""
    # Not forked: a fork of a process with threads may inherit a lock that nobody lets go.
    anew = multiprocessing.get_context("spawn")
    here, there = anew.Pipe()
    process = anew.Process(target=_serve, args=(latency, there), daemon=True)
    process.start()
    try:
        yield Busy(f"http://127.0.0.1:{here.recv()}/v1")
    finally:
        process.terminate()
        process.join()


def average_waiting(changes: list[tuple[float, int]], share: float = 0.5) -> float:
    """Requests that waited on average over the middle ``share`` of the time.

    >>> average_waiting([(0.0, 1), (1.0, 3), (3.0, 0), (4.0, 0)])
    3.0
    """
    begun, ended = changes[0][0], changes[-1][0]
    edge = (ended - begun) * (1 - share) / 2
    low, high, total = begun + edge, ended - edge, 0.0
    for (start, waiting), (end, _) in itertools.pairwise(changes):
        total += waiting * max(0.0, min(end, high) - max(start, low))
    return total / (high - low)


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latency", type=float, default=0.5)
    parser.add_argument("--port", type=int, default=0)
    arguments = parser.parse_args()
    server = BusyServer(arguments.latency)
    asyncio.run(
        server.serve(arguments.port, lambda p: print(f"http://127.0.0.1:{p}/v1", flush=True))
    )


if __name__ == "__main__":
    main()
