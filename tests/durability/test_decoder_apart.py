"""A decoder that crashes in the middle of a run takes its clip, and the run goes on."""

from __future__ import annotations

import sqlite3
import sys

import pytest
from s3eval_synth.testing import tiny_dataset

from s3eval.cli import main
from s3eval.footage import apart

pytestmark = pytest.mark.slow

CRASHES = """
import os, sys
from s3eval.footage import apart
decode = apart.decode
def troubled(path, clips, **options):
    for found in decode(path, clips, **options):
        if found.clip.video.startswith("T0002") and found.clip.start == 2.0:
            os.kill(os.getpid(), 11)
        yield found
apart.decode = troubled
sys.exit(apart.serve(sys.stdin.buffer, sys.stdout.buffer))
"""


def rows(out):
    db = sqlite3.connect(out / "motion" / "answers.sqlite")
    try:
        sql = "SELECT key, video, clip_start, status, kind, text, reason FROM answers ORDER BY key"
        return db.execute(sql).fetchall()
    finally:
        db.close()


def test_only_the_clip_is_failed_and_everything_else_is_as_ever(tmp_path, monkeypatch, capsys):
    data = tmp_path / "data"
    tiny_dataset(data, videos=2, seconds=6.0)

    def run(name: str, *more: str) -> object:
        ask = ("-m", "motion", "-t", "recognition", "-d", data, "-o", tmp_path / name)
        windows = ("--sampling", "window_seconds=3", "--sampling", "overlap_seconds=1")
        with pytest.raises(SystemExit) as done:
            main(["run", *map(str, ask), *windows, "--resamples", "20", *more])
        return done.value.code

    assert run("here") == 0
    assert run("apart", "--decode-apart") == 0
    here = rows(tmp_path / "here")
    assert rows(tmp_path / "apart") == here
    monkeypatch.setattr(apart, "_COMMAND", (sys.executable, "-c", CRASHES))
    capsys.readouterr()
    assert run("crashed", "--decode-apart") == 3
    crashed = rows(tmp_path / "crashed")
    failed = [row for row in crashed if row[3] == "failed"]
    assert {(row[1][:5], row[2], row[4]) for row in failed} == {("T0002", 2.0, "decoder")}
    assert all("SIGSEGV" in row[6] for row in failed)
    others = {row for row in here if not (row[1].startswith("T0002") and row[2] == 2.0)}
    assert others <= set(crashed), "every other answer is as it is without a crash"
    told = capsys.readouterr().err
    assert "rest on part of their windows" in told and "T0002" not in told
