"""What the viewer keeps up with and what it keeps: runs in progress, comments, conversions."""

from __future__ import annotations

import os
import re
import shutil
import stat
import time

import pytest
from s3eval_view.viewer.comments import Comments
from s3eval_view.viewer.opened import Opened
from s3eval_view.viewer.site import site_of

from s3eval.errors import S3EvalError

TOKEN = "token"
OWN = "http://127.0.0.1:8000"


def comment(viewer, key, text, **more):
    from urllib.parse import urlencode

    form = urlencode({"text": text, "about": viewer.runs[0], **more})
    kind = {"content-type": "application/x-www-form-urlencoded", "origin": OWN}
    return viewer(f"comment/{key}", "POST", content=form, headers=kind)


def test_comments_lie_beside_the_run_and_alter_nothing(filmed, tmp_path, asking):
    copies = [shutil.copytree(r, tmp_path / str(i) / "replay") for i, r in enumerate(filmed.runs)]
    viewer = asking(copies)
    key = viewer.keys[filmed.video]
    before = {p.name: p.read_bytes() for p in copies[0].iterdir()}
    hostile = "<script>alert(3)</script>\nsecond line \x1b[31m"
    answer = comment(viewer, key, hostile, author="Dr <i>A</i>")
    assert answer.status_code == 303 and answer.headers["location"].endswith("#comments")
    after = {p.name: p.read_bytes() for p in copies[0].iterdir()}
    assert {n for n in after if after[n] != before.get(n)} == {"comments.jsonl"}
    page = viewer.page(f"video/{key}")
    assert "<script>alert(3)</script>" in page.text and "Dr <i>A</i>" in page.text
    assert "\x1b" not in page.raw and page.tags.count("script") == 2
    assert comment(viewer, key, "  ").status_code == 404
    assert comment(viewer, key, "x" * 10_001).status_code == 404
    foreign = viewer(f"comment/{key}", "POST", content="text=x", headers={"origin": "http://x"})
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


def test_a_run_in_progress_is_followed(filmed, tmp_path, asking):
    copy = shutil.copytree(filmed.runs[0], tmp_path / "runs" / "replay")
    for name in ("findings.jsonl", "scores.json", "scores.fingerprint"):
        (copy / name).unlink()
    os.utime(copy / "answers.sqlite")
    viewer = asking([tmp_path / "runs"])
    key = viewer.keys[filmed.video]
    state = viewer("progress/replay").json()
    assert state["state"] == "in progress"
    assert 0 < state["stored"] <= state["planned"] and 0 < state["share"] <= 1
    listed = viewer.page("")
    assert 'data-follow="/token/progress/replay"' in listed.raw
    assert "provisional" in listed.text
    assert "tonic" in viewer.page(f"video/{key}").text
    assert "has not finished" in viewer.page(f"video/{key}/run/replay").text
    os.utime(copy / "answers.sqlite", (1, 1))
    assert viewer("progress/replay").json()["state"] == "standing still"
    shutil.copy(filmed.runs[0] / "findings.jsonl", copy)
    assert viewer("progress/replay").json()["state"] == "finished"
    assert "data-follow" not in viewer.page("").raw
    # A run that is new in the folder appears by itself.
    shutil.copytree(filmed.runs[1], tmp_path / "runs" / "another")
    assert "another" in viewer.page("runs").text


def test_a_run_in_progress_is_not_combined_for_every_page(filmed, tmp_path, monkeypatch):
    copy = shutil.copytree(filmed.runs[0], tmp_path / "replay")
    (copy / "findings.jsonl").unlink()
    monkeypatch.setattr("s3eval_view.viewer.opened.FRESH", 3600.0)
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
                with urllib.request.urlopen(address, timeout=60) as answer:
                    assert "4 videos" in answer.read().decode()
                break
            except ConnectionRefusedError:
                continue
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(address[:-2], timeout=60)
    finally:
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)
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


def test_the_history_says_what_changed(filmed, asking):
    viewer = asking(filmed.runs)
    text = viewer.page("runs").text
    assert "changed since first/replay" in text and "identity" in text and "options" in text
    first, _ = viewer.site.now().shown.runs
    row = first.stored_scores["recognition", "mean", "f1"]
    assert f"{row['value']:.2f}" in text


def test_a_broken_run_is_told_and_the_others_are_shown(filmed, tmp_path, asking):
    shutil.copytree(filmed.runs[0], tmp_path / "good")
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "run.json").write_text("{")
    viewer = asking([tmp_path])
    page = viewer.page("")
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


def test_conversions_are_private_and_go_with_the_viewer(filmed, asking):
    viewer = asking(filmed.runs)
    key = viewer.keys["P1@old"]
    page = viewer.page(f"video/{key}")
    assert "MPEG-2" in page.text and "video" not in page.tags
    strip = viewer(f"strip/{key}").json()
    assert len(strip["times"]) == 16 and strip["times"][2] == pytest.approx(1.0, abs=0.06)
    assert viewer(f"strip/{key}/3.jpg").content[:2] == b"\xff\xd8"
    viewer(f"conversion/{key}", "POST", headers={"origin": OWN})
    for _ in range(600):
        state = viewer(f"conversion/{key}").json()
        if state["state"] != "working":
            break
        time.sleep(0.05)
    assert state["state"] == "ready", state
    assert "mpeg2video" in state["words"]
    path = viewer.site.conversions.file(key)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    part = viewer(f"converted/{key}", headers={"range": "bytes=0-99"})
    assert part.status_code == 206 and len(part.content) == 100
    viewer.site.close()
    assert not path.exists() and not path.parent.exists()
    assert viewer(f"converted/{key}").status_code == 404
    assert not list(filmed.data.rglob("*.mp4.*"))
