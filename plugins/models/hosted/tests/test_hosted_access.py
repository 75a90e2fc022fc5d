"""What a service refuses, what is tried again, and what may be spent and sent."""

from __future__ import annotations

from typing import Any

import pytest
from hosted_clips import KEY, KINDS, TONIC, WHY, ask, clip, load, said, spec_of

from s3eval import Question, S3EvalError
from s3eval.errors import StopRunError
from s3eval.permission import Permission

pytest.importorskip("httpx")
pytestmark = pytest.mark.usefixtures("service_keys")


REFUSED = {"output": [{"type": "message", "content": [{"type": "refusal", "refusal": "no"}]}]}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fault", [500, 503, 429, 529, "drop"])
def test_what_passes_is_tried_again(kind: str, fault: Any, service: Any) -> None:
    def answer(asked: Any, before: int) -> Any:
        return (200, said(kind), {}) if before else (fault, {"error": {"message": "busy"}}, {})

    with service(answer) as server:
        (answered,), _ = ask(kind, server)
    assert answered.text == "yes" and len(server.asked) == 2


def test_gemini_is_waited_for_as_long_as_it_says(service: Any) -> None:
    import time

    details = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "0.6s"}]
    error = {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "details": details}}
    times: list[float] = []

    def answer(asked: Any, before: int) -> Any:
        times.append(time.monotonic())
        return (200, said("gemini"), {}) if before else (429, error, {})

    with service(answer) as server:
        ask("gemini", server)
    assert times[1] - times[0] >= 0.6


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_refused_key_or_model_ends_the_run_and_the_key_is_not_shown(
    kind: str, status: int, service: Any
) -> None:
    error = {"error": {"message": f"the key {KEY} is wrong"}}
    answer = (status, error, {})
    with (
        service(lambda asked, before: answer) as server,
        pytest.raises(StopRunError) as caught,
    ):
        ask(kind, server)
    assert KEY not in str(caught.value) and "export" in str(caught.value)


def test_gemini_says_400_of_a_wrong_key(service: Any) -> None:
    error = {"error": {"code": 400, "message": "API key not valid.", "status": "INVALID_ARGUMENT"}}
    with service(lambda asked, before: (400, error, {})) as server, pytest.raises(StopRunError):
        ask("gemini", server)
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("kind", "reply", "reason"),
    [
        ("gemini", {"promptFeedback": {"blockReason": "SAFETY"}}, "moderation"),
        ("gemini", said("gemini", "", finishReason="SAFETY"), "moderation"),
        ("gemini", {"candidates": [{"finishReason": "MAX_TOKENS"}]}, "empty"),
        ("gemini", {"candidates": "none"}, "empty"),
        ("claude", said("claude", "", stop_reason="refusal"), "refusal"),
        ("claude", {"content": [{"type": "thinking", "thinking": "hm"}]}, "thoughts alone"),
        ("claude", {"content": 7}, "empty"),
        ("gpt", REFUSED, "refusal"),
        ("gpt", {"status": "incomplete", "incomplete_details": {"reason": "content_filter"}},
         "moderation"),
        ("gpt", [1, 2], "server"),
        ("gemini", "no JSON", "server"),
        ("claude", '{"content": [{"type": "text", "te', "server"),
    ],
)  # fmt: skip
def test_replies_without_an_answer_are_failures(
    kind: str, reply: Any, reason: str, service: Any
) -> None:
    with service(lambda asked, before: (200, reply, {})) as server:
        (answer,), _ = ask(kind, server, attempts=1)
    assert answer.status == "failed" and reason in answer.reason and answer.text == ""


@pytest.mark.parametrize("kind", KINDS)
def test_the_budget_ends_the_run_before_it_is_overspent(kind: str, service: Any) -> None:
    with service(lambda asked, before: (200, said(kind), {})) as server:
        with pytest.raises(StopRunError):
            ask(kind, server, (TONIC, WHY, Question("more", "More?")), max_calls=2)
        assert len(server.asked) == 2
        model = load(kind, server, prompt_price=1.0, completion_price=10.0)
        watched = model.watch(model.prepare(clip()))
        list(model.ask(watched, [TONIC]))
        # 900 tokens of the prompt, those from a cache among them, and 7 with the thoughts.
        assert model._client.account.cost == pytest.approx((900 * 1.0 + 7 * 10.0) / 1e6)
        assert model.spent() == model._client.account.cost
        assert model.usage() == {"tokens_in": 900, "tokens_out": 7}
        model.close()


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_leaves_without_permission(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(S3EvalError, match="--allow-remote"):
        KINDS[kind].load(spec_of(kind), {"model": "m"})
    with pytest.raises(S3EvalError, match="block"):
        allowed = Permission(allow_remote=True, phi="block")
        KINDS[kind].load(spec_of(kind), {"model": "m", "permission": allowed})
    for name in KINDS[kind].key_variables:  # type: ignore[attr-defined]
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(S3EvalError, match="key"):
        allowed = Permission(allow_remote=True, phi="off")
        KINDS[kind].load(spec_of(kind), {"model": "m", "permission": allowed})


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_must_be_named_and_options_known(kind: str) -> None:
    with pytest.raises(S3EvalError, match="Which model"):
        KINDS[kind].load(spec_of(kind), {})
    with pytest.raises(S3EvalError, match="did you mean"):
        KINDS[kind].load(spec_of(kind), {"model": "m", "thinkin": "off"})
