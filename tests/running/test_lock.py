"""Two runs into one folder: the second waits, asks nothing, and says so."""

from __future__ import annotations

import errno
import subprocess
import sys
import threading
import time

import pytest
from filelock import FileLock

from s3eval.errors import S3EvalError
from s3eval.running import file_systems, lock
from s3eval.running.file_systems import Mount
from s3eval.running.lock import LOCK, locked

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


@pytest.fixture
def refusals(monkeypatch):
    """By name what refuses a folder: its mount, or its file system when it is locked."""

    def by_mount() -> None:
        mount = Mount("nfs4", frozenset({"nolock"}))
        monkeypatch.setattr(file_systems, "mount_of", lambda folder: mount)

    def by_locking() -> None:
        def none(fd: int, operation: int) -> None:
            raise OSError(errno.ENOLCK, "No locks available")

        monkeypatch.setattr("fcntl.flock", none)

    return {"mount": by_mount, "locking": by_locking}


@pytest.mark.parametrize("by", ["mount", "locking"])
def test_a_folder_that_is_refused_itself_is_taken_away_where_it_was_made_for_that(
    tmp_path, refusals, by
):
    refusals[by]()
    with pytest.raises(S3EvalError, match="locks"), locked(tmp_path / "runs" / "model"):
        pass
    assert not (tmp_path / "runs").exists()
    tmp_path.joinpath("mine").mkdir()
    with pytest.raises(S3EvalError, match="locks"), locked(tmp_path / "mine"):
        pass
    assert [*tmp_path.iterdir()] == [tmp_path / "mine"] and not [*(tmp_path / "mine").iterdir()]


def test_a_refused_folder_that_another_uses_meanwhile_stays(tmp_path, monkeypatch):
    folder = tmp_path / "runs" / "model"
    other = FileLock(folder / LOCK)
    # Between making the folder and locking it, another run has locked it.
    monkeypatch.setattr(lock, "refuse_without_locks", lambda path: other.acquire())
    with pytest.raises(S3EvalError, match="Another run"), locked(folder, wait=False):
        pass
    assert other.is_locked and (folder / LOCK).is_file()
    other.release()
