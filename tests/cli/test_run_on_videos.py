"""`s3eval run` on real video files: killed and started again, missing and truncated files."""

from __future__ import annotations

import json
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from s3eval_synth.testing import tiny_dataset

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def drawn(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("drawn") / "data"
    tiny_dataset(folder, videos=3, seconds=6.0)
    return folder


def command(data: Path, out: Path, *more: str) -> list[str]:
    fixed = ["-m", "motion", "-t", "recognition", "-d", str(data), "-o", str(out)]
    # Short windows make more clips, so that a kill falls between two of them.
    windows = ["--sampling", "window_seconds=3", "--sampling", "overlap_seconds=1"]
    return [sys.executable, "-m", "s3eval", "run", *fixed, *windows, "--resamples", "50", *more]


def run(data: Path, out: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(data, out, *more), capture_output=True, text=True, timeout=300, check=False
    )


def stored(out: Path) -> dict[str, tuple[str, str]]:
    """What is in the store: key -> (status, text)."""
    path = out / "motion" / "answers.sqlite"
    if not path.is_file():
        return {}
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        rows = db.execute("SELECT key, status, text FROM answers").fetchall()
    except sqlite3.OperationalError:
        return {}
    finally:
        db.close()
    return {key: (status, text) for key, status, text in rows}


# Ends like a process that is killed, right after its twentieth answer was stored.
KILLED = """
import itertools, os, signal, sys
from s3eval.running.store import AnswerStore
put, numbers = AnswerStore.put, itertools.count(1)
def counted(store, answer):
    put(store, answer)
    if next(numbers) == 20:
        os.kill(os.getpid(), signal.SIGKILL)
AnswerStore.put = counted
from s3eval.cli import main
main(sys.argv[1:])
"""


def test_a_killed_run_started_again_asks_nothing_twice_and_scores_the_same(drawn, tmp_path):
    whole = run(drawn, tmp_path / "whole")
    assert whole.returncode == 0, whole.stderr
    killed = tmp_path / "killed"
    arguments = command(drawn, killed)[3:]
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, *arguments], capture_output=True, timeout=300, check=False
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    before = stored(killed)
    everything = stored(tmp_path / "whole")
    assert 0 < len(before) < len(everything)

    again = run(drawn, killed)
    assert again.returncode == 0, again.stderr
    assert f"{len(everything) - len(before)} answered, {len(before)} already there" in again.stderr
    after = stored(killed)
    assert after == everything
    assert before.items() <= after.items()
    for file in ("scores.json", "findings.jsonl"):
        one, two = (tmp_path / n / "motion" / file for n in ("whole", "killed"))
        assert one.read_bytes() == two.read_bytes()


def test_missing_and_truncated_files_fail_alone_and_are_named(drawn, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(drawn, data)
    first, second, _ = sorted((data / "videos").glob("*.mp4"))
    first.unlink()
    second.write_bytes(second.read_bytes()[:20_000])
    done = run(data, tmp_path / "runs")
    assert done.returncode == 3
    assert "The video file is missing" in done.stderr
    assert "Traceback" not in done.stderr
    assert first.stem not in done.stderr, "a video's name must not get into logs"
    assert "video file" in done.stderr
    scores = json.loads((tmp_path / "runs" / "motion" / "scores.json").read_text())["scores"]
    mine = [s for s in scores if (s["item"], s["metric"]) == ("tonic", "f1")]
    counts = {(s["asked"], s["failed"], s["scored"]) for s in mine}
    assert counts == {(3, 2, 1)}

    # Put back, the missing one is asked; the truncated one's failure is kept until wanted.
    shutil.copy(drawn / "videos" / first.name, first)
    later = run(data, tmp_path / "runs")
    assert later.returncode == 3
    assert "The video file is missing" not in later.stderr
    shutil.copy(drawn / "videos" / second.name, second)
    healed = run(data, tmp_path / "runs")
    assert healed.returncode == 0, healed.stderr


def test_the_check_finds_what_the_run_would_stumble_over(drawn, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(drawn, data)
    first, second, _ = sorted((data / "videos").glob("*.mp4"))
    first.unlink()
    second.write_bytes(second.read_bytes()[:20_000])
    done = subprocess.run(
        [sys.executable, "-m", "s3eval", "data", "check", str(data)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    errors = [line for line in done.stdout.splitlines() if line.startswith("error")]
    assert len(errors) == 2
    assert "is missing" in errors[0]
