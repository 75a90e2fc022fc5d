"""A chat server on loopback that misbehaves exactly as told, and remembers all it was asked.

For testing judges and models on servers, the project's and yours.

>>> from s3eval.testing.chat_server import Said, scripted
>>> with scripted(lambda text, body, before: Said(text.upper())) as server:
...     server.base_url.startswith("http://127.0.0.1:")
True
"""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

__all__ = ["Answer", "Said", "Server", "completion", "report_facts", "scripted", "together"]


@dataclass
class Said:
    """One scripted response.

    Attributes:
        text: what the model says.
        status, headers: of the HTTP response.
        body: the whole body, instead of a completion around ``text``.
        wait: seconds before answering.
        drop: cut the connection "before" the response or "half" way through its body.
        finish: the finish reason.
        message: the whole message, instead of one around ``text``.
        usage: prompt and completion tokens, None to send none.
        logprobs: content of ``logprobs``.
    """

    text: str = ""
    status: int = 200
    body: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    wait: float = 0.0
    drop: str = ""
    finish: str = "stop"
    message: dict[str, Any] | None = None
    usage: tuple[int, int] | None = (100, 20)
    logprobs: list[dict[str, Any]] | None = None


#: Says what a server answers: user text, request body, how often this text was asked before.
Answer = Callable[[str, dict[str, Any], int], Said]


@dataclass
class Server:
    """The running server: its address, what it was asked and how busy it was."""

    base_url: str
    asked: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    most_at_once: int = 0

    @property
    def texts(self) -> list[str]:
        """The last user text of each request."""
        return [_user_text(body) for body in self.asked]


def report_facts(text: str) -> dict[str, Any]:
    """What a judge says of a report: its own side, so that replies cannot be mixed up.

    >>> report_facts("The head turns to the right.")["localizing_features"]["head_turning"]
    'right'
    """
    side = "right" if "right" in text else "left"
    return {
        "structural_completeness": ["onset"],
        "event_sequence": ["head_turning"],
        "localizing_features": {
            "head_turning": side,
            "first_motor_laterality": side,
            "asymmetric_posturing": "none",
            "figure_4": "none",
        },
        "content_analysis": {"has_safety_issues": False, "includes_non_seizure": False},
    }


def _user_text(body: dict[str, Any]) -> str:
    content = next(m["content"] for m in body["messages"] if m["role"] == "user")
    return content if isinstance(content, str) else content[-1]["text"]


def together(count: int, answer: Answer, seconds: float = 20.0) -> Answer:
    """Answer the first requests only once so many of them are here.

    What a client sends at the same time is then seen to be sent at the same time, however slow the
    machine is.

    Args:
        count: requests that wait for each other, at least 1.
        answer: what is said to them, and to all later ones at once.
        seconds: after which they are answered although some did not come.

    >>> alone = together(1, lambda text, body, before: Said(text.upper()))
    >>> alone("yes", {}, 0).text
    'YES'
    """
    arrived, numbers = threading.Barrier(count), itertools.count()

    def waiting(text: str, body: dict[str, Any], before: int) -> Said:
        if next(numbers) < count:
            with suppress(threading.BrokenBarrierError):
                arrived.wait(seconds)
        return answer(text, body, before)

    return waiting


@contextmanager
def scripted(
    answer: Answer,
    models: tuple[str, ...] = ("scripted",),
    *,
    listing: int = 200,
    port: int = 0,
) -> Iterator[Server]:
    """Serve ``answer(user text, request body, how often this text was asked before)``.

    Args:
        answer: what it says.
        models: ids it lists; ``listing`` is the HTTP status of the list.
        port: on which it listens, 0 for any free one.
    """
    seen: dict[str, int] = {}
    lock = threading.Lock()
    busy = 0

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # else every response waits 40 ms for an acknowledgement

        def log_message(self, *args: Any) -> None:
            pass

        def do_GET(self) -> None:
            self._send(listing, json.dumps({"data": [{"id": m} for m in models]}), {})

        def do_POST(self) -> None:
            nonlocal busy
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            text = _user_text(body)
            with lock:
                busy += 1
                server.most_at_once = max(server.most_at_once, busy)
                server.asked.append(body)
                server.headers.append(dict(self.headers))
                server.times.append(time.monotonic())
                before = seen.get(text, 0)
                seen[text] = before + 1
            try:
                self._say(answer(text, body, before), body)
            finally:
                with lock:
                    busy -= 1

        def _say(self, reply: Said, body: dict[str, Any]) -> None:
            time.sleep(reply.wait)
            if reply.drop == "before":
                self.close_connection = True
                self.connection.close()
                return
            whole = reply.body if reply.body is not None else json.dumps(completion(reply, body))
            self._send(reply.status, whole, reply.headers, half=reply.drop == "half")

        def _send(
            self, status: int, body: str, headers: dict[str, str], half: bool = False
        ) -> None:
            raw = body.encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw[: len(raw) // 2] if half else raw)
            self.wfile.flush()
            if half:
                self.close_connection = True

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

        def handle_error(self, request: Any, client_address: Any) -> None:
            pass  # clients that time out close their end; that is the point

    httpd = Quiet(("127.0.0.1", port), Handler)
    server = Server(f"http://127.0.0.1:{httpd.server_address[1]}/v1")
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        httpd.shutdown()
        httpd.server_close()
        thread.join()


def completion(reply: Said, body: dict[str, Any]) -> dict[str, Any]:
    """A chat completion as servers send it."""
    choice: dict[str, Any] = {
        "index": 0,
        "finish_reason": reply.finish,
        "message": reply.message or {"role": "assistant", "content": reply.text},
    }
    if reply.logprobs is not None:
        choice["logprobs"] = {"content": reply.logprobs}
    response: dict[str, Any] = {"id": "x", "model": f"{body['model']}-0001", "choices": [choice]}
    if reply.usage is not None:
        response["usage"] = {"prompt_tokens": reply.usage[0], "completion_tokens": reply.usage[1]}
    return response
