"""Two runs into one folder: the second waits, asks nothing, and says so."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import pytest

from s3eval.errors import S3EvalError
from s3eval.running.lock import locked

HOLD = """
import sys
from pathlib import Path
from s3eval.running.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def holder(folder):
    """A process that holds the lock until its standard input is closed."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout.readline() == "held\n"
    return process


def test_the_second_waits_and_says_so(tmp_path):
    process = holder(tmp_path)
    lines: list[str] = []
    told_at = []

    def notify(line: str) -> None:
        lines.append(line)
        told_at.append(time.monotonic())
        # Only now, however slow this machine is: the lock is held until it was waited for.
        threading.Timer(0.4, process.stdin.close).start()

    with locked(tmp_path, notify=notify):
        waited = time.monotonic() - told_at[0]
    assert process.wait() == 0
    assert waited > 0.3
    assert "another run is at work" in lines[0]


def test_without_waiting_it_is_refused_by_name(tmp_path):
    process = holder(tmp_path)
    with pytest.raises(S3EvalError, match="Another run is at work"), locked(tmp_path, wait=False):
        pass
    process.kill()
    process.wait()
    # The operating system freed it when the process ended.
    with locked(tmp_path, wait=False):
        pass


REFUSED = HOLD + '    raise SystemExit("refused")\n'


def test_a_refused_run_takes_its_empty_folder_away_even_while_another_waits(tmp_path):
    folder = tmp_path / "runs" / "model"
    process = subprocess.Popen(
        [sys.executable, "-c", REFUSED, str(folder), "1"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    with locked(folder):
        assert process.wait() == 1
        assert (folder / ".lock").is_file()
        with pytest.raises(S3EvalError, match="Another run"), locked(folder, wait=False):
            pass


@pytest.mark.parametrize("is_written", [False, True])
def test_only_an_empty_folder_is_taken_away(tmp_path, is_written):
    folder = tmp_path / "runs" / "model"
    with pytest.raises(S3EvalError), locked(folder):
        if is_written:
            (folder / "run.json").touch()
        raise S3EvalError("refused")
    assert (tmp_path / "runs").exists() == is_written
    tmp_path.joinpath("mine").mkdir()
    with pytest.raises(S3EvalError), locked(tmp_path / "mine"):
        raise S3EvalError("refused")
    assert (tmp_path / "mine").exists(), "it was there before"
