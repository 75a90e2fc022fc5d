"""A local server that says exactly what a test scripts, and remembers all it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from s3eval.testing.http_service import http_service


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
    served = Served("")

    def handle(method: str, path: str, headers: Mapping[str, str], body: bytes) -> Said:
        asked = Asked(method, path, dict(headers), body)
        with lock:
            before = len(served.asked)
            served.asked.append(asked)
        return answer(asked, before)

    with http_service(handle) as served.root:
        yield served


@pytest.fixture
def service() -> Any:
    return serving
