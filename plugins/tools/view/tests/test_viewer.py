"""The viewer's pages: what they say, that texts stay texts, and that nothing is altered."""

from __future__ import annotations

import asyncio
import html
import json
import os
import re
import shutil
import stat
import time
from html.parser import HTMLParser

import pytest

httpx = pytest.importorskip("httpx")

from s3eval_view.viewer.comments import Comments  # noqa: E402
from s3eval_view.viewer.opened import Opened  # noqa: E402
from s3eval_view.viewer.site import site_of  # noqa: E402
from s3eval_view.viewer.voices import Filter, differing, rows_of, searched  # noqa: E402

from s3eval.errors import S3EvalError  # noqa: E402

TOKEN = "token"
OWN = "http://127.0.0.1:8000"


class Page(HTMLParser):
    """The elements, addresses and the visible text of a page."""

    def __init__(self, text):
        super().__init__()
        self.raw, self.tags, self.addresses, self.handlers, self.texts = text, [], [], [], []
        self.styles, self.links = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.addresses += [v for k, v in attrs if k in ("src", "href", "action", "data")]
        self.handlers += [k for k, _ in attrs if k.startswith("on")]
        self.styles += [v for k, v in attrs if k == "style"]
        self.links += [v for k, v in attrs if tag == "a" and k == "href"]

    def handle_data(self, data):
        self.texts.append(data)

    @property
    def text(self):
        return re.sub(r"\s+", " ", " ".join(self.texts))


class Asking:
    """Asks the viewer without a network."""

    def __init__(self, paths, **options):
        self.app, self.site = site_of(list(paths), TOKEN, **options)
        self.keys = {r.video.name: k for k, r in self.site.now().shown.recordings.items()}
        self.runs = [r.key for r in self.site.now().shown.runs]

    def __call__(self, path, method="GET", **given):
        async def asked():
            transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(
                transport=transport, base_url=f"{OWN}/{TOKEN}/", timeout=60
            ) as client:
                return await client.request(method, path, **given)

        return asyncio.run(asked())

    def page(self, path):
        answer = self(path)
        assert answer.status_code == 200, answer.text[:2000]
        return Page(answer.text)


@pytest.fixture(scope="module")
def ask(filmed):
    asking = Asking(filmed.runs)
    yield asking
    asking.site.close()


@pytest.fixture(scope="module")
def key(ask, filmed):
    return ask.keys[filmed.video]


def every_path(ask, key):
    """An address of each kind of page."""
    first, second = ask.runs
    return [
        "", "?text=arm&patient=P1&feature=tonic&failure=any", "runs", f"run/{first}",
        f"video/{key}", f"video/{key}?run={second}", f"video/{key}/run/{first}",
        f"video/{key}/run/{second}", f"video/{key}/beside?a={first}&b={second}",
        f"video/{key}/run/{first}/clip/1", f"score/{first}/recognition/tonic",
    ]  # fmt: skip


def test_every_page_keeps_texts_as_texts_and_names_no_other_host(ask, key):
    for path in every_path(ask, key):
        page = ask.page(path)
        assert page.tags.count("script") == 2, path
        assert not page.handlers and not page.styles, path
        assert "b" not in page.tags, path
        for address in page.addresses:
            assert address.startswith((f"/{TOKEN}/", "#")), (path, address)
        assert "\x1b" not in page.raw and "\u202e" not in page.raw
    said = ask.page(f"video/{key}/run/{ask.runs[1]}").text
    assert "<script>alert(1)</script>" in said and "\\x1b[31m" in said


def test_every_link_of_every_page_leads_somewhere(ask, key):
    seen: set[str] = set()
    for path in every_path(ask, key):
        for link in ask.page(path).links:
            address = link.partition("#")[0]
            if address and address not in seen:
                seen.add(address)
                assert ask(OWN + address).status_code == 200, (path, link)
    assert len(seen) > 40


def test_most_disagreement_comes_first_and_filters_reduce(ask, filmed):
    rows = rows_of(ask.site.now().shown)
    shares = [r.share for r in rows]
    assert shares == sorted(shares, reverse=True) and len(rows) == 4
    names = lambda **wanted: {r.name for r in searched(rows, Filter(**wanted))}  # noqa: E731
    assert names(patient="P1") == {filmed.video, "P1@old"}
    assert names(text="STIFFENS AND JERKS") == {filmed.video}
    assert names(text="nothing says this") == set()
    assert names(failure="unreadable") == {r.name for r in rows if r.unreadable}
    assert names(feature="clonic")  # the second run says yes to everything
    listed = ask.page("?patient=P2").text
    assert "1 of 4 videos" in listed and "P2@gone" in listed and "P1@old" not in listed


def test_disagreement_by_hand(ask, filmed):
    (row,) = [r for r in rows_of(ask.site.now().shown) if r.name == filmed.video]
    # first says yes, second yes, annotation yes; blank stare: no, yes, no.
    assert row.shares["tonic"] == 0
    assert row.shares["blank_stare"] == pytest.approx(2 / 3)
    assert row.share == pytest.approx(sum(row.shares.values()) / len(row.shares))
    assert differing(["a", "b", "c"]) == (3, 3) and differing(["a"]) == (0, 0)


def test_a_video_has_its_annotation_and_each_runs_findings_over_time(ask, key):
    page = ask.page(f"video/{key}")
    assert "video" in page.tags and f"/{TOKEN}/media/{key}" in page.addresses
    assert 'data-time="12.50"' in page.raw  # the annotated onset of tonic
    assert page.raw.count('class="annotated"') >= 3
    assert page.raw.count('class="window run-0"') > 0 and page.raw.count('class="at run-') >= 2
    assert "The head turns to the right." in page.text
    only = ask.page(f"video/{key}?run={ask.runs[0]}")
    assert "second/replay" not in only.raw.partition("<table")[2].partition("</table>")[0]


def test_how_a_finding_came_about(ask, key):
    page = ask.page(f"video/{key}/run/{ask.runs[0]}")
    part = page.raw.partition('id="recognition-tonic"')[2].partition("</details>")[0]
    text = re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", part)))
    run = ask.site.now().shown.runs[0]
    pieces = run.material().pieces["recognition"]["P1@first<b>&"]
    (prompt,) = {p.question.text for p in pieces if p.question.key == "tonic"}
    assert " ".join(prompt.split()) in text
    assert "no. Nothing is seen yet." in text  # the raw answer of the first window
    assert "Here: “no”, “yes” → “yes”." in text
    assert "Any-yes over the windows" in text  # how windows combine, in the task's words
    assert part.count("/clip/") == 2


def test_what_the_judge_read_and_from_which_words(ask, key):
    page = ask.page(f"video/{key}/run/{ask.runs[0]}")
    part = page.raw.partition('id="report-report"')[2].partition("</details>")[0]
    marked = re.findall(r"<mark>([^<]*)<small>([^<]*)</small></mark>", part)
    assert any("tonic" in facts for _, facts in marked), marked
    assert any("head turning" in facts for _, facts in marked)
    assert "From the readings to the report&#39;s index" in part or "report's index" in part
    steps = re.findall(r'class="number">([^<]*)<', part.partition('class="steps"')[2])
    stored = {
        (r["item"], r["metric"]): r["value"]
        for r in json.loads((ask.site.now().shown.runs[0].run.path / "scores.json").read_text())[
            "scores"
        ]
        if r["task"] == "report"
    }
    counted = ask.site.walks.counted(ask.site.now().shown.runs[0], "report", "report", "rqi")
    (mine,) = [c for c in counted if c.video.startswith("P1@first")]
    assert float(steps[-1]) == pytest.approx(mine.numbers[0][1], rel=1e-8)
    assert stored["report", "rqi"] is not None


def test_the_arithmetic_of_every_task_ends_at_exactly_the_stored_score(ask):
    shown = ask.site.now().shown
    for run in shown.runs:
        tasks = {r["task"] for r in run.stored_scores.values() if r["value"] is not None}
        assert len(tasks) == 7
        for task in tasks:
            for _, items in ask.site.walks.scored(run, task):
                for item in items:
                    for walk in ask.site.walks.walks(run, task, item):
                        assert walk.is_stored and walk.agrees, (task, item, walk)
                        if walk.value is not None:
                            assert walk.steps[-1].value == pytest.approx(walk.stored, rel=1e-12)
    page = ask.page(f"score/{ask.runs[0]}/recognition/tonic")
    assert "= what comes out here" in page.text and "F1 = 2 ×" in page.text


def test_a_stored_score_that_does_not_come_out_is_told(filmed, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(filmed.runs[0], copy)
    scores = json.loads((copy / "scores.json").read_text())
    for row in scores["scores"]:
        if (row["task"], row["item"], row["metric"]) == ("recognition", "tonic", "f1"):
            row["value"] = 0.123
    (copy / "scores.json").write_text(json.dumps(scores))
    asking = Asking([copy])
    assert "≠ what comes out here" in asking.page("score/copy/recognition/tonic").text


def test_frames_are_those_of_the_clip(ask, key, filmed):
    from io import BytesIO

    import numpy as np
    from PIL import Image
    from s3eval_view.viewer.shown_pages import clip_of

    from s3eval.footage.decoding import decode

    run = ask.runs[0]
    _, recording, clip = clip_of(ask.site.now(), key, run, 1)
    (footage,) = decode(recording.path(), [clip])
    page = ask.page(f"video/{key}/run/{run}/clip/1")
    assert page.tags.count("img") == len(footage.times) == 60
    exact = ask(f"frame/{key}/{run}/1/7.png").content
    assert np.array_equal(np.asarray(Image.open(BytesIO(exact))), footage.frames[7])
    assert ask(f"frame/{key}/{run}/1/7.jpg").headers["content-type"] == "image/jpeg"
    sound = ask(f"sound/{key}/{run}/1.wav").content
    assert sound[:4] == b"RIFF" and len(sound) == 44 + 2 * len(footage.sound)
    for path in ("1/60.jpg", "1/-1.jpg", "1/x.png", "99/0.jpg"):
        assert ask(f"frame/{key}/{run}/{path}").status_code == 404


@pytest.mark.parametrize("name", ["P2@gone", "P3@outside"])
def test_a_missing_video_and_one_outside_the_dataset(ask, name, filmed):
    key = ask.keys[name]
    page = ask.page(f"video/{key}")
    assert "video" not in page.tags
    assert ("missing" if name == "P2@gone" else "outside its dataset") in page.text
    for path in (f"media/{key}", f"strip/{key}/0.jpg", f"frame/{key}/{ask.runs[0]}/1/0.jpg"):
        answer = ask(path)
        assert answer.status_code == 404, path
        assert str(filmed.data) not in answer.text and str(filmed.outside) not in answer.text
    ask(f"conversion/{key}", "POST", headers={"origin": OWN})
    for _ in range(100):
        state = ask(f"conversion/{key}").json()
        if state["state"] != "working":
            break
    assert state["state"] == "failed"


def test_without_videos_nothing_of_them_is_given(filmed):
    asking = Asking(filmed.runs, shows_videos=False)
    key, run = asking.keys[filmed.video], asking.runs[0]
    assert "--no-video" in asking.page(f"video/{key}").text
    assert "/clip/" not in asking.page(f"video/{key}/run/{run}").raw
    for path in (f"media/{key}", f"video/{key}/run/{run}/clip/1", f"frame/{key}/{run}/1/0.jpg",
                 f"frame/{key}/{run}/1/0.png", f"sound/{key}/{run}/1.wav", f"strip/{key}/0.jpg",
                 f"converted/{key}", f"conversion/{key}"):  # fmt: skip
        assert asking(path).status_code == 404, path
    assert asking(f"strip/{key}").json()["times"] == []


def test_unknown_things_are_an_error_page(ask, key):
    score = f"score/{ask.runs[0]}"
    for path in ("video/0000", "run/none", f"video/{key}/run/none", "nowhere",
                 f"{score}/none/tonic", f"{score}/recognition/none"):  # fmt: skip
        answer = ask(path)
        assert answer.status_code == 404 and 'data-copies="error"' in answer.text, path


def comment(asking, key, text, **more):
    from urllib.parse import urlencode

    form = urlencode({"text": text, "about": asking.runs[0], **more})
    kind = {"content-type": "application/x-www-form-urlencoded", "origin": OWN}
    return asking(f"comment/{key}", "POST", content=form, headers=kind)


def test_comments_lie_beside_the_run_and_alter_nothing(filmed, tmp_path):
    copies = [shutil.copytree(r, tmp_path / str(i) / "replay") for i, r in enumerate(filmed.runs)]
    asking = Asking(copies)
    key = asking.keys[filmed.video]
    before = {p.name: p.read_bytes() for p in copies[0].iterdir()}
    hostile = "<script>alert(3)</script>\nsecond line \x1b[31m"
    answer = comment(asking, key, hostile, author="Dr <i>A</i>")
    assert answer.status_code == 303 and answer.headers["location"].endswith("#comments")
    after = {p.name: p.read_bytes() for p in copies[0].iterdir()}
    assert {n for n in after if after[n] != before.get(n)} == {"comments.jsonl"}
    page = asking.page(f"video/{key}")
    assert "<script>alert(3)</script>" in page.text and "Dr <i>A</i>" in page.text
    assert "\x1b" not in page.raw and page.tags.count("script") == 2
    assert comment(asking, key, "  ").status_code == 404
    assert comment(asking, key, "x" * 10_001).status_code == 404
    foreign = asking(f"comment/{key}", "POST", content="text=x", headers={"origin": "http://x"})
    assert foreign.status_code == 403
    assert len(Comments(copies[0]).all()) == 1


def test_comments_on_a_read_only_run_go_to_the_users_folder(filmed, tmp_path, monkeypatch):
    copy = shutil.copytree(filmed.runs[0], tmp_path / "replay")
    monkeypatch.setenv("S3EVAL_COMMENTS", str(tmp_path / "mine"))
    # A folder in the file's place: nobody, not even root, can append to it.
    (copy / "comments.jsonl").mkdir()
    _, beside = Comments(copy).add(filmed.video, "kept apart")
    assert not beside
    assert [c.text for c in Comments(copy).all()] == ["kept apart"]
    (only,) = (tmp_path / "mine").iterdir()
    assert only.read_text().count("\n") == 1
    shutil.rmtree(tmp_path / "mine")
    (tmp_path / "mine").write_text("a file")
    with pytest.raises(S3EvalError, match="could not be written"):
        Comments(copy).add(filmed.video, "nowhere")


def test_comments_that_are_none_are_passed_over(tmp_path):
    (tmp_path / "comments.jsonl").write_text('not json\n[1]\n{"video": "v"}\n{"a": 1}\n\n')
    assert Comments(tmp_path).all() == []


def test_a_run_in_progress_is_followed(filmed, tmp_path):
    copy = shutil.copytree(filmed.runs[0], tmp_path / "runs" / "replay")
    for name in ("findings.jsonl", "scores.json", "scores.fingerprint"):
        (copy / name).unlink()
    os.utime(copy / "answers.sqlite")
    asking = Asking([tmp_path / "runs"])
    key = asking.keys[filmed.video]
    state = asking("progress/replay").json()
    assert state["state"] == "in progress"
    assert 0 < state["stored"] <= state["planned"] and 0 < state["share"] <= 1
    listed = asking.page("")
    assert 'data-follow="/token/progress/replay"' in listed.raw
    assert "provisional" in listed.text
    assert "tonic" in asking.page(f"video/{key}").text
    assert "has not finished" in asking.page(f"video/{key}/run/replay").text
    os.utime(copy / "answers.sqlite", (1, 1))
    assert asking("progress/replay").json()["state"] == "standing still"
    shutil.copy(filmed.runs[0] / "findings.jsonl", copy)
    assert asking("progress/replay").json()["state"] == "finished"
    assert "data-follow" not in asking.page("").raw
    # A run that is new in the folder appears by itself.
    shutil.copytree(filmed.runs[1], tmp_path / "runs" / "another")
    assert "another" in asking.page("runs").text


def test_a_run_in_progress_is_not_combined_for_every_page(filmed, tmp_path, monkeypatch):
    copy = shutil.copytree(filmed.runs[0], tmp_path / "replay")
    (copy / "findings.jsonl").unlink()
    opened = Opened([copy])
    first = opened.now()
    os.utime(copy / "answers.sqlite")
    assert opened.now() is first
    monkeypatch.setattr("s3eval_view.viewer.opened.FRESH", 0.0)
    assert opened.now() is not first


def test_it_is_served_until_interrupted(filmed):
    import signal
    import subprocess
    import sys
    import urllib.request

    command = [sys.executable, "-m", "s3eval", "view", str(filmed.runs[0]), "--no-browser"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline()
        address = re.search(r"http://127\.0\.0\.1:\d+/[\w-]{32}/", line)[0]
        for _ in range(100):
            try:
                with urllib.request.urlopen(address, timeout=5) as answer:
                    assert "4 videos" in answer.read().decode()
                break
            except ConnectionRefusedError:
                continue
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(address[:-2], timeout=5)
    finally:
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert "Ended." in out and err == "" and process.returncode == 0
    assert filmed.video not in out


def test_a_taken_port_is_told():
    from s3eval_view.server.serving import address_of, listening

    with listening(0) as taken:
        port = int(address_of(taken, "t").split(":")[2].partition("/")[0])
        with pytest.raises(S3EvalError, match="cannot be used"):
            listening(port)


def test_converted_files_stay_within_their_bound(filmed):
    from s3eval_view.server.playing import Conversions

    shown = Opened(filmed.runs).now()
    keys = [k for k, r in shown.recordings.items() if r.video.name in ("P1@old", filmed.video)]
    conversions = Conversions(bound=1)
    for key in keys:
        conversions.start(key, shown.recording(key))
        until = 600
        while conversions.state(key).state == "working" and until:
            until -= 1
            time.sleep(0.05)
        assert conversions.state(key).state == "ready"
    # Only the newest is kept; the first can be asked for again.
    assert conversions.state(keys[0]).state == "none"
    assert conversions.file(keys[1]).is_file()
    assert len(list(conversions.file(keys[1]).parent.iterdir())) == 1
    conversions.close()


def test_the_history_says_what_changed(filmed):
    asking = Asking(filmed.runs)
    text = asking.page("runs").text
    assert "changed since first/replay" in text and "identity" in text and "options" in text
    first, _ = asking.site.now().shown.runs
    row = first.stored_scores["recognition", "mean", "f1"]
    assert f"{row['value']:.2f}" in text


def test_a_broken_run_is_told_and_the_others_are_shown(filmed, tmp_path):
    shutil.copytree(filmed.runs[0], tmp_path / "good")
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "run.json").write_text("{")
    asking = Asking([tmp_path])
    page = asking.page("")
    assert "bad cannot be shown" in page.text and "4 videos" in page.text
    assert 'data-copies="problem-1"' in page.raw
    with pytest.raises(S3EvalError, match="no run to show"):
        site_of([tmp_path / "bad"], TOKEN)


def test_nothing_is_read_again_unless_it_changed(filmed):
    opened = Opened(filmed.runs)
    first = opened.now()
    assert opened.now() is first
    os.utime(filmed.runs[1] / "findings.jsonl")
    second = opened.now()
    assert second is not first
    assert second.runs[0] is first.runs[0] and second.runs[1] is not first.runs[1]


def test_recorded_runs_and_hostile_names(made):
    asking = Asking(made.runs)
    key = asking.keys[made.video]
    listed = asking.page("")
    assert "v00<b>&_$#|%" in listed.text and "b" not in listed.tags
    page = asking.page(f"video/{key}")
    assert "No file for this video" in page.text
    said = asking.page(f"video/{key}/run/{asking.runs[0]}")
    assert "recorded elsewhere" in said.text and "as recorded" in said.text
    assert "<script>alert(1)</script>" in said.text and "\x1b" not in said.raw


def test_conversions_are_private_and_go_with_the_viewer(filmed):
    asking = Asking(filmed.runs)
    key = asking.keys["P1@old"]
    page = asking.page(f"video/{key}")
    assert "MPEG-2" in page.text and "video" not in page.tags
    strip = asking(f"strip/{key}").json()
    assert len(strip["times"]) == 16 and strip["times"][2] == pytest.approx(1.0, abs=0.06)
    assert asking(f"strip/{key}/3.jpg").content[:2] == b"\xff\xd8"
    asking(f"conversion/{key}", "POST", headers={"origin": OWN})
    for _ in range(600):
        state = asking(f"conversion/{key}").json()
        if state["state"] != "working":
            break
        time.sleep(0.05)
    assert state["state"] == "ready", state
    assert "mpeg2video" in state["words"]
    path = asking.site.conversions.file(key)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    part = asking(f"converted/{key}", headers={"range": "bytes=0-99"})
    assert part.status_code == 206 and len(part.content) == 100
    asking.site.close()
    assert not path.exists() and not path.parent.exists()
    assert asking(f"converted/{key}").status_code == 404
    assert not list(filmed.data.rglob("*.mp4.*"))
