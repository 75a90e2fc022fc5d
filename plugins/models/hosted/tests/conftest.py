"""A local server that says exactly what a test scripts, and remembers all it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest


@dataclass(frozen=True)
class Asked:
    """One request: method, path, headers in lower case, body."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Served:
    """The server's address and what it was asked."""

    root: str
    asked: list[Asked] = field(default_factory=list)

    def of(self, method: str, part: str = "") -> list[Asked]:
        return [a for a in self.asked if a.method == method and part in a.path]


#: (status, body as text or JSON, headers); "drop" as status cuts the connection.
Said = tuple[Any, Any, dict[str, str]]


@contextmanager
def serving(answer: Callable[[Asked, int], Said]) -> Iterator[Served]:
    """A server on loopback; ``answer`` gets a request and how many came before."""
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *arguments: Any) -> None:
            pass

        def _any(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            headers = {k.lower(): v for k, v in self.headers.items()}
            asked = Asked(self.command, self.path, headers, self.rfile.read(length))
            with lock:
                before = len(served.asked)
                served.asked.append(asked)
            status, body, more = answer(asked, before)
            if status == "drop":
                self.close_connection = True
                self.connection.close()
                return
            raw = (body if isinstance(body, str) else json.dumps(body)).encode()
            self.send_response(status)
            for name, value in {**more, "Content-Length": str(len(raw))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(raw)

        do_GET = do_POST = do_DELETE = _any

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            pass

    httpd = Quiet(("127.0.0.1", 0), Handler)
    served = Served(f"http://127.0.0.1:{httpd.server_address[1]}")
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield served
    finally:
        httpd.shutdown()
        httpd.server_close()
        thread.join()


@pytest.fixture
def service() -> Any:
    return serving
