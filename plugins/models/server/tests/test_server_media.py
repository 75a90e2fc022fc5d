"""How frames, films and sound travel to a server."""

import base64
import io
import json
import urllib.parse
from pathlib import Path

import numpy as np
import pytest
from s3eval_model_server.adapter import ServerModel
from server_clips import HEARS, OMNI, QUESTIONS, SEES, ask, footage, parts_of

from s3eval import Clip, Footage, S3EvalError, Sampling
from s3eval.permission import Permission
from s3eval.testing.chat_server import Said, scripted


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


def test_a_clip_without_anything_for_the_model():
    with scripted(lambda t, b, n: Said("x")) as server:
        with pytest.raises(S3EvalError, match="neither frames nor sound"):
            ask(server, QUESTIONS[:1], HEARS, footage(sound=False))
        assert server.asked == []


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
