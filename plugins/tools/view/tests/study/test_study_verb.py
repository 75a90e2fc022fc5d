"""``s3eval view --reader`` and ``--rate``: what goes together, what is refused, what is told."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys

import pytest
from click.testing import CliRunner

pytest.importorskip("starlette")

import s3eval_view.cli.view as view

from s3eval.cli import cli


@pytest.fixture
def shown(monkeypatch):
    """What would have been served; nothing is."""
    calls = []
    monkeypatch.setattr(view, "show", lambda *given, **more: calls.append((given, more)))
    return calls


def run(*arguments):
    return CliRunner().invoke(cli, ["view", *map(str, arguments)])


def said(done):
    return done.output + str(done.exception or "")


def test_a_reader_is_served_and_told_how_to_go_on(films, tmp_path, shown):
    done = run("--reader", "R1", "--tasks", "recognition", "--data", films, "--out", tmp_path)
    assert done.exit_code == 0, said(done)
    assert "0 of 54 answered" in done.output and "goes on where it stopped" in done.output
    ((_, more),) = shown
    assert more["what"] == "The session of reader R1"
    assert (tmp_path / "R1" / "run.json").is_file()


def test_a_rater_is_served_and_told_how_to_go_on(report_runs, tmp_path, shown):
    done = run(*report_runs, "--rate", "E1", "--out", tmp_path, "--limit", "2")
    assert done.exit_code == 0, said(done)
    assert "0 of 6 reports rated" in done.output
    assert shown[0][1]["what"] == "The rating of reports by E1"


def test_videos_outside_the_folder_are_shown_where_the_user_says_so(films, tmp_path, shown, asking):
    shutil.copytree(films, tmp_path / "data")
    for file in (tmp_path / "data" / "videos").iterdir():
        file.unlink()
        file.symlink_to(films / "videos" / file.name)
    arguments = ["--reader", "R1", "--tasks", "recognition", "--data", tmp_path / "data"]
    for flag, is_there in (([], False), (["--allow-outside"], True)):
        done = run(*arguments, "--out", tmp_path / f"out{is_there}", *flag)
        assert done.exit_code == 0, said(done)
        app, token = shown[-1][0][:2]
        facts = asking(app, f"http://127.0.0.1:8000/{token}/shown/0").json()
        assert ("times" in facts) == is_there
    kept = json.loads((tmp_path / "outTrue" / "R1" / "run.json").read_text())
    assert kept["selection"] == {"outside": True}


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--reader", "R1", "--rate", "E1", "--out", "OUT"], "not both"),
        (["--reader", "R1", "--tasks", "recognition", "--data", "DATA"], "--out"),
        (["--reader", "R1", "--data", "DATA", "--out", "OUT"], "--tasks"),
        (["--reader", "R1", "--tasks", "recognition", "--out", "OUT"], "--data"),
        (["RUN", "--reader", "R1", "--tasks", "recognition", "--data", "DATA", "--out", "OUT"],
         "blind"),
        (["--reader", "R1", "--tasks", "recognition", "--data", "DATA", "--out", "OUT",
          "--reference"], "sees no annotation"),
        (["--reader", "R1", "--tasks", "recognition", "--data", "DATA", "--out", "OUT",
          "--no-video"], "needs to see"),
        (["--reader", "R 1", "--tasks", "recognition", "--data", "DATA", "--out", "OUT"],
         "pseudonym"),
        (["--reader", "R1", "--tasks", "recogniton", "--data", "DATA", "--out", "OUT"],
         "recognition"),
        (["--reader", "R1", "--tasks", "recognition", "--data", "DATA", "--out", "OUT",
          "--folds", "9"], "No video"),
        (["RUN", "--rate", "E1", "--out", "OUT", "--sound"], "for readers"),
        (["RUN", "--rate", "E1", "--out", "OUT", "--no-video"], "--reference"),
        (["--rate", "E1", "--out", "OUT"], "Whose reports"),
        (["RUN", "--seed", "3"], "--seed is for a study"),
    ],
)  # fmt: skip
def test_what_does_not_go_together_is_refused(films, report_runs, tmp_path, shown, arguments, why):
    known = {"DATA": films, "RUN": report_runs[0], "OUT": tmp_path / "out"}
    done = run(*(known.get(a, a) for a in arguments))
    assert done.exit_code != 0
    assert why in said(done)
    assert shown == [] and not (tmp_path / "out" / "R1" / "run.json").exists()


def test_a_folder_has_one_session_at_a_time(films, tmp_path):
    """In a process of its own: served, asked, interrupted; a second one is refused meanwhile."""
    arguments = ["view", "--reader", "R1", "--tasks", "recognition", "--data", str(films)]
    arguments += ["--out", str(tmp_path), "--no-browser"]
    command = [sys.executable, "-u", "-m", "s3eval", *arguments]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ}
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        address = re.search(r"http://127\.0\.0\.1:\d+/\S+/", line)
        assert address, line
        httpx = pytest.importorskip("httpx")
        assert "Video 1 of 3" in httpx.get(address.group(), trust_env=False).text
        second = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert second.returncode == 2 and "at work in this folder" in second.stderr
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=60)
        assert process.returncode == 0 and "0 of 54 answered" in rest
    finally:
        process.kill()
