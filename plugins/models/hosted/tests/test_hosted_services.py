"""Each service's own format against a scripted local server: what is sent and what is read."""

from __future__ import annotations

import base64
import io
import math
from typing import Any

import pytest
from hosted_clips import KEY, KINDS, TONIC, WHY, ask, clip, said

from s3eval import Question, discover

pytest.importorskip("httpx")
pytestmark = pytest.mark.usefixtures("service_keys")


def test_the_models_are_listed_without_importing_anything_large() -> None:
    specs = [p.spec for p in discover().of("model") if p.package == "s3eval-model-hosted"]
    assert [s.name for s in specs] == ["gemini", "claude", "gpt"]
    assert all(s.remote and s.sees for s in specs) and [s.hears for s in specs] == [
        True,
        False,
        False,
    ]


def test_gemini_gets_one_video_with_its_rate_and_sound(service: Any) -> None:
    import av

    with service(lambda asked, before: (200, said("gemini"), {})) as server:
        (answer,), _ = ask("gemini", server)
    (request,) = server.asked
    assert request.path == "/v1beta/models/m:generateContent"
    assert request.headers["x-goog-api-key"] == KEY and "authorization" not in request.headers
    body = request.json
    note, video, question = body["contents"][0]["parts"]
    assert "2.0 seconds" in note["text"] and question == {"text": "Tonic?"}
    assert video["videoMetadata"] == {"fps": 2.0}
    assert body["systemInstruction"] == {"parts": [{"text": "Be brief."}]}
    config = body["generationConfig"]
    assert (config["temperature"], config["seed"], config["maxOutputTokens"]) == (0.0, 0, 16)
    assert "thinkingConfig" not in config
    with av.open(io.BytesIO(base64.b64decode(video["inlineData"]["data"]))) as box:
        assert (len(box.streams.video), len(box.streams.audio)) == (1, 1)
        assert sum(1 for _ in box.decode(video=0)) == 4
    assert answer.text == "yes"


def test_gemini_gets_sound_alone_where_there_is_nothing_to_see(service: Any) -> None:
    with service(lambda asked, before: (200, said("gemini"), {})) as server:
        ask("gemini", server, shown=clip(frames=0))
    (sound, _) = server.asked[0].json["contents"][0]["parts"]
    assert sound["inlineData"]["mimeType"] == "audio/wav"


def test_claude_gets_images_after_their_times_and_keeps_them_in_its_cache(service: Any) -> None:
    with service(lambda asked, before: (200, said("claude"), {})) as server:
        (answer,), _ = ask("claude", server)
    (request,) = server.asked
    assert request.path == "/v1/messages" and request.headers["x-api-key"] == KEY
    assert request.headers["anthropic-version"] == "2023-06-01"
    body = request.json
    content = body["messages"][0]["content"]
    assert [p["type"] for p in content] == ["text", "image"] * 4 + ["text"]
    assert [p["text"] for p in content[::2]] == ["0.0 s:", "0.5 s:", "1.0 s:", "1.5 s:", "Tonic?"]
    assert content[-2]["cache_control"] == {"type": "ephemeral"}
    assert "cache_control" not in content[1] and "seed" not in body
    assert (body["system"], body["max_tokens"]) == ("Be brief.", 16)
    assert answer.text == "yes" and answer.mass is None


def test_gpt_gets_images_and_nothing_is_stored_there(service: Any) -> None:
    with service(lambda asked, before: (200, said("gpt"), {})) as server:
        (answer,), _ = ask("gpt", server)
    (request,) = server.asked
    assert request.path == "/v1/responses" and request.headers["authorization"] == f"Bearer {KEY}"
    body = request.json
    content = body["input"][0]["content"]
    assert [p["type"] for p in content] == ["input_text", "input_image"] * 4 + ["input_text"]
    assert body["store"] is False and body["instructions"] == "Be brief."
    assert body["max_output_tokens"] == 16 and answer.text == "yes"


@pytest.mark.parametrize("kind", KINDS)
def test_thoughts_are_kept_apart_and_have_room(kind: str, service: Any) -> None:
    with service(lambda asked, before: (200, said(kind, "no", "yes, or?"), {})) as server:
        (answer,), model = ask(kind, server, thinking=1000)
    assert (answer.text, answer.thoughts) == ("no", "yes, or?")
    assert "1016" in server.asked[0].body.decode()
    assert model.identity()["thinking"] == 1000


def test_how_each_service_is_told_to_think(service: Any) -> None:
    bodies = {}
    for kind in KINDS:
        for thinking in (1000, "off"):
            with service(lambda asked, before, k=kind: (200, said(k), {})) as server:
                ask(kind, server, thinking=thinking)
            bodies[kind, thinking] = server.asked[0].json
    config = bodies["gemini", 1000]["generationConfig"]["thinkingConfig"]
    assert config == {"thinkingBudget": 1000, "includeThoughts": True}
    off = bodies["gemini", "off"]["generationConfig"]["thinkingConfig"]
    assert off == {"thinkingBudget": 0, "includeThoughts": False}
    assert bodies["claude", 1000]["thinking"] == {"type": "enabled", "budget_tokens": 1000}
    assert "temperature" not in bodies["claude", 1000]
    assert bodies["claude", "off"]["thinking"] == {"type": "disabled"}
    assert bodies["gpt", 1000]["reasoning"]["effort"] == "medium"
    assert bodies["gpt", "off"]["reasoning"] == {"effort": "none"}


def test_probabilities_of_the_first_word(service: Any) -> None:
    log = {"yes": math.log(0.6), "no": math.log(0.3)}
    google = {
        "logprobsResult": {
            "chosenCandidates": [{"token": "yes", "logProbability": log["yes"]}],
            "topCandidates": [
                {"candidates": [{"token": t, "logProbability": v} for t, v in log.items()]}
            ],
        }
    }
    openai = {
        "logprobs": [
            {
                "token": "yes",
                "logprob": log["yes"],
                "top_logprobs": [{"token": t, "logprob": v} for t, v in log.items()],
            }
        ]
    }
    for kind, more in (("gemini", google), ("gpt", openai)):
        with service(lambda asked, before, k=kind, m=more: (200, said(k, **m), {})) as server:
            (answer, free), _ = ask(kind, server, (TONIC, WHY))
        assert answer.probabilities == pytest.approx({"yes": 2 / 3, "no": 1 / 3})
        assert answer.mass == pytest.approx(0.9) and free.mass is None
        assert "logprobs" in server.asked[0].body.decode().lower()
        assert "logprobs" not in server.asked[1].body.decode().lower()


@pytest.mark.parametrize("kind", KINDS)
def test_a_clip_is_encoded_once_and_the_first_question_goes_ahead(kind: str, service: Any) -> None:
    questions = [Question(f"q{n}", f"Question {n}?") for n in range(5)]
    with service(lambda asked, before: (200, said(kind, f"answer {before}"), {})) as server:
        answers, _ = ask(kind, server, questions)
    assert answers[0].text == "answer 0" and len(server.asked) == 5
    heads = {request.body.partition(b"Question ")[0] for request in server.asked}
    assert len(heads) == 1 and {a.status for a in answers} == {"answered"}


@pytest.mark.parametrize("kind", KINDS)
def test_the_user_s_own_fields_are_merged_and_never_win(kind: str, service: Any) -> None:
    mine = {"generationConfig": {"mediaResolution": "LOW", "seed": 9}, "metadata": {"a": "b"}}
    with service(lambda asked, before: (200, said(kind), {})) as server:
        ask(kind, server, extra_body=mine)
    body = server.asked[0].json
    assert body["metadata"] == {"a": "b"} and body["generationConfig"]["mediaResolution"] == "LOW"
    if kind == "gemini":
        assert body["generationConfig"]["seed"] == 0


def test_repetitions_have_seeds_of_their_own(service: Any) -> None:
    from dataclasses import replace

    with service(lambda asked, before: (200, said("gemini"), {})) as server:
        repeated = [replace(TONIC, repeat=n) for n in range(3)]
        _, model = ask("gemini", server, repeated, temperature=0.7)
    assert {a.json["generationConfig"]["seed"] for a in server.asked} == {0, 1, 2}
    assert model.temperature == 0.7
