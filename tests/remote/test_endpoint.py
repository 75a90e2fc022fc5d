"""Where requests go, and which key goes with them."""

import logging
import pickle
import traceback

import pytest
from scripted_client import ASK, KEY, client_of, failure_with, in_turn

from s3eval.errors import S3EvalError
from s3eval.remote.endpoint import Endpoint, find_key
from s3eval.remote.failures import CallError
from s3eval.remote.secret import Secret
from s3eval.testing.chat_server import Said, scripted


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


def test_a_local_server_is_not_reached_through_a_proxy(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    with scripted(in_turn(Said("direct"))) as server:
        assert client_of(server).complete(ASK).text == "direct"


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
