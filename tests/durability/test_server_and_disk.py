"""Killed with questions in flight at a server, and a disk that is full and becomes free again."""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from s3eval.testing.chat_server import Said, scripted

pytestmark = pytest.mark.slow
FILES = ("run.toml", "findings.jsonl", "scores.json")


def command(data: Path, out: Path, model: str, *more: str) -> list[str]:
    windows = ["--sampling", "window_seconds=3", "--sampling", "overlap_seconds=1"]
    return [
        sys.executable, "-m", "s3eval", "run", "-m", model, "-t", "recognition", "-d", str(data),
        "-o", str(out), "--resamples", "20", *windows, *more,
    ]  # fmt: skip


def count(run: Path) -> int:
    if not (run / "answers.sqlite").is_file():
        return 0
    db = sqlite3.connect(run / "answers.sqlite")
    try:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        there = db.execute("SELECT name FROM sqlite_master WHERE name = 'answers'").fetchone()
        return db.execute("SELECT count(*) FROM answers").fetchone()[0] if there else 0
    finally:
        db.close()


def same(one: Path, other: Path) -> None:
    for file in FILES:
        assert (one / file).read_bytes() == (other / file).read_bytes(), file


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    tiny_dataset = pytest.importorskip("s3eval_synth.testing").tiny_dataset
    pytest.importorskip("s3eval_model_server")
    folder = tmp_path_factory.mktemp("data") / "tiny"
    tiny_dataset(folder, videos=3, seconds=6.0)
    return folder


class _Answers:
    """What a scripted server answers, up to a number of requests; what comes later waits."""

    def __init__(self) -> None:
        self._lock, self.killed = threading.Lock(), threading.Event()
        self.begin(10**9)

    def begin(self, most: int) -> None:
        """Of a run that now starts so many requests are answered."""
        self.killed.clear()
        self._most, self.open, self.answered = most, 0, 0

    def __call__(self, text: str, body: dict, before: int) -> Said:
        with self._lock:
            self.open += 1
            waits = self.answered + self.open > self._most
        if waits:
            self.killed.wait(280)
        time.sleep(0.05)
        with self._lock:
            self.open -= 1
            self.answered += 1
        return Said("yes" if len(text) % 2 else "no")


def until(holds: Callable[[], bool], process: subprocess.Popen[bytes] | None = None) -> None:
    ends = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < ends, "what was waited for did not come"
        assert process is None or process.poll() is None, "the run ended"
        time.sleep(0.01)


def test_killed_with_questions_in_flight_nothing_recorded_is_asked_again(data, tmp_path):
    answers = _Answers()
    with scripted(answers) as server:
        at = ["--model-option", f"base_url={server.base_url}", "--model-option", "concurrency=8"]
        whole = finished(command(data, tmp_path / "whole", "server", *at))
        assert whole.returncode == 0, whole.stderr
        total = len(server.asked)
        run = tmp_path / "killed" / "server"
        killed = command(data, tmp_path / "killed", "server", *at)
        for share in (0.2, 0.5, 0.8):
            before = count(run)
            answers.begin(max(1, round(share * total) - before))
            process = subprocess.Popen(
                killed, start_new_session=True,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            until(lambda: answers.open == 8, process)
            # What came is stored, also what overtook an earlier question of its clip.
            until(lambda b=before: count(run) - b == answers.answered, process)
            stored = count(run)
            assert stored > before
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            answers.killed.set()
            until(lambda: answers.open == 0)
            assert count(run) == stored
        asked = len(server.asked)
        answers.begin(10**9)
        again = finished(killed)
        assert again.returncode == 0, again.stderr
        assert len(server.asked) - asked == total - stored, "each missing answer is asked for once"
    same(tmp_path / "whole" / "server", run)


@pytest.fixture
def small_disk(tmp_path):
    """A real file system of 8 MB of which little is left, and what to do to have it free."""
    place = tmp_path / "disk"
    place.mkdir()
    if sys.platform != "linux":
        pytest.skip("mounting is tried on Linux only")
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "none", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting is not allowed here")
    (place / "ballast").write_bytes(b"x" * (7_900 * 1024))
    yield place
    subprocess.run(["umount", "-l", str(place)], check=False)


def limited() -> None:
    """No file may become longer than this, as on a disk that is full."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))


@pytest.fixture(scope="module")
def whole(data, tmp_path_factory):
    out = tmp_path_factory.mktemp("whole")
    done = finished(command(data, out, "motion"))
    assert done.returncode == 0, done.stderr
    return out / "motion"


def finished(arguments: list[str], before=None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        arguments, capture_output=True, text=True, timeout=280, check=False, preexec_fn=before
    )


def goes_on(data: Path, out: Path, full: subprocess.CompletedProcess[str], whole: Path) -> None:
    assert full.returncode == 4, full.stderr
    assert "The disk is full; every answer so far is kept" in full.stderr
    before = count(out / "motion")
    again = finished(command(data, out, "motion"))
    assert again.returncode == 0, again.stderr
    assert f"{before} already there" in again.stderr
    same(whole, out / "motion")


def test_a_full_disk_ends_the_run_and_once_free_it_goes_on(data, small_disk, whole):
    full = finished(command(data, small_disk / "runs", "motion"))
    (small_disk / "ballast").unlink()
    goes_on(data, small_disk / "runs", full, whole)


def test_files_that_may_not_grow_end_the_run_and_later_it_goes_on(data, tmp_path, whole):
    full = finished(command(data, tmp_path, "motion"), limited)
    goes_on(data, tmp_path, full, whole)
