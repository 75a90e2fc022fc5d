"""Each service's own format against a scripted local server, faults included."""

from __future__ import annotations

import base64
import io
import math
from typing import Any

import numpy as np
import pytest
from s3eval_model_hosted.adapter import Claude, Gemini, Gpt, HostedModel

from s3eval import Clip, Footage, ModelSpec, Question, S3EvalError, Sampling, discover
from s3eval.errors import StopRunError
from s3eval.permission import Permission

pytest.importorskip("httpx")
KEY = "sk-a-key-of-some-length-1234567890"
KINDS: dict[str, type[HostedModel]] = {"gemini": Gemini, "claude": Claude, "gpt": Gpt}
BASES = {"gemini": "/v1beta", "claude": "/v1", "gpt": "/v1"}
TONIC = Question("tonic", "Tonic?", ("yes", "no"), max_tokens=16, system="Be brief.")
WHY = Question("why", "Why?", (), max_tokens=64)


REFUSED = {"output": [{"type": "message", "content": [{"type": "refusal", "refusal": "no"}]}]}


def said(kind: str, text: str = "yes", thoughts: str = "", **more: Any) -> dict[str, Any]:
    """A reply as the service words it."""
    if kind == "gemini":
        parts = [{"text": thoughts, "thought": True}] if thoughts else []
        candidate = {"content": {"parts": [*parts, {"text": text}]}, "finishReason": "STOP", **more}
        usage = {"promptTokenCount": 900, "candidatesTokenCount": 2, "thoughtsTokenCount": 5}
        return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "m-1"}
    if kind == "claude":
        blocks = [{"type": "thinking", "thinking": thoughts}] if thoughts else []
        usage = {"input_tokens": 100, "cache_read_input_tokens": 800, "output_tokens": 7}
        content = [*blocks, {"type": "text", "text": text}]
        return {
            "content": content,
            "stop_reason": "end_turn",
            "usage": usage,
            "model": "m-1",
            **more,
        }
    summary = [{"type": "summary_text", "text": thoughts}] if thoughts else []
    part = {"type": "output_text", "text": text, **more}
    output = [{"type": "reasoning", "summary": summary}, {"type": "message", "content": [part]}]
    usage = {"input_tokens": 900, "output_tokens": 7}
    return {"status": "completed", "output": output, "usage": usage, "model": "m-1"}


def clip(frames: int = 4, sound: bool = True) -> Footage:
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 255, (frames, 48, 64, 3), dtype=np.uint8)
    heard = (0.3 * rng.standard_normal(32_000)).astype(np.float32) if sound else None
    times = 10.0 + np.arange(frames) / 2
    return Footage(Clip("v", 10.0, 12.0, Sampling()), pictures, times, heard, 60.0)


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GEMINI_API_KEY", "ANTHROPIC_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.setenv(name, KEY)


def spec_of(kind: str) -> ModelSpec:
    return next(p.spec for p in discover().of("model") if p.spec.name == kind)


def load(kind: str, server: Any, **options: Any) -> HostedModel:
    quick = {"model": "m", "first_wait": 0.01, "attempts": 3, "timeout": 30.0, "max_wait": 2.0}
    return KINDS[kind].load(
        spec_of(kind), {**quick, "base_url": server.root + BASES[kind], **options}
    )


def ask(
    kind: str, server: Any, questions: Any = (TONIC,), shown: Any = None, **options: Any
) -> Any:
    model = load(kind, server, **options)
    try:
        watched = model.watch(model.prepare(shown or clip()))
        answers = list(model.ask(watched, questions))
        model.release(watched)
        return answers, model
    finally:
        model.close()


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


def uploading(kind: str, states: tuple[str, ...] = ("ACTIVE",), delete: int = 200) -> Any:
    """A service that takes files; Gemini's are processed for a while."""

    def answer(asked: Any, before: int) -> Any:
        if asked.method == "DELETE":
            return delete, {}, {}
        name = f"file-{before}"
        file = {"name": f"files/{name}", "uri": f"https://host/{name}", "mimeType": "video/mp4"}
        if asked.method == "GET":
            looks = len([1 for a in seen if a == "GET"])
            seen.append("GET")
            return 200, {**file, "state": states[min(looks, len(states) - 1)]}, {}
        if asked.path.endswith("/files"):
            first = "PROCESSING" if len(states) > 1 else states[0]
            return 200, {"file": {**file, "state": first}} if kind == "gemini" else {"id": name}, {}
        return 200, said(kind), {}

    seen: list[str] = []
    return answer


@pytest.mark.parametrize("kind", KINDS)
def test_a_large_clip_is_sent_once_as_files_and_deleted(kind: str, service: Any) -> None:
    with service(uploading(kind)) as server:
        answers, _ = ask(kind, server, (TONIC, WHY), files_above=0)
    pieces = 1 if kind == "gemini" else 4
    uploads = server.of("POST", "/files")
    assert len(uploads) == pieces and len(server.of("DELETE")) == pieces
    assert [a.status for a in answers] == ["answered"] * 2
    requests = [a for a in server.of("POST") if not a.path.endswith("/files")]
    for request in requests:
        text = request.body.decode()
        assert "base64" not in text and "inlineData" not in text
        assert text.count("file-") == pieces
    # What the file is called tells nothing of the video.
    assert all(b'"v"' not in u.body and b"v.mp4" not in u.body for u in uploads)
    if kind == "gemini":
        assert uploads[0].path == "/upload/v1beta/files"
        assert uploads[0].headers["x-goog-upload-protocol"] == "multipart"


def test_a_file_is_waited_for_until_it_is_processed(service: Any) -> None:
    states = ("PROCESSING", "PROCESSING", "ACTIVE")
    with service(uploading("gemini", states)) as server:
        (answer,), _ = ask("gemini", server, files_above=0)
    assert answer.text == "yes" and len(server.of("GET", "/files/")) == 3


def test_a_file_that_cannot_be_processed_fails_its_clip(service: Any) -> None:
    with (
        service(uploading("gemini", ("PROCESSING", "FAILED"))) as server,
        pytest.raises(S3EvalError, match=r"cannot be sent as files.*could not process"),
    ):
        ask("gemini", server, files_above=0)
    assert len(server.of("DELETE")) == 1  # nothing is left there


@pytest.mark.parametrize("kind", ["claude", "gpt"])
def test_files_that_were_sent_are_deleted_when_another_fails(kind: str, service: Any) -> None:
    def answer(asked: Any, before: int) -> Any:
        if asked.method == "POST" and before >= 2:
            return 413, {"error": {"message": "too large"}}, {}
        return 200, {"id": f"file-{before}"}, {}

    with service(answer) as server, pytest.raises(S3EvalError, match="cannot be sent as files"):
        ask(kind, server, files_above=0)
    assert len(server.of("DELETE")) == 2


@pytest.mark.parametrize("kind", KINDS)
def test_files_are_deleted_when_asking_ends_early(kind: str, service: Any) -> None:
    def answer(asked: Any, before: int) -> Any:
        if asked.path.endswith("/files") or asked.method == "DELETE":
            return uploading(kind)(asked, before)
        return 401, {"error": {"message": "no"}}, {}

    with service(answer) as server, pytest.raises(StopRunError):
        ask(kind, server, files_above=0)
    assert len(server.of("DELETE")) == len(server.of("POST", "/files")) > 0


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
