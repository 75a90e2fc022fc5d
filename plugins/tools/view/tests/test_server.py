"""The server: who gets an answer, what a file's ranges are, and what cannot be reached."""

from __future__ import annotations

import os
import re

import pytest

httpx = pytest.importorskip("httpx")

from s3eval_view.server.app import Pages, make_app  # noqa: E402
from s3eval_view.server.media import (  # noqa: E402
    Media,
    Recording,
    identified,
    identifier,
    media_routes,
)
from s3eval_view.server.security import HEADERS, new_token  # noqa: E402

from s3eval.facts.videos import Dataset, Video  # noqa: E402

TOKEN = new_token()
CONTENT = bytes(range(256)) * 40


@pytest.fixture
def dataset(tmp_path):
    folder = tmp_path / "data"
    (folder / "videos").mkdir(parents=True)
    (folder / "videos" / "one.mp4").write_bytes(CONTENT)
    (tmp_path / "secret.mp4").write_bytes(b"not in the dataset")
    (folder / "videos" / "link.mp4").symlink_to(tmp_path / "secret.mp4")
    files = {
        "there": "videos/one.mp4",
        "gone": "videos/none.mp4",
        "above": "../secret.mp4",
        "linked": "videos/link.mp4",
        "absolute": str(tmp_path / "secret.mp4"),
        "folder": "videos",
        "unnamed": "",
    }
    os.mkfifo(folder / "videos" / "pipe.mp4")
    files["pipe"] = "videos/pipe.mp4"
    videos = tuple(Video(name, "p", file) for name, file in files.items())
    return Dataset("d", videos, {}, folder, "digest")


def client(dataset, shows_videos=True, token=TOKEN, more=()):
    media = Media(identified(Recording(dataset, v) for v in dataset.videos), shows_videos)
    app = make_app(Pages("test"), [*media_routes(lambda: media), *more], token)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url=f"http://127.0.0.1:8000/{token}/")


def ask(dataset, path, method="GET", shows_videos=True, more=(), **headers):
    import asyncio

    async def asked():
        async with client(dataset, shows_videos, more=more) as open_client:
            return await open_client.request(
                method, path, headers={k.replace("_", "-"): v for k, v in headers.items()}
            )

    return asyncio.run(asked())


def media_of(dataset, name):
    return f"media/{identifier(dataset, name)}"


def test_a_file_is_served_whole_and_in_ranges(dataset):
    path = media_of(dataset, "there")
    assert ask(dataset, path).content == CONTENT
    part = ask(dataset, path, range="bytes=100-199")
    assert (part.status_code, part.content) == (206, CONTENT[100:200])
    assert part.headers["content-range"] == f"bytes 100-199/{len(CONTENT)}"
    assert part.headers["content-type"] == "video/mp4"
    last = ask(dataset, path, range="bytes=-10")
    assert (last.status_code, last.content) == (206, CONTENT[-10:])
    assert ask(dataset, path, range=f"bytes={len(CONTENT)}-").status_code == 416


@pytest.mark.parametrize(
    "name", ["gone", "above", "linked", "absolute", "folder", "unnamed", "pipe"]
)
def test_what_is_missing_or_outside_the_dataset_is_not_served(dataset, name):
    answer = ask(dataset, media_of(dataset, name))
    assert answer.status_code == 404
    assert "not in the dataset" not in answer.text
    assert str(dataset.root) not in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "media/../../secret.mp4",
        "media/..%2f..%2fsecret.mp4",
        "media/%2e%2e/%2e%2e/secret.mp4",
        "media//etc/passwd",
        "asset/../app.py",
        "asset/..%2fapp.py",
        "asset/app.py",
    ],
)
def test_an_address_names_no_file(dataset, path):
    answer = ask(dataset, f"http://127.0.0.1:8000/{TOKEN}/{path}")
    assert answer.status_code in (403, 404)


@pytest.mark.parametrize(
    "token",
    ["", "wrong", TOKEN[:-1], TOKEN + "x", TOKEN.swapcase()],
    ids=["none", "wrong", "shorter", "longer", "other case"],
)
def test_without_the_token_nothing_is_answered(dataset, token):
    for path in ("", media_of(dataset, "there"), "asset/site.css"):
        answer = ask(dataset, f"http://127.0.0.1:8000/{token}/{path}")
        assert answer.status_code == 403
        assert answer.content != CONTENT and TOKEN not in answer.text


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "rebound.example:8000"}, 421),
        ({"host": "127.0.0.1.evil.example"}, 421),
        ({"host": "[::1"}, 421),
        ({"host": "localhost:9000"}, 200),
        ({"host": "[::1]:9000"}, 200),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://127.0.0.1:9999"}, 403),
        ({"origin": "http://127.0.0.1:8000"}, 200),
        ({"sec_fetch_site": "cross-site"}, 403),
        ({"sec_fetch_site": "same-site"}, 403),
        ({"sec_fetch_site": "same-origin"}, 200),
        ({"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate"}, 200),
    ],
)
def test_hosts_and_origins_are_checked(dataset, headers, status):
    assert ask(dataset, media_of(dataset, "there"), **headers).status_code == status


def test_writing_needs_a_page_of_this_server(dataset):
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    route = Route("/write", lambda request: PlainTextResponse("written"), methods=["POST"])
    own = "http://127.0.0.1:8000"
    assert ask(dataset, "write", "POST", more=[route]).status_code == 403
    assert ask(dataset, "write", "POST", more=[route], origin="http://x.example").status_code == 403
    assert ask(dataset, "write", "POST", more=[route], origin=own).text == "written"
    far = ask(
        dataset, "write", "POST", more=[route], origin=own, content_length=str(10**7)
    ).status_code
    assert far == 413
    assert ask(dataset, "write", "DELETE", more=[route], origin=own).status_code == 405


def test_every_answer_has_the_headers(dataset):
    for path, status in (("asset/site.css", 200), ("nowhere", 404), ("/", 403)):
        answer = ask(dataset, path if path != "/" else "http://127.0.0.1:8000/")
        assert answer.status_code == status
        for name, value in HEADERS.items():
            assert answer.headers[name] == value
        assert answer.headers["cache-control"] == "no-store"
    assert "unsafe" not in HEADERS["Content-Security-Policy"]


def test_without_videos_no_video_is_served(dataset):
    answer = ask(dataset, media_of(dataset, "there"), shows_videos=False)
    assert answer.status_code == 404 and "--no-video" in answer.text


def test_an_error_is_a_page_whose_text_is_text(dataset):
    from starlette.routing import Route

    def broken(request):
        raise ValueError("<script>alert(1)</script>\x1b[31m")

    answer = ask(dataset, "broken", more=[Route("/broken", broken)])
    assert answer.status_code == 500
    assert "<script>alert" not in answer.text and "&lt;script&gt;alert" in answer.text
    assert "\x1b" not in answer.text and "\\x1b[31m" in answer.text
    assert 'data-copies="error"' in answer.text


def test_identifiers_are_stable_and_tell_nothing(dataset):
    one = identifier(dataset, "there")
    assert one == identifier(dataset, "there") != identifier(dataset, "gone")
    assert one != identifier(dataset, "there", salt="another")
    assert re.fullmatch("[0-9a-f]{16}", identifier(dataset, "Müller@\udc80.mp4"))
