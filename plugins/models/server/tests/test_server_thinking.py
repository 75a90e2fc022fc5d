"""Models on servers that think: told so, given room for it, their thoughts kept apart."""

from __future__ import annotations

import numpy as np
import pytest
from s3eval_model_server.adapter import ServerModel

from s3eval import Clip, Footage, ModelSpec, Question, S3EvalError, Sampling
from s3eval.testing.chat_server import Said, scripted

SEES = ModelSpec("server", adapter="", sees=True, remote=True)
QUESTION = Question("tonic", "Tonic?", ("yes", "no"), max_tokens=16)


def ask(server, **options):
    quick = {"first_wait": 0.01, "attempts": 1, "timeout": 30.0, "base_url": server.base_url}
    model = ServerModel.load(SEES, {**quick, **options})
    clip = Clip("v", 0.0, 2.0, Sampling())
    shown = Footage(clip, np.zeros((2, 32, 32, 3), np.uint8), np.arange(2.0), None, 2.0)
    try:
        watched = model.watch(model.prepare(shown))
        (answer,) = model.ask(watched, [QUESTION])
        return answer, model.identity()
    finally:
        model.close()


def thinks(message, **more):
    return lambda text, body, before: Said(message=message, **more)


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_reasoning_is_kept_beside_the_answer(field):
    message = {"role": "assistant", "content": "no", field: "yes? The arm does not move."}
    with scripted(thinks(message)) as server:
        answer, _ = ask(server)
    assert (answer.text, answer.thoughts) == ("no", "yes? The arm does not move.")


def test_reasoning_in_parts_is_no_part_of_the_answer():
    parts = [{"type": "thinking", "thinking": "yes?"}, {"type": "text", "text": "no"}]
    with scripted(thinks({"role": "assistant", "content": parts})) as server:
        answer, _ = ask(server)
    assert (answer.text, answer.thoughts) == ("no", "yes?")


def test_a_reply_of_thoughts_alone_is_no_answer():
    message = {"role": "assistant", "content": None, "reasoning_content": "yes, I think"}
    with scripted(thinks(message, finish="length")) as server:
        answer, _ = ask(server)
    assert answer.status == "failed" and "thoughts alone" in answer.reason
    assert "yes" not in answer.text


@pytest.mark.parametrize(
    ("thinking", "tokens", "switch"), [("off", 16, False), ("on", 2064, True), (500, 516, True)]
)
def test_the_server_is_told_and_given_room(thinking, tokens, switch):
    with scripted(lambda text, body, before: Said("no")) as server:
        _, identity = ask(server, thinking=thinking)
    (body,) = [b for b in server.asked if "messages" in b]
    assert body["max_tokens"] == tokens
    assert body["chat_template_kwargs"] == {"enable_thinking": switch}
    assert identity["thinking"] == thinking


def test_what_the_user_says_in_extra_body_wins():
    mine = {"chat_template_kwargs": {"enable_thinking": True, "effort": "low"}}
    with scripted(lambda text, body, before: Said("no")) as server:
        ask(server, thinking="off", extra_body=mine)
    (body,) = [b for b in server.asked if "messages" in b]
    assert body["chat_template_kwargs"] == {"enable_thinking": True, "effort": "low"}


def test_without_the_option_request_and_identity_are_as_they_were():
    with scripted(lambda text, body, before: Said("no")) as server:
        _, identity = ask(server)
    (body,) = [b for b in server.asked if "messages" in b]
    assert body["max_tokens"] == 16 and "chat_template_kwargs" not in body
    assert "thinking" not in identity and identity["extra_body"] == {}


def test_probabilities_are_those_of_the_answer_not_of_a_thought():
    def entry(token, **alternatives):
        listed = [{"token": t, "logprob": v} for t, v in alternatives.items()]
        return {"token": token, "logprob": -0.1, "top_logprobs": listed}

    logprobs = [
        entry("<think>"), entry("yes", yes=-0.1, no=-3.0), entry("</think>"), entry("\n\n"),
        entry("no", yes=-3.0, no=-0.1),
    ]  # fmt: skip
    said = Said("<think>yes</think>\n\nno", logprobs=logprobs)
    with scripted(lambda text, body, before: said) as server:
        answer, _ = ask(server)
    assert answer.probabilities["no"] > 0.9


def test_other_values_are_refused():
    with (
        scripted(lambda text, body, before: Said("no")) as server,
        pytest.raises(S3EvalError, match="1 or more") as caught,
    ):
        ask(server, thinking="maybe")
    assert str(caught.value).endswith("Try: thinking=off, thinking=on or thinking=2048")
