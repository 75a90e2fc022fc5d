"""Decoding in another process: the same footage, and nobody waits for a decoder that hangs."""

from __future__ import annotations

import os
import sys
import time

import numpy as np
import pytest

from s3eval.errors import S3EvalError
from s3eval.footage import Footage, FootageError, FootageFailure, Sampling, apart, windows
from s3eval.footage.apart import decode_apart
from s3eval.footage.decoding import decode

CLIPS = windows("patient-7", 12.0, 4.0, 1.0, Sampling(2.0, 60))

# The real process, but something happens where the clip at 3 s (or each from there) would come.
STAND_IN = """
import os, sys, time
from s3eval.footage import apart
decode = apart.decode
def troubled(*arguments, **options):
    for found in decode(*arguments, **options):
        if found.clip.start == 3.0 or {always} and found.clip.start >= 3.0:
            {trouble}
        yield found
apart.decode = troubled
sys.exit(apart.serve(sys.stdin.buffer, sys.stdout.buffer))
"""


@pytest.fixture
def troubled(monkeypatch):
    def use(trouble: str, always: bool = False) -> None:
        script = STAND_IN.format(trouble=trouble, always=always)
        monkeypatch.setattr(apart, "_COMMAND", (sys.executable, "-c", script))

    return use


@pytest.fixture
def path(film):
    tone = 0.4 * np.sin(np.arange(12 * 48_000) / 20)
    return film("apart.mkv", 120, tone=tone)


def same(a: Footage, b: Footage) -> bool:
    sounds = (a.sound is None) == (b.sound is None)
    heard = a.sound is None or b.sound is None or np.array_equal(a.sound, b.sound)
    pictures = np.array_equal(a.frames, b.frames) and np.array_equal(a.times, b.times)
    return sounds and heard and pictures and (a.clip, a.duration) == (b.clip, b.duration)


@pytest.mark.parametrize("senses", [(True, True), (False, True), (True, False), (False, False)])
def test_the_footage_is_the_same(path, senses):
    options = {"sight": senses[0], "sound": senses[1]}
    here, there = [*decode(path, CLIPS, **options)], [*decode_apart(path, CLIPS, **options)]
    assert len(here) == len(there) == len(CLIPS)
    assert all(same(a, b) for a, b in zip(here, there, strict=True))


def test_failures_and_errors_are_the_same(path, tmp_path):
    late = windows("v", 20.0, 5.0, 0.0, Sampling(2.0, 60))
    assert [type(f) for f in decode_apart(path, late)] == [type(f) for f in decode(path, late)]
    bad = tmp_path / "Gonzalez.mp4"
    bad.write_bytes(b"no video" * 100)
    with pytest.raises(FootageError) as caught:
        [*decode_apart(bad, CLIPS)]
    assert caught.value.kind == "not-media"
    assert "patient-7" in str(caught.value) and "Gonzalez" not in str(caught.value)
    with pytest.raises(S3EvalError, match="did you mean 'pyav'"):
        [*decode_apart(path, CLIPS, backend="piav")]


def test_a_decoder_that_hangs_takes_only_its_clip(path, troubled):
    troubled("time.sleep(600)")
    begun = time.monotonic()
    found = [*decode_apart(path, CLIPS, patience=8.0)]
    assert time.monotonic() - begun < 90
    assert [f.clip for f in found] == list(CLIPS)
    failed = [f for f in found if isinstance(f, FootageFailure)]
    assert [(f.clip.start, f.kind) for f in failed] == [(3.0, "decoder")]
    assert "nothing for 8 s" in failed[0].reason


def test_a_decoder_that_crashes_takes_only_its_clip(path, troubled):
    troubled("os.kill(os.getpid(), 11)")
    found = [*decode_apart(path, CLIPS)]
    assert [f.clip for f in found] == list(CLIPS)
    failed = [f for f in found if isinstance(f, FootageFailure)]
    assert [(f.clip.start, f.kind) for f in failed] == [(3.0, "decoder")]
    assert "SIGSEGV" in failed[0].reason
    here = {f.clip: f for f in decode(path, CLIPS)}
    assert all(same(f, here[f.clip]) for f in found if isinstance(f, Footage))


def test_a_video_at_which_every_decoder_crashes_is_given_up(path, troubled):
    troubled("os.kill(os.getpid(), 11)", always=True)
    clips = windows("patient-7", 12.0, 2.0, 1.0, Sampling(2.0, 60))
    found = [*decode_apart(path, clips)]
    assert [f.clip for f in found] == list(clips)
    failed = [isinstance(f, FootageFailure) for f in found]
    assert failed == [f.clip.start >= 3.0 for f in found] and sum(failed) > 3


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not limit it")
def test_memory_is_limited_where_asked(path, troubled):
    troubled("bytearray(20 * 2**30)")
    failed = [f for f in decode_apart(path, CLIPS, memory=8 * 2**30) if not hasattr(f, "frames")]
    assert len(failed) == 1 and "more memory" in failed[0].reason


def test_leaving_early_ends_the_process(path, troubled):
    troubled("open(os.environ['WHO'], 'w').write(str(os.getpid())); time.sleep(600)")
    who = path.parent / "process-id"
    os.environ["WHO"] = str(who)
    try:
        clips = decode_apart(path, CLIPS)
        next(clips)
        deadline = time.monotonic() + 30
        while not (who.exists() and who.read_text()) and time.monotonic() < deadline:
            time.sleep(0.05)
        clips.close()
    finally:
        del os.environ["WHO"]
    with pytest.raises(ProcessLookupError):
        os.kill(int(who.read_text()), 0)


def test_time_the_caller_takes_does_not_count(path):
    got = []
    for found in decode_apart(path, CLIPS, patience=8.0):
        got.append(found)
        if len(got) == 1:
            time.sleep(9)
    assert all(isinstance(f, Footage) for f in got) and len(got) == len(CLIPS)
