"""How much to think, where a model refuses a way of saying it; in the services' own words."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("httpx")


def claude_refuses(body: Any, takes: tuple[str, ...]) -> str:
    """What Anthropic says to a request, "" where the model takes it."""
    if "temperature" in body:
        return "`temperature` is deprecated for this model."
    way = body.get("thinking", {}).get("type", "")
    if not way or way in takes:
        return ""
    return (
        f'"thinking.type.{way}" is not supported for this model. Use "thinking.type.adaptive" and '
        '"output_config.effort" to control thinking behavior.'
    )


def gemini_refuses(body: Any, takes: tuple[str, ...]) -> str:
    """What Google says to a request."""
    config = body["generationConfig"].get("thinkingConfig", {})
    if "thinkingBudget" in config and "budget" not in takes:
        return "Budget 0 is invalid. This model only works in thinking mode."
    level = config.get("thinkingLevel", "")
    if level and level not in takes:
        return f"Thinking level {level.upper()} is not supported for this model. Please retry."
    return ""


def gpt_refuses(body: Any, takes: tuple[str, ...]) -> str:
    """What OpenAI says to a request."""
    reasoning = body.get("reasoning", {})
    if "summary" in reasoning and "summary" not in takes:
        return "Your organization must be verified to generate reasoning summaries."
    effort = reasoning.get("effort", "")
    if effort and effort not in takes:
        return f"Unsupported value: '{effort}' is not supported with the 'm' model."
    return ""


REFUSES = {"claude": claude_refuses, "gemini": gemini_refuses, "gpt": gpt_refuses}
PARAMETER = {"gpt": {"param": "reasoning.effort"}}


def model_that(hosted: Any, kind: str, *takes: str) -> Any:
    """A service whose model takes only these ways."""

    def answer(asked: Any, before: int) -> Any:
        message = REFUSES[kind](asked.json, takes)
        if message:
            return 400, {"error": {"message": message, **PARAMETER.get(kind, {})}}, {}
        return 200, hosted.reply(kind), {}

    return answer


def way_of(kind: str, body: Any) -> Any:
    if kind == "gemini":
        return body["generationConfig"]["thinkingConfig"]
    if kind == "gpt":
        return body["reasoning"]
    return body.get("thinking") or body["output_config"]


@pytest.mark.parametrize(
    ("kind", "takes", "thinking", "way"),
    [
        # Claude Sonnet 5.5; Haiku 5.5; Opus 5.5, which always thinks.
        ("claude", ("adaptive", "between_tools"), "off", {"type": "between_tools"}),
        ("claude", ("adaptive", "disabled"), "off", {"type": "disabled"}),
        ("claude", ("adaptive",), "least", {"effort": "low"}),
        ("claude", ("adaptive",), 2000, {"type": "adaptive", "display": "summarized"}),
        # Gemini 2.5 Flash; 3.5 Flash-Lite; 3.8 Flash.
        ("gemini", ("budget",), "least", {"thinkingBudget": 0, "includeThoughts": False}),
        ("gemini", ("minimal", "low"), "least", {"thinkingLevel": "minimal"}),
        ("gemini", ("low",), "least", {"thinkingLevel": "low"}),
        ("gemini", ("low",), 2000, {"includeThoughts": True}),
        ("gpt", ("minimal", "low"), "least", {"effort": "minimal"}),
        ("gpt", ("low",), "least", {"effort": "low"}),
        ("gpt", ("medium",), 2000, {"effort": "medium"}),
    ],
)
def test_a_way_that_is_refused_is_left_for_the_next_and_not_offered_again(
    kind: str, takes: tuple[str, ...], thinking: Any, way: Any, service: Any, hosted: Any
) -> None:
    with service(model_that(hosted, kind, *takes)) as server:
        answers = hosted.ask(kind, server, [hosted.tonic] * 3, thinking=thinking)
    assert [a.status for a in answers] == ["answered"] * 3
    bodies = [asked.json for asked in server.asked]
    assert way_of(kind, bodies[-1]) == way
    assert all(bodies[-1] == body or REFUSES[kind](body, takes) for body in bodies[:-2])
    assert not any(REFUSES[kind](body, takes) for body in bodies[-3:])


@pytest.mark.parametrize(
    ("kind", "takes"), [("claude", ("adaptive",)), ("gemini", ("low",)), ("gpt", ("low",))]
)
def test_off_fails_where_a_model_must_think(
    kind: str, takes: tuple[str, ...], service: Any, hosted: Any
) -> None:
    with service(model_that(hosted, kind, *takes)) as server:
        (answer,) = hosted.ask(kind, server, thinking="off")
    assert answer.status == "failed" and "unsupported: HTTP 400" in answer.reason
    # What is refused is not sent a second time.
    bodies = [asked.body for asked in server.asked]
    assert len(bodies) == len(set(bodies)) <= 3


def test_a_number_of_tokens_out_of_range_is_said_as_it_is(service: Any, hosted: Any) -> None:
    message = "The thinking budget 9 is invalid. Please choose a value between 128 and 32768."
    error = {"error": {"code": 400, "message": message, "status": "INVALID_ARGUMENT"}}
    with service(lambda asked, before: (400, error, {})) as server:
        (answer,) = hosted.ask("gemini", server, thinking=9)
    assert "between 128 and 32768" in answer.reason and len(server.asked) == 1
