"""Ctrl-C and SIGTERM: what is in hand is finished, a second one stops at once, nothing is lost."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time

import pytest

from s3eval.running.stopping import stop_on_signals
from s3eval.signals import ended_like_interrupted

RUN = """
import sys, time
from s3eval.model import Model
from s3eval.specs import ModelSpec
from s3eval.testing.plugins import beside_installed, module_with, registry_of

class Slow(Model):
    uses_footage = False
    def answer(self, footage, question):
        print("asked", flush=True, file=sys.stderr)
        if sys.argv[1] == "until told":
            sys.stdin.read()
        else:
            time.sleep(float(sys.argv[1]))
        return "yes"

class Spec(ModelSpec):
    def load(self):
        return Slow

mine = registry_of(("slow", "slow", module_with(s3eval_models=[Spec("slow", adapter="a:b", sees=True)])))
from s3eval.cli import main
with beside_installed(*mine.plugins):
    main(["run", "-m", "slow", "-t", "recognition", *sys.argv[2:]])
"""  # noqa: E501


def begun(data, out, wait):
    """A run whose model has been asked its first question.

    Args:
        wait: seconds before each answer, or "until told": until standard input is closed.
    """
    arguments = [str(wait), "--data", str(data), "--out", str(out), "--resamples", "20"]
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, *arguments],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr.readline() == "asked\n"
    return process


def answers(out) -> int:
    db = sqlite3.connect(f"file:{out / 'slow' / 'answers.sqlite'}?mode=ro", uri=True)
    try:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return int(db.execute("SELECT count(*) FROM answers").fetchone()[0])
    finally:
        db.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_clip_in_hand_is_finished_and_the_run_says_how_to_go_on(
    dataset_folder, tmp_path, number
):
    process = begun(dataset_folder, tmp_path, "until told")
    process.send_signal(number)
    process.stdin.close()  # the first answer is given only after the signal
    told = process.stderr.read()
    assert process.wait(60) == 130, told
    count = answers(tmp_path)
    # Whole clips of 18 signs to see, at least the one in hand, and not all seven of the run.
    assert count % 18 == 0 and 18 <= count < 126
    assert "what is in hand is finished first" in told
    assert f"Interrupted. {count} of 126 questions are done. The same command goes on" in told


def test_a_second_one_stops_at_once(dataset_folder, tmp_path):
    process = begun(dataset_folder, tmp_path, 2.0)
    process.send_signal(signal.SIGINT)
    while "Stopping" not in process.stderr.readline():
        pass
    begun_at = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.stderr.read()
    process.wait(60)
    # The 18 questions of the clip would have taken 36 s.
    assert time.monotonic() - begun_at < 20
    assert process.returncode == 130
    assert answers(tmp_path) < 18


def test_what_hangs_is_interrupted_when_the_time_is_over():
    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt), stop_on_signals(grace=0.3) as stopping:
        os.kill(os.getpid(), signal.SIGINT)
        assert stopping()
        time.sleep(60)
    assert time.monotonic() - begun < 30


def test_handlers_are_as_before_and_other_threads_have_none():
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with stop_on_signals() as stopping, ended_like_interrupted():
        assert not stopping()
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
    seen = []

    def elsewhere() -> None:
        with stop_on_signals() as stopping:
            seen.append((stopping(), signal.getsignal(signal.SIGINT)))

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert seen == [(False, before[0])]
