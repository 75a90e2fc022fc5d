"""A model on a server: what is sent, in which order, and what comes of what comes back."""

import base64
import io
import json
import math
import threading
import urllib.parse
from pathlib import Path

import numpy as np
import pytest
from s3eval_model_server.adapter import ServerModel

from s3eval import Clip, Footage, ModelSpec, Question, S3EvalError, Sampling, discover
from s3eval.errors import StopRunError
from s3eval.permission import Permission
from s3eval.remote.probabilities import choice_probabilities
from s3eval.testing.chat_server import Said, scripted, together

SEES = ModelSpec("server", adapter="", sees=True, remote=True)
HEARS = ModelSpec("server-audio", adapter="", hears=True, remote=True)
OMNI = ModelSpec("server-omni", adapter="", sees=True, hears=True, remote=True)
QUESTIONS = [Question(f"q{i}", f"Question {i}?", choices=("yes", "no")) for i in range(6)]


def footage(frames=4, sound=True, seed=0):
    rng = np.random.default_rng(seed)
    clip = Clip("v", 10.0, 12.0, Sampling(2.0, 60))
    return Footage(
        clip,
        rng.integers(0, 255, (frames, 33, 48, 3), dtype=np.uint8),
        10.0 + np.arange(frames) / 2.0,
        rng.uniform(-1, 1, 32_000).astype(np.float32) if sound else None,
        60.0,
    )


def ask(server, questions=QUESTIONS, spec=SEES, shown=None, **options):
    quick = {"first_wait": 0.01, "attempts": 2, "timeout": 30.0, "base_url": server.base_url}
    model = ServerModel.load(spec, {**quick, **options})
    try:
        return list(
            model.ask(model.watch(model.prepare(shown or footage())), questions)
        ), model.identity()
    finally:
        model.close()


def parts_of(body):
    return next(m["content"] for m in body["messages"] if m["role"] == "user")


def test_listed_ready_and_light():
    names = [p.spec.name for p in discover().of("model") if p.package == "s3eval-model-server"]
    assert names == ["server", "server-omni", "server-audio"]


def test_frames_come_first_and_the_question_last():
    with scripted(lambda t, b, n: Said(f"to {t}")) as server:
        answers, _ = ask(server)
    assert [a.text for a in answers] == [f"to {q.text}" for q in QUESTIONS]
    for body in server.asked:
        kinds = [p["type"] for p in parts_of(body)]
        assert kinds == ["image_url"] * 4 + ["text", "text"]
    prefixes = {json.dumps(parts_of(b)[:-1]) for b in server.asked}
    assert len(prefixes) == 1, "the same prefix for every question of the clip"
    note = parts_of(server.asked[0])[-2]["text"]
    assert "4 frames" in note
    assert "2.0 seconds" in note


@pytest.mark.parametrize(
    ("media", "count", "size"),
    [("frames", 60, (728, 420)), ("video", 60, (1064, 588)), ("frames", 20, (1280, 720))],
)
def test_large_frames_are_reduced_to_the_token_budget(media, count, size):
    """60 images of 720p would take 71,760 tokens of 28 x 28 pixels; 24,576 is the budget."""
    import av
    from PIL import Image
    from s3eval_model_server.media import media_of
    from s3eval_model_server.options import ServerModelOptions

    frames = np.zeros((count, 720, 1280, 3), np.uint8)
    shown = Footage(
        Clip("v", 0.0, count / 2, Sampling(2.0, 60)), frames, np.arange(count) / 2, None, 60.0
    )
    made = media_of(shown, ServerModelOptions(media=media), sees=True, hears=False)
    if media == "frames":
        seen = {Image.open(io.BytesIO(data)).size for _, data in made.raw}
    else:
        with av.open(io.BytesIO(made.raw[0][1])) as video:
            seen = {(f.width, f.height) for f in video.decode(video=0)}
    assert seen == {size}
    pieces = count // 2 if media == "video" else count
    assert -(-size[0] // 28) * -(-size[1] // 28) * pieces <= 24_576


def test_the_frames_are_those_shown():
    from PIL import Image

    with scripted(lambda t, b, n: Said("yes")) as server:
        ask(server, QUESTIONS[:1], image_format="png")
    sent = [p["image_url"]["url"] for p in parts_of(server.asked[0]) if p["type"] == "image_url"]
    decoded = [np.asarray(Image.open(io.BytesIO(base64.b64decode(u.split(",")[1])))) for u in sent]
    assert np.array_equal(np.stack(decoded), footage().frames)


def test_the_first_question_goes_ahead_so_that_the_prefix_is_cached():
    others = together(5, lambda t, b, n: Said("yes"))

    def answer(text, body, before):
        return Said("yes", wait=0.15) if "0" in text else others(text, body, before)

    with scripted(answer) as server:
        ask(server, concurrency=5)
    gaps = [t - server.times[0] for t in server.times[1:]]
    assert min(gaps) >= 0.15
    assert server.most_at_once == 5


def test_questions_with_the_same_instruction_go_together_and_answers_keep_their_order():
    mixed = [Question(f"q{i}", f"Q{i}", system="A" if i % 2 else "B") for i in range(4)]
    with scripted(lambda t, b, n: Said(b["messages"][0]["content"] + t)) as server:
        answers, _ = ask(server, mixed, concurrency=1)
    assert [a.text for a in answers] == ["BQ0", "AQ1", "BQ2", "AQ3"]
    assert [b["messages"][0]["content"] for b in server.asked] == ["B", "B", "A", "A"]


def test_video_and_sound_as_the_server_wants_them():
    import av

    with scripted(lambda t, b, n: Said("yes")) as server:
        ask(server, QUESTIONS[:1], OMNI, media="video", sound="audio_url", times="none")
        ask(server, QUESTIONS[:1], HEARS)
    video, sound, _ = parts_of(server.asked[0])
    with av.open(io.BytesIO(base64.b64decode(video["video_url"]["url"].split(",")[1]))) as file:
        assert sum(1 for _ in file.decode(video=0)) == 4
        assert float(file.streams.video[0].average_rate) == pytest.approx(2.0)
    assert sound["audio_url"]["url"].startswith("data:audio/wav;base64,")
    heard = parts_of(server.asked[1])[0]["input_audio"]
    assert heard["format"] == "wav"
    assert base64.b64decode(heard["data"])[:4] == b"RIFF"


def test_times_before_each_frame():
    with scripted(lambda t, b, n: Said("yes")) as server:
        ask(server, QUESTIONS[:1], times="each")
    texts = [p["text"] for p in parts_of(server.asked[0]) if p["type"] == "text"]
    assert texts[:4] == ["[0.0 s]", "[0.5 s]", "[1.0 s]", "[1.5 s]"]


def test_probabilities_and_mass_from_the_first_word():
    top = [("Yes", 0.6), (" no", 0.2), ("yes", 0.1), ("Maybe", 0.05)]
    listed = [{"token": t, "logprob": math.log(p)} for t, p in top]
    first = {"token": "Yes", "logprob": math.log(0.6), "top_logprobs": listed}
    with scripted(lambda t, b, n: Said("Yes", logprobs=[first])) as server:
        (answer,), _ = ask(server, QUESTIONS[:1])
    assert answer.probabilities == pytest.approx({"yes": 0.7 / 0.9, "no": 0.2 / 0.9})
    assert answer.mass == pytest.approx(0.9)
    assert server.asked[0]["top_logprobs"] == 20


def test_a_server_without_logprobs_still_answers():
    def answer(text, body, before):
        if "logprobs" in body:
            return Said(status=422, body='{"detail": "Unsupported fields: top_logprobs, logprobs"}')
        return Said("no")

    with scripted(answer) as server:
        answers, _ = ask(server)
    assert [a.text for a in answers] == ["no"] * 6
    assert all(a.probabilities == {} and a.mass is None for a in answers)
    assert sum("logprobs" in b for b in server.asked) == 1, "offered once"


@pytest.mark.parametrize(
    ("choices", "token", "expected"),
    [(("ES", "NES"), "N", "NES"), (("ES", "NES"), "ES", "ES"), (("left", "right"), "L", "left"),
     (("yes", "no"), "nothing", None), (("left arm", "left leg"), "left", None)],
)  # fmt: skip
def test_which_choice_a_token_begins(choices, token, expected):
    first = {"token": token, "top_logprobs": [{"token": token, "logprob": -0.1}]}
    found, _ = choice_probabilities([first], choices)
    assert (max(found, key=found.get) if found else None) == expected


def test_a_failure_is_an_answer_of_its_own_and_the_others_go_on():
    def answer(text, body, before):
        if "1" in text:
            return Said(status=400, body='{"error": {"message": "too many images"}}')
        if "2" in text:
            return Said("")
        if "3" in text:
            return Said(status=500, body="")
        return Said("yes")

    with scripted(answer) as server:
        answers, _ = ask(server)
    assert [a.status for a in answers] == [
        "answered", "failed", "failed", "failed", "answered", "answered",
    ]  # fmt: skip
    assert "too many images" in answers[1].reason
    assert answers[2].reason.startswith("empty")


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


def test_a_clip_without_anything_for_the_model():
    with scripted(lambda t, b, n: Said("x")) as server:
        with pytest.raises(S3EvalError, match="neither frames nor sound"):
            ask(server, QUESTIONS[:1], HEARS, footage(sound=False))
        assert server.asked == []


def test_a_clip_s_first_question_goes_ahead_of_what_waits_of_other_clips():
    from s3eval.remote.pool import RequestPool

    go, order = threading.Event(), []
    pool = RequestPool(1)
    pool.submit(go.wait)
    others = [pool.submit(lambda i=i: order.append(f"other {i}")) for i in range(2)]
    first = pool.submit(lambda: order.append("first"), is_first=True)
    go.set()
    for future in (*others, first):
        future.result(5)
    assert order == ["first", "other 0", "other 1"]
    pool.close()
    assert pool.submit(go.wait).cancelled()


def kept(body):
    return all(p["image_url"] is None and p["uuid"] for p in parts_of(body)[:4])


def test_media_are_sent_once_where_the_server_keeps_them():
    with scripted(lambda t, b, n: Said(f"to {t}")) as server:
        answers, once = ask(server, send_media="once")
        _, each = ask(server, QUESTIONS[:1])
    assert [a.text for a in answers] == [f"to {q.text}" for q in QUESTIONS]
    first, *others = server.asked[:6]
    names = [p["uuid"] for p in parts_of(first)[:4]]
    assert len(set(names)) == 4 and not kept(first)
    assert all(kept(body) and [p["uuid"] for p in parts_of(body)[:4]] == names for body in others)
    assert once == each, "how media travel changes no answer"
    assert len(json.dumps(others[0])) < len(json.dumps(first)) / 4


@pytest.mark.parametrize("status", [400, 422, 500])
def test_media_the_server_has_lost_are_sent_again_and_it_is_said(status, capsys):
    def answer(text, body, before):
        if kept(body):
            return Said(status=status, body='{"error": {"message": "no such item"}}')
        return Said(f"to {text}")

    def six(server, **options):
        model = ServerModel.load(SEES, {"base_url": server.base_url, "attempts": 2, **options})
        try:
            for seed in range(6):
                watched = model.watch(model.prepare(footage(seed=seed)))
                yield list(model.ask(watched, QUESTIONS))
        finally:
            model.close()

    with scripted(answer) as server:
        for answers in six(server, send_media="once", concurrency=1):
            assert [a.text for a in answers] == [f"to {q.text}" for q in QUESTIONS]
    refused = sum(kept(body) for body in server.asked)
    assert refused == 3, "after three clips none is sent by name any more"
    assert "keeps no media" in capsys.readouterr().err


def test_media_as_files_of_this_machine(tmp_path):
    seen = []

    def answer(text, body, before):
        urls = [p["image_url"]["url"] for p in parts_of(body) if p["type"] == "image_url"]
        files = [Path(urllib.parse.unquote(urllib.parse.urlparse(u).path)) for u in urls]
        seen.append([f.read_bytes()[:2] for f in files])
        assert all(f.stat().st_mode & 0o077 == 0 for f in files), "nobody else may read them"
        return Said("yes")

    with scripted(answer) as server:
        options = {"base_url": server.base_url, "send_media": "file", "media_folder": str(tmp_path)}
        model = ServerModel.load(SEES, options)
        watched = model.watch(model.prepare(footage()))
        assert [a.status for a in model.ask(watched, QUESTIONS)] == ["answered"] * 6
        assert seen == [[b"\xff\xd8"] * 4] * 6
        model.release(watched)
        assert not [*tmp_path.rglob("*.jpg")]
        model.close()
    assert not [*tmp_path.iterdir()]
    with pytest.raises(S3EvalError, match="cannot read files of this machine"):
        ServerModel.load(
            SEES,
            {
                "base_url": "https://models.example.org/v1",
                "model": "m",
                "send_media": "file",
                "permission": Permission(True, "off"),
            },
        )
