"""The pages as files: complete, linked to each other, without videos, opened without a server."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest
from click.testing import CliRunner

from s3eval.cli import cli
from s3eval.errors import S3EvalError


def bundled(runs, out, *options):
    arguments = ["view", "bundle", str(out), *map(str, runs), *options, "--json", "-"]
    done = CliRunner().invoke(cli, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def plain(filmed, tmp_path_factory):
    out = tmp_path_factory.mktemp("bundle") / "pages"
    facts = bundled(filmed.runs, out)
    assert facts["files"] == sum(p.is_file() for p in out.rglob("*"))
    return out


class Addresses(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found += [v for k, v in attrs if k in ("href", "src", "action")]


def test_every_address_is_a_file_of_the_folder(plain):
    count = 0
    for page in plain.glob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert "Content-Security-Policy" in text
        for address in Addresses(text).found:
            target = address.partition("#")[0]
            if target:
                assert target.startswith("./"), (page.name, address)
                assert (plain / target).is_file(), (page.name, address)
                count += 1
    assert count > 200


def test_no_video_and_no_frame_unless_asked(plain, filmed):
    kinds = {p.suffix for p in plain.rglob("*") if p.is_file()}
    assert kinds == {".html", ".css", ".js", ".svg"}
    assert "holds no videos" in next(plain.glob("video-*.html")).read_text()
    assert not re.search(r"<video|/media/", "".join(p.read_text() for p in plain.glob("*.html")))


def test_file_names_tell_nothing_of_patients(plain):
    assert not [p.name for p in plain.rglob("*") if "P1" in p.name or "@" in p.name]


def test_frames_where_they_are_asked_for(filmed, tmp_path):
    out = tmp_path / "pages"
    bundled(filmed.runs[:1], out, "--frames")
    frames = list((out / "frames").glob("*.jpg"))
    assert len(frames) > 60 and all(p.read_bytes()[:2] == b"\xff\xd8" for p in frames)
    assert list((out / "frames").glob("*.wav"))
    for page in out.glob("*.html"):
        for address in Addresses(page.read_text(encoding="utf-8")).found:
            target = address.partition("#")[0]
            assert not target or (out / target).is_file(), (page.name, address)
    assert not [p for p in out.rglob("*") if p.suffix in (".mp4", ".mpg")]


def test_a_full_folder_is_refused(plain, filmed):
    with pytest.raises(S3EvalError, match="exists already"):
        CliRunner().invoke(
            cli, ["view", "bundle", str(plain), str(filmed.runs[0])], catch_exceptions=False
        )


def test_the_help_of_both_verbs():
    for words in (["view", "--help"], ["view", "bundle", "--help"]):
        shown = CliRunner().invoke(cli, words)
        assert shown.exit_code == 0 and "s3eval view bundle" in shown.output


@pytest.mark.browser
def test_it_opens_from_the_disk(plain, browser):
    opened = browser.new_page()
    asked, complaints = [], []
    opened.on("request", lambda request: asked.append(request.url))
    opened.on("console", lambda message: complaints.append(message.text))
    opened.goto((plain / "index.html").as_uri())
    assert opened.evaluate("getComputedStyle(document.body).display") == "block"
    rows = opened.locator("#videos tbody tr")
    assert rows.count() == 4
    opened.fill("#search", "p2")
    assert opened.locator("#videos tbody tr:visible").count() == 1
    opened.fill("#search", "")
    opened.locator("#videos tbody a").first.click()
    opened.locator("table.times tbody td a").first.click()
    opened.wait_for_selector("details.finding[open]")
    opened.locator("details.finding[open] >> text=step by step").first.click()
    assert "how the scores come about" in opened.locator("h1").inner_text()
    assert all(a.startswith("file://") for a in asked)
    assert complaints == []
    opened.close()
