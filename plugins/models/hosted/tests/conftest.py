"""A local server that says exactly what a test scripts, and remembers all it was asked.

Tests of this folder import what several of them use from the module that lies beside them.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from s3eval_model_hosted.adapter import Claude, Gemini, Gpt, HostedModel

from s3eval import Clip, Footage, Question, Sampling, discover
from s3eval.testing.http_service import http_service

sys.path.insert(0, str(Path(__file__).parent))
#: Like a key, and nobody's.
KEY = "sk-a-key-of-some-length-1234567890"


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


KINDS: dict[str, type[HostedModel]] = {"gemini": Gemini, "claude": Claude, "gpt": Gpt}
TONIC = Question("tonic", "Tonic?", ("yes", "no"), max_tokens=16)


def reply(kind: str, text: str = "yes", thoughts: str = "", finish: str = "") -> dict[str, Any]:
    """A reply as the service words it."""
    if kind == "gemini":
        thought = [{"text": thoughts, "thought": True}] if thoughts else []
        parts = [*thought, *([{"text": text}] if text else [])]
        candidate = {"content": {"parts": parts}, "finishReason": finish or "STOP"}
        return {"candidates": [candidate], "usageMetadata": {"promptTokenCount": 400}}
    if kind == "claude":
        blocks = [{"type": "thinking", "thinking": thoughts}] if thoughts else []
        blocks += [{"type": "text", "text": text}] if text else []
        return {"content": blocks, "stop_reason": finish or "end_turn"}
    summary = [{"type": "summary_text", "text": thoughts}] if thoughts else []
    message = {"type": "message", "content": [{"type": "output_text", "text": text}]}
    output = [{"type": "reasoning", "summary": summary}, *([message] if text else [])]
    more = {"incomplete_details": {"reason": finish}} if finish else {}
    return {"status": "incomplete" if finish else "completed", "output": output, **more}


def made(kind: str, root: str, **options: Any) -> HostedModel:
    """The model at a scripted service."""
    spec = next(p.spec for p in discover().of("model") if p.spec.name == kind)
    base = root + ("/v1beta" if kind == "gemini" else "/v1")
    quick = {"model": "m", "first_wait": 0.01, "attempts": 3, "timeout": 30.0, "max_wait": 2.0}
    return KINDS[kind].load(spec, {**quick, "base_url": base, **options})


def asked_of(kind: str, server: Served, questions: Any = (TONIC,), **options: Any) -> list[Any]:
    """A clip's answers, as a run asks for them."""
    pictures = np.random.default_rng(0).integers(0, 255, (4, 48, 64, 3), dtype=np.uint8)
    clip = Footage(Clip("v", 0.0, 2.0, Sampling()), pictures, np.arange(4) / 2, None, 60.0)
    model = made(kind, server.root, **options)
    try:
        watched = model.watch(model.prepare(clip))
        answers = list(model.ask(watched, questions))
        model.release(watched)
        return answers
    finally:
        model.close()


@pytest.fixture
def service_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key of each service."""
    for name in ("GEMINI_API_KEY", "ANTHROPIC_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.setenv(name, KEY)


@pytest.fixture
def hosted(service_keys: None) -> Any:
    """What tests of several files need: replies, a loaded model, its answers, and its key."""
    return SimpleNamespace(reply=reply, load=made, ask=asked_of, tonic=TONIC, key=KEY)
