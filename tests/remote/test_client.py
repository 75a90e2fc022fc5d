"""One request against a server that misbehaves."""

import json
import logging
import pickle
import threading
import time
import traceback
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from s3eval.errors import S3EvalError
from s3eval.remote.budget import Budget, BudgetSpent, Prices
from s3eval.remote.capabilities import ServerCapabilities
from s3eval.remote.client import ChatClient, ChatRequest, RetryPolicy, Sampling
from s3eval.remote.endpoint import Endpoint, find_key
from s3eval.remote.envelope import number
from s3eval.remote.exchange import reply_of
from s3eval.remote.failures import CallError, failure_of_status, retry_after_seconds
from s3eval.remote.secret import Secret
from s3eval.testing.chat_server import Said, scripted

KEY = "sk-test-0123456789abcdef"
QUICK = RetryPolicy(timeout=10.0, attempts=4, first_wait=0.01, max_wait=5.0, concurrency=4)
ASK = ChatRequest(({"role": "user", "content": "hello"},), max_tokens=50)


def client_of(server, **more):
    endpoint = Endpoint(server.base_url, "scripted", Secret(KEY))
    return ChatClient(endpoint, retry=more.pop("retry", QUICK), **more)


def failure_with(server, **more):
    with pytest.raises(CallError) as caught:
        client_of(server, **more).complete(ASK)
    return caught.value


def in_turn(*said):
    return lambda text, body, before: said[min(before, len(said) - 1)]


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


def test_reply_carries_settings_and_usage():
    with scripted(in_turn(Said("hi"))) as server:
        reply = client_of(server, sampling=Sampling(0.0, 7)).complete(ASK)
    assert (reply.text, reply.prompt_tokens, reply.completion_tokens) == ("hi", 100, 20)
    assert reply.settings["temperature"] == 0.0
    assert reply.settings["seed"] == 7
    assert reply.settings["answered_by"] == "scripted-0001"
    assert server.asked[0]["temperature"] == 0.0
    assert server.asked[0]["seed"] == 7


@pytest.mark.parametrize("count", [10**400, 1e308, -5, "many", True, None, float("nan")])
def test_a_count_of_tokens_that_is_none_costs_no_answer(count):
    usage = {"prompt_tokens": count, "completion_tokens": count}
    body = {"choices": [{"message": {"content": "hi"}, "finish_reason": "stop"}], "usage": usage}
    reply = reply_of(json.dumps(body), {"model": "m"})
    assert (reply.text, reply.prompt_tokens) == ("hi", None)
    assert number(count) is None


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
            while client.account.calls < 1:  # until the 429 has arrived
                time.sleep(0.01)
            time.sleep(0.1)
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


def test_what_is_learned_of_a_request_counts_once_for_all_that_were_sent_with_it():
    refusal = CallError("unsupported", "no formats", parameter="response_format")
    client = ChatClient(Endpoint("http://127.0.0.1:1/v1", "m"), retry=QUICK)
    request = ChatRequest(ASK.messages, 50, schema={"type": "object"})
    sent_with = ServerCapabilities()
    # Two workers sent the same; the second one hears of it after the first has learned.
    assert client.learn(refusal, sent_with) and client.learn(refusal, sent_with)
    assert client.body_of(request)["response_format"] == {"type": "json_object"}
    # Without what it was sent with, each refusal goes a step further, to the end.
    assert client.learn(refusal)
    assert "response_format" not in client.body_of(request)
    assert not client.learn(refusal)
    assert not client.learn(CallError("server", "down", parameter="seed"))
    client.close()


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
    slow = RetryPolicy(timeout=0.2, attempts=2, first_wait=0.01)
    with scripted(in_turn(Said("late", wait=1.0), Said("hi"))) as server:
        assert client_of(server, retry=slow).complete(ASK).text == "hi"


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
    ("said", "kind"),
    [
        (Said(""), "empty"),
        (Said(body='{"choices": []}'), "empty"),
        (Said(body='{"choices": [{"message": {"content": null}}]}'), "empty"),
        (Said(message={"content": None, "refusal": "I cannot help"}), "refusal"),
        (Said("part", finish="content_filter"), "moderation"),
        (Said(status=400, body='{"error": {"code": "data_inspection_failed"}}'), "moderation"),
        (Said(status=400, body='{"error": {"code": "content_filter"}}'), "moderation"),
        (Said(status=400, body='{"error": {"message": "prompt too long"}}'), "bad-request"),
        (Said(status=401, body='{"error": {"message": "bad key"}}'), "access"),
        (Said(status=404, body='{"error": {"message": "no such model"}}'), "access"),
        (Said(status=429, body='{"error": {"code": "insufficient_quota"}}'), "access"),
        (Said(status=307, headers={"Location": "http://example.org/"}, body=""), "access"),
        (Said(body='{"error": {"message": "blocked by moderation"}}'), "moderation"),
    ],
)  # fmt: skip
def test_what_cannot_be_helped_is_named_and_not_repeated(said, kind):
    with scripted(in_turn(said)) as server:
        error = failure_with(server)
    assert error.kind == kind
    assert len(server.asked) == 1


def test_refused_parameters_are_left_out_and_recorded():
    def answer(text, body, before):
        if "response_format" in body:
            kind = body["response_format"]["type"]
            return Said(status=400, body=f'{{"error": {{"message": "{kind} is not supported"}}}}') \
                if kind == "json_schema" else Said("{}")  # fmt: skip
        return Said("no format")

    def picky(text, body, before):
        if "temperature" in body:
            return Said(status=400, body='{"error": {"param": "temperature", "message": "only 1"}}')
        if "max_tokens" in body:
            message = "Use 'max_completion_tokens' instead of 'max_tokens'."
            return Said(status=400, body=f'{{"error": {{"message": "{message}"}}}}')
        return answer(text, body, before)

    with scripted(picky) as server:
        client = client_of(server)
        wanted = ChatRequest(ASK.messages, 50, schema={"type": "object"})
        reply = client.complete(wanted)
        assert reply.settings["temperature"] == "server default"
        assert reply.settings["structured"] == "json_object"
        first = len(server.asked)
        client.complete(wanted)
    assert len(server.asked) == first + 1, "what was learned is not tried again"
    assert server.asked[-1]["max_completion_tokens"] == 50


def _with_locals(error):
    """The traceback with every frame's variables, without this file's (they hold the key)."""
    inner = error.__traceback__.tb_next
    return traceback.TracebackException(type(error), error, inner, capture_locals=True).format()


def test_the_key_is_shown_nowhere(caplog, monkeypatch):
    caplog.set_level(logging.DEBUG)
    echo = f'{{"error": {{"message": "Incorrect API key provided: {KEY}"}}}}'
    with scripted(in_turn(Said(status=401, body=echo))) as server:
        client = client_of(server)
        with pytest.raises(CallError) as caught:
            client.complete(ASK)
        shown = [
            repr(client.endpoint),
            str(vars(client)),
            str(caught.value),
            "".join(traceback.format_exception(caught.value)),
            *_with_locals(caught.value),
            caplog.text,
            repr(Secret(KEY)),
            f"{Secret(KEY)}",
        ]
        assert server.headers[0]["Authorization"] == f"Bearer {KEY}"
    assert all(KEY not in text for text in shown)
    with pytest.raises(TypeError):
        pickle.dumps(Secret(KEY))


@pytest.mark.parametrize(
    "said",
    [
        Said(status=401, body=f'{{"error": {{"message": "{"x" * 180} {KEY}"}}}}'),
        Said(status=502, body="x" * 180 + KEY),
        Said(body=f'{{"error": {{"message": "bad key {KEY}"}}}}'),
        Said(f"your key is {KEY}", finish="content_filter"),
    ],
    ids=["cut in the middle", "no JSON", "an error in a success", "what the model said"],
)
def test_a_key_the_server_echoes_is_not_shown_even_in_part(said):
    with scripted(in_turn(said)) as server:
        error = failure_with(server)
    assert KEY[:8] not in f"{error} {error.reason} {error.raw}"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ('{"choices": "abc", "usage": [1]}', "empty"),
        ('{"choices": [{"message": "abc", "finish_reason": 3}]}', "empty"),
        ('{"choices": [{"message": {"content": "hi"}, "logprobs": [1]}]}', None),
        ('{"choices": [{"message": {"content": "hi"}, "logprobs": {"content": [1]}}]}', None),
        ('{"choices": [{"message": {"content": "hi"}}], "usage": {"prompt_tokens": -5}}', None),
        ('{"choices": [{"message": {"content": "hi"}}], "usage": {"prompt_tokens": 1e999}}', None),
    ],
)
def test_a_response_of_another_shape_fails_alone_or_is_read(body, kind):
    with scripted(in_turn(Said(body=body))) as server:
        if kind:
            assert failure_with(server).kind == kind
        else:
            reply = client_of(server).complete(ASK)
            assert (reply.text, reply.logprobs, reply.prompt_tokens) == ("hi", (), None)


def test_a_local_server_is_not_reached_through_a_proxy(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    with scripted(in_turn(Said("direct"))) as server:
        assert client_of(server).complete(ASK).text == "direct"


def test_budget_counts_every_try_and_is_never_exceeded():
    with scripted(in_turn(Said(status=500, body=""))) as server:
        client = client_of(server, budget=Budget(max_calls=2))
        with pytest.raises(BudgetSpent):
            client.complete(ASK)
    assert len(server.asked) == 2
    assert client.budget.spent_calls == 2


def test_cost_is_settled_at_what_the_server_counts():
    prices = Prices(10.0, 100.0)
    with scripted(in_turn(Said("hi", usage=(1000, 10)))) as server:
        client = client_of(server, prices=prices)
        client.complete(ASK)
    assert client.account.cost == pytest.approx(0.011)
    assert (client.account.prompt_tokens, client.account.completion_tokens) == (1000, 10)


def test_a_call_that_may_cost_more_than_is_left_is_not_made():
    with scripted(in_turn(Said("hi"))) as server:
        bound = client_of(server, prices=Prices(10.0, 100.0)).bound(ASK)
        budget = Budget(max_cost=bound * 0.99)
        client = client_of(server, prices=Prices(10.0, 100.0), budget=budget)
        with pytest.raises(BudgetSpent):
            client.complete(ASK)
    assert server.asked == []


def test_what_may_have_been_billed_without_a_reply_counts_at_its_bound():
    quick = RetryPolicy(timeout=0.2, attempts=1)
    with scripted(in_turn(Said("late", wait=0.6))) as server:
        client = client_of(server, prices=Prices(10.0, 100.0), retry=quick)
        with pytest.raises(CallError):
            client.complete(ASK)
    assert client.account.cost == pytest.approx(client.bound(ASK))


def test_a_cost_limit_needs_prices():
    with pytest.raises(S3EvalError, match="prices"):
        ChatClient(Endpoint("https://api.example.org/v1", "m"), budget=Budget(max_cost=1.0))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [({"retry-after": "2"}, 2.0), ({"retry-after": "-3"}, 0.0), ({}, None),
     ({"retry-after": "x"}, None), ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0)],
)  # fmt: skip
def test_retry_after_forms(headers, seconds):
    assert retry_after_seconds(headers) == seconds


def test_unknown_statuses_are_bad_requests():
    assert failure_of_status(418, {}, "teapot").kind == "bad-request"


def test_keys_come_from_the_environment_then_the_keyring(monkeypatch):
    import keyring
    from keyring.backend import KeyringBackend

    class Fake(KeyringBackend):
        priority = 1

        def get_password(self, service, username):
            return "from-keyring" if (service, username) == ("s3eval", "gpt") else None

        def set_password(self, *args):
            raise NotImplementedError

        delete_password = set_password

    before = keyring.get_keyring()
    keyring.set_keyring(Fake())
    try:
        monkeypatch.setenv("SOME_KEY", "from-environment")
        assert find_key("gpt", ("SOME_KEY",), required=True).reveal() == "from-environment"
        monkeypatch.delenv("SOME_KEY")
        assert find_key("gpt", ("SOME_KEY",), required=True).reveal() == "from-keyring"
        with pytest.raises(S3EvalError, match="No key for 'kimi'"):
            find_key("kimi", ("SOME_KEY",), required=True)
        assert find_key("kimi", ("SOME_KEY",), required=False) is None
    finally:
        keyring.set_keyring(before)


@pytest.mark.parametrize(
    "url", ["ftp://x/v1", "localhost:8000", "https://key@api.example.org/v1", "https://a/v1?key=1"]
)
def test_addresses_that_are_refused(url):
    with pytest.raises(S3EvalError):
        Endpoint(url, "m")


@pytest.mark.parametrize(
    ("url", "local"),
    [("http://localhost:1/v1", True), ("http://127.8.8.8/v1", True), ("http://[::1]:5/v1", True),
     ("http://localhost.example.org/v1", False), ("http://192.168.0.4/v1", False),
     ("http://127.0.0.1.example.org/v1", False), ("http://0.0.0.0/v1", False)],
)  # fmt: skip
def test_what_is_this_machine(url, local):
    assert Endpoint(url, "m").local is local
