"""What is tried again and waited for, at a server that misbehaves."""

import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from scripted_client import ASK, QUICK, client_of, failure_with, in_turn

from s3eval.remote.client import ChatClient, ChatRequest, RetryPolicy
from s3eval.remote.endpoint import Endpoint
from s3eval.remote.failures import CallError, failure_of_status, retry_after_seconds
from s3eval.testing.chat_server import Said, scripted


@contextmanager
def serving_lists(answers, retry=QUICK):
    """A client of a server that answers GET in turn, and when it was asked."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            status, headers = answers[len(asked)]
            asked.append(time.monotonic())
            self.send_response(status)
            for name, value in {**headers, "Content-Length": "2"}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *arguments):
            """Nothing on the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    client = ChatClient(Endpoint(f"http://127.0.0.1:{server.server_port}/v1", "m"), retry=retry)
    try:
        yield client, asked
    finally:
        client.close()
        server.shutdown()
        server.server_close()


def test_retry_after_is_waited_for():
    limited = Said(status=429, headers={"Retry-After": "1"}, body='{"error": {"message": "slow"}}')
    with scripted(in_turn(limited, Said("hi"))) as server:
        assert client_of(server).complete(ASK).text == "hi"
    assert server.times[1] - server.times[0] >= 1.0


def test_retry_after_holds_back_the_other_workers_too():
    from concurrent.futures import ThreadPoolExecutor

    def answer(text, body, before):
        if text == "first" and not before:
            return Said(status=429, headers={"Retry-After": "1"}, body="{}")
        return Said("ok", wait=0.05)

    with scripted(answer) as server:
        client = client_of(server)

        def ask(text):
            return client.complete(ChatRequest(({"role": "user", "content": text},), 5))

        with ThreadPoolExecutor(4) as pool:
            first = pool.submit(ask, "first")
            ends = time.monotonic() + 20
            # Until the 429 has arrived, however long that takes on a busy machine.
            while not client._pause._not_before and time.monotonic() < ends:
                time.sleep(0.01)
            others = [pool.submit(ask, f"other {i}") for i in range(3)]
            assert all(f.result().text == "ok" for f in [first, *others])
    assert min(server.times[1:]) - server.times[0] >= 0.9


def test_what_is_downloaded_is_tried_again_as_often_as_was_said():
    with serving_lists([(502, {}), (429, {"Retry-After": "0.2"}), (200, {})]) as (client, asked):
        with pytest.raises(CallError, match="HTTP 502"):
            client.text_of("GET", "/models", max_bytes=100)
        assert client.text_of("GET", "/models", max_bytes=100, attempts=2) == "{}"
        assert len(asked) == 3 and asked[2] - asked[1] >= 0.2


def test_closing_the_client_ends_the_wait_for_another_try():
    retry = RetryPolicy(timeout=10.0, attempts=4, first_wait=60.0, max_wait=60.0)
    with serving_lists([(503, {})] * 4, retry) as (client, asked):

        def close_once_asked():
            while not asked:
                time.sleep(0.01)
            time.sleep(0.3)
            client.close()

        threading.Thread(target=close_once_asked, daemon=True).start()
        begun = time.monotonic()
        with pytest.raises(CallError, match=r"stopped|HTTP 503"):
            client.text_of("GET", "/models", max_bytes=100, attempts=4)
        assert time.monotonic() - begun < 20 and len(asked) == 1


def test_a_wait_longer_than_allowed_ends_the_request():
    with scripted(in_turn(Said(status=429, headers={"Retry-After": "3600"}, body="{}"))) as server:
        error = failure_with(server)
    assert error.kind == "rate-limited"
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "bad",
    [
        Said(status=500, body="oops"),
        Said(status=503, body="{}"),
        Said(drop="before"),
        Said("hello", drop="half"),
        Said(body='{"choices": [{"mess'),
    ],
    ids=["500", "503", "dropped", "half a body", "half a JSON"],
)
def test_transient_failures_are_tried_again(bad):
    with scripted(in_turn(bad, bad, Said("hi"))) as server:
        assert client_of(server).complete(ASK).text == "hi"
    assert len(server.asked) == 3


def test_tries_end():
    with scripted(in_turn(Said(status=500, body="oops"))) as server:
        error = failure_with(server)
        assert error.kind == "server"
        assert "oops" in error.reason
    assert len(server.asked) == QUICK.attempts


def test_slow_server_times_out():
    ended = threading.Event()

    def answer(text, body, before):
        if before:
            return Said("hi")
        ended.wait(30)
        return Said("late")

    # Further tries, since on a busy machine one that is answered at once may take that long, too.
    slow = RetryPolicy(timeout=0.5, attempts=8, first_wait=0.01)
    with scripted(answer) as server:
        assert client_of(server, retry=slow).complete(ASK).text == "hi"
        ended.set()


def test_nobody_listens():
    client = ChatClient(
        Endpoint("http://127.0.0.1:9/v1", "m"),
        retry=RetryPolicy(timeout=1.0, attempts=2, first_wait=0.01, give_up_after=2),
    )
    kinds = []
    for _ in range(3):
        with pytest.raises(CallError) as caught:
            client.complete(ASK)
        kinds.append(caught.value.kind)
        if len(kinds) == 1:
            assert "127.0.0.1:9" in caught.value.reason, "which server does not answer"
    assert kinds == ["connection", "connection", "down"]


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [({"retry-after": "2"}, 2.0), ({"retry-after": "-3"}, 0.0), ({}, None),
     ({"retry-after": "x"}, None), ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0)],
)  # fmt: skip
def test_retry_after_forms(headers, seconds):
    assert retry_after_seconds(headers) == seconds


def test_unknown_statuses_are_bad_requests():
    assert failure_of_status(418, {}, "teapot").kind == "bad-request"
