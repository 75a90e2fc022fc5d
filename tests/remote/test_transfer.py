"""Servers that are slow without end, reply without end, or say who they are and lie."""

import gzip
import json
import re
import socket
import threading
import time
from contextlib import contextmanager

import pytest

from s3eval.errors import S3EvalError
from s3eval.permission import LOCAL_ONLY
from s3eval.privacy import Gate
from s3eval.remote.client import ChatClient, ChatRequest, RetryPolicy
from s3eval.remote.endpoint import Endpoint, is_local
from s3eval.remote.failures import CallError

ASK = ChatRequest(({"role": "user", "content": "hello"},), max_tokens=20)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
GOOD = json.dumps({"choices": [{"message": {"content": "hi"}}]}).encode()


def sized(body, *headers):
    return HEAD + b"".join(h + b"\r\n" for h in headers) + b"Content-Length: %d\r\n\r\n" % len(body)


def read_request(connection):
    """All of it: closing a connection with bytes unread resets it, and the reply may be lost."""
    got = connection.recv(65_536)
    while got and b"\r\n\r\n" not in got:
        got += connection.recv(65_536)
    head, _, body = got.partition(b"\r\n\r\n")
    stated = re.search(rb"content-length: *(\d+)", head.lower())
    left = (int(stated[1]) if stated else 0) - len(body)
    while left > 0 and (more := connection.recv(65_536)):
        left -= len(more)


@contextmanager
def raw_server(pieces, *, host="127.0.0.1", pause=0.0):
    """Writes ``pieces()`` to whoever sends anything, with a pause between the pieces."""
    listener = socket.create_server((host, 0))
    stop = threading.Event()

    def serve(connection):
        with connection:
            try:
                read_request(connection)
                for piece in pieces():
                    if stop.is_set():
                        return
                    connection.sendall(piece)
                    stop.wait(pause)
            except OSError:
                pass  # the client has gone, which is the point

    def accept():
        while not stop.is_set():
            try:
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
            except OSError:
                return

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://{host}:{listener.getsockname()[1]}/v1"
    finally:
        stop.set()
        listener.close()


def failure_at(url, *, timeout=30.0, ask=lambda client: client.complete(ASK)):
    client = ChatClient(Endpoint(url, "m"), retry=RetryPolicy(timeout=timeout, attempts=1))
    begun = time.monotonic()
    try:
        with pytest.raises(CallError) as caught:
            ask(client)
    finally:
        client.close()
    return caught.value, time.monotonic() - begun


def endless(first, piece):
    def pieces():
        yield first
        while True:
            yield piece

    return pieces


DRIPS = {
    "body": endless(HEAD + b"Content-Length: 99999\r\n\r\n", b" "),
    "body in chunks": endless(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "headers": endless(HEAD, b"X-More: 1\r\n"),
    "status": endless(b"HTTP/1.1 200 ", b"O"),
    "information": endless(b"", b"HTTP/1.1 103 Early\r\n\r\n"),
}


@pytest.mark.parametrize("pieces", DRIPS.values(), ids=DRIPS.keys())
@pytest.mark.parametrize("what", ["completion", "models"])
def test_a_byte_now_and_then_does_not_outlast_the_deadline(pieces, what):
    ask = {"completion": lambda c: c.complete(ASK), "models": lambda c: c.models()}[what]
    with raw_server(pieces, pause=0.05) as url:
        error, seconds = failure_at(url, timeout=0.4, ask=ask)
    assert error.kind == "timeout"
    # Without a deadline it would never end.
    assert seconds < 10.0


BOMB = gzip.compress(b" " * 200_000_000, 9)
TOO_LONG = {
    "stated": lambda: [HEAD + b"Content-Length: 2000000000\r\n\r\n", b" " * 2**20],
    "stated beyond numbers": lambda: [HEAD + b"Content-Length: " + b"9" * 30 + b"\r\n\r\n"],
    "endless": endless(HEAD + b"\r\n", b" " * 2**16),
    "endless chunks": endless(
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + b" " * 65_536 + b"\r\n"
    ),
    "gzip bomb": lambda: [sized(BOMB, b"Content-Encoding: gzip") + BOMB],
    "gzip bomb after a small member": lambda: [
        sized(gzip.compress(b" ") + BOMB, b"Content-Encoding: gzip") + gzip.compress(b" ") + BOMB
    ],
}


@pytest.mark.parametrize("pieces", TOO_LONG.values(), ids=TOO_LONG.keys())
def test_a_reply_longer_than_any_answer_is_not_read(pieces):
    with raw_server(pieces) as url:
        error, _ = failure_at(url)
    assert error.kind in ("oversized", "connection")
    assert not error.stops_all


def test_memory_stays_bounded_by_the_limit_of_a_reply():
    import tracemalloc

    pieces = TOO_LONG["gzip bomb"]
    with raw_server(pieces) as url:
        tracemalloc.start()
        error, _ = failure_at(url)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert error.kind == "oversized"
    assert most < 20 * 2**20


def test_headers_without_end_are_refused():
    with raw_server(endless(HEAD, b"X-Long: " + b"a" * 60_000 + b"\r\n")) as url:
        error, _ = failure_at(url)
    assert error.kind == "connection"


def test_packed_replies_are_unpacked_and_other_packing_is_refused():
    packed = gzip.compress(GOOD)
    with raw_server(lambda: [sized(packed, b"Content-Encoding: gzip") + packed]) as url:
        assert ChatClient(Endpoint(url, "m")).complete(ASK).text == "hi"
    with raw_server(lambda: [sized(packed, b"Content-Encoding: br") + packed]) as url:
        error, _ = failure_at(url)
    assert error.kind == "server"


@pytest.mark.parametrize("body", [b"[" * 200_000, b'{"choices": NaN}', b"\xff\xfe{", b"1" * 9000])
def test_json_that_is_none_or_too_deep_is_a_failure(body):
    with raw_server(lambda: [sized(body) + body]) as url:
        error, _ = failure_at(url)
    assert error.kind in ("server", "empty")


def test_a_long_page_behind_an_error_is_cut_and_its_status_kept():
    head = b"HTTP/1.1 401 No\r\nContent-Type: text/html\r\n\r\n"
    with raw_server(endless(head, b"<p>\x1b[2Jno</p>" * 4000)) as url:
        error, _ = failure_at(url)
    assert error.kind == "access"
    assert len(error.reason) < 250
    assert error.reason.isprintable()


def resolving(monkeypatch, answers):
    real = socket.getaddrinfo

    def resolve(host, *args, **kwargs):
        name = host.decode() if isinstance(host, bytes) else host
        wanted = answers.get(name)
        if wanted is None:
            return real(host, *args, **kwargs)
        return [entry for address in wanted for entry in real(address, *args, **kwargs)]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


@pytest.mark.parametrize(
    ("name", "addresses", "local"),
    [
        ("localhost", ("127.0.0.1",), True),
        ("models.localhost", ("::1", "127.0.0.1"), True),
        ("models.localhost", ("127.0.0.2",), False),
        ("localhost", ("10.0.0.5",), False),
        ("models.localhost", ("127.0.0.1", "10.0.0.5"), False),
        ("localhost.", ("192.168.0.9",), False),
    ],
)
def test_a_name_is_this_machine_only_where_all_it_resolves_to_is(
    name, addresses, local, monkeypatch
):
    resolving(monkeypatch, {name.rstrip("."): addresses})
    assert is_local(f"http://{name}:8000/v1") is local
    if not local:
        with pytest.raises(S3EvalError, match="not this machine"):
            Gate(Endpoint(f"http://{name}:8000/v1", "m"), LOCAL_ONLY)


def test_a_name_that_changes_after_the_check_is_not_followed(monkeypatch):
    received = []

    def pieces():
        received.append("request")
        return [sized(GOOD) + GOOD]

    with raw_server(pieces, host="127.0.0.2") as url:
        port = url.split(":")[2].split("/")[0]
        resolving(monkeypatch, {"models.localhost": ("127.0.0.1",)})
        endpoint = Endpoint(f"http://models.localhost:{port}/v1", "m")
        resolving(monkeypatch, {"models.localhost": ("127.0.0.2",)})
        client = ChatClient(endpoint, retry=RetryPolicy(timeout=30.0, attempts=1))
        with pytest.raises(CallError, match="no server answers"):
            client.complete(ASK)
        client.close()
    assert received == []


def test_a_name_of_this_machine_is_reached_under_its_own_name(monkeypatch):
    resolving(monkeypatch, {"models.localhost": ("::1", "127.0.0.1")})
    with raw_server(lambda: [sized(GOOD) + GOOD]) as url:
        endpoint = Endpoint(url.replace("127.0.0.1", "models.localhost"), "m")
        client = ChatClient(endpoint, retry=RetryPolicy(timeout=30.0, attempts=1))
        assert client.complete(ASK).text == "hi"
        client.close()


@pytest.mark.parametrize(
    "url",
    [
        "http://evil.example;.localhost/v1",
        "http://127.0.0.1\\@evil.example/v1",
        "http://127.0.0.1:port/v1",
        "http://[::1/v1",
        "http://127.0.0.1/v1#x",
        "http://local host/v1",
    ],
)
def test_addresses_that_programs_read_differently_are_refused(url):
    with pytest.raises(S3EvalError):
        Endpoint(url, "m")


def test_closing_ends_what_is_under_way():
    with raw_server(DRIPS["body"], pause=0.05) as url:
        client = ChatClient(Endpoint(url, "m"), retry=RetryPolicy(timeout=60.0, attempts=1))
        threading.Timer(0.3, client.close).start()
        begun = time.monotonic()
        with pytest.raises(CallError, match="stopped"):
            client.complete(ASK)
    assert time.monotonic() - begun < 20.0
