"""One request and what it comes to, at a server that misbehaves."""

import json

import pytest
from scripted_client import ASK, QUICK, client_of, failure_with, in_turn

from s3eval.remote.capabilities import ServerCapabilities
from s3eval.remote.client import ChatClient, ChatRequest, Sampling
from s3eval.remote.endpoint import Endpoint
from s3eval.remote.envelope import number
from s3eval.remote.exchange import reply_of
from s3eval.remote.failures import CallError
from s3eval.testing.chat_server import Said, scripted


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
