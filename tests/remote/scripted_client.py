"""A client of a scripted server, and how a request to it fails."""

import pytest

from s3eval.remote.client import ChatClient, ChatRequest, RetryPolicy
from s3eval.remote.endpoint import Endpoint
from s3eval.remote.failures import CallError
from s3eval.remote.secret import Secret

KEY = "sk-test-0123456789abcdef"
QUICK = RetryPolicy(timeout=30.0, attempts=4, first_wait=0.01, max_wait=5.0, concurrency=4)
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
