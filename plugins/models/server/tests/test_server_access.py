"""Which server and model are asked, with which key, and what may be spent."""

import pytest
from s3eval_model_server.adapter import ServerModel
from server_clips import HEARS, QUESTIONS, SEES, ask, footage

from s3eval import S3EvalError
from s3eval.errors import StopRunError
from s3eval.permission import Permission
from s3eval.testing.chat_server import Said, scripted


def test_refused_access_stops_the_run_with_one_line():
    with scripted(lambda t, b, n: Said(status=401, body='{"error": "no"}')) as server:
        with pytest.raises(StopRunError, match="cannot be asked"):
            ask(server)
        assert len(server.asked) == 1


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_is_what_the_advice_is_about(status, monkeypatch):
    monkeypatch.delenv("S3EVAL_SERVER_KEY", raising=False)
    refusal = Said(status=status, body='{"error": "no"}')
    with scripted(lambda t, b, n: refusal) as server, pytest.raises(StopRunError) as caught:
        ask(server)
    line = str(caught.value)
    assert "none was sent" in line and "export S3EVAL_SERVER_KEY" in line
    assert "vllm serve" not in line
    monkeypatch.setenv("MINE", "sk-secret")
    with (
        scripted(lambda t, b, n: refusal, listing=status) as server,
        pytest.raises(S3EvalError, match="refuses") as caught,
    ):
        ask(server, key_variable="MINE")
    line = str(caught.value)
    assert "another key than the one sent: export MINE=" in line
    assert "vllm serve" not in line and "sk-secret" not in line


def test_what_is_no_matter_of_keys_still_says_how_to_start_one():
    with (
        scripted(lambda t, b, n: Said(status=404, body='{"error": "no model"}')) as server,
        pytest.raises(StopRunError, match="vllm serve"),
    ):
        ask(server)


def test_a_server_no_clip_may_go_to_is_not_even_contacted(monkeypatch):
    pytest.importorskip(
        "presidio_analyzer", reason="needs the extra phi: without it texts stop first"
    )
    import socket

    def contacted(*args, **more):
        raise AssertionError("the server was contacted")

    monkeypatch.setattr(socket, "getaddrinfo", contacted)
    for spec, kind in ((SEES, "frames"), (HEARS, "sound")):
        options = {"base_url": "https://models.example.org/v1", "permission": Permission(True)}
        with pytest.raises(S3EvalError, match=f"The {kind} of a patient may not be sent"):
            ServerModel.load(spec, {**options, "permission": Permission(True, "block")})


def test_a_budget_stops_the_run():
    with scripted(lambda t, b, n: Said("yes")) as server:
        with pytest.raises(StopRunError, match="3 calls is spent"):
            ask(server, max_calls=3)
        assert len(server.asked) == 3


def test_what_is_spent_is_told_where_something_is_charged(monkeypatch):
    with scripted(lambda t, b, n: Said("yes")) as server:
        prices = {"prompt_price": 1e6, "completion_price": 0.0, "base_url": server.base_url}
        model = ServerModel.load(SEES, prices)
        try:
            watched = model.watch(model.prepare(footage()))
            assert [a.text for a in model.ask(watched, QUESTIONS)]
            used = model._client.account
            assert used.cost == used.prompt_tokens > 0
            assert model.spent() is None  # a server of this machine charges nobody
            object.__setattr__(model._client.endpoint, "local", False)
            assert model.spent() == used.cost
        finally:
            model.close()


def test_nobody_there():
    with pytest.raises(S3EvalError, match=r"No server answers at 127\.0\.0\.1:9") as caught:
        ServerModel.load(SEES, {"base_url": "http://127.0.0.1:9/v1"})
    assert "vllm serve" in str(caught.value)


def test_which_model():
    with scripted(lambda t, b, n: Said("x"), models=("internvl", "qwen")) as server:
        with pytest.raises(S3EvalError, match="Which model") as caught:
            ServerModel.load(SEES, {"base_url": server.base_url})
        assert "internvl, qwen" in str(caught.value)
        with pytest.raises(S3EvalError, match="did you mean 'qwen'"):
            ServerModel.load(SEES, {"base_url": server.base_url, "model": "quen"})
    with scripted(lambda t, b, n: Said("x"), models=("only",)) as server:
        _, identity = ask(server, QUESTIONS[:1])
    assert identity["model"] == "only"
    assert identity["server"] == "this machine"


def test_identity_ignores_what_changes_no_answer():
    with scripted(lambda t, b, n: Said("x")) as server:
        _, one = ask(server, QUESTIONS[:1])
        _, other = ask(server, QUESTIONS[:1], concurrency=2, timeout=9.0)
        _, different = ask(server, QUESTIONS[:1], media="video")
    assert one == other
    assert one != different


def test_another_machine_needs_permission_before_anything_is_sent():
    with pytest.raises(S3EvalError, match="--allow-remote"):
        ServerModel.load(
            SEES, {"base_url": "https://models.example.org/v1", "key_variable": "PATH"}
        )


def test_unknown_options_name_the_nearest():
    with pytest.raises(S3EvalError, match="did you mean 'media'"):
        ServerModel.load(SEES, {"medai": "video"})
