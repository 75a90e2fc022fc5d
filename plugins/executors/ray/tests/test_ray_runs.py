"""Real runs on a real Ray of this machine: the answers of a local run, whatever is lost."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
import time

import pytest

from s3eval.testing.installed_plugin import environment_with, write_plugin

pytest.importorskip("ray")
pytestmark = pytest.mark.slow

# Answers depend on the clip alone. "once" names a file: the first worker that comes to the clip
# after it was made ends itself, without a word. The worker of a "fatal" video always does.
PLUGIN = """
import hashlib, os, signal, time
from s3eval import ModelSpec, hookimpl
from s3eval.model import Model

@hookimpl
def s3eval_models():
    return [ModelSpec("steady", adapter="ray_test_models:Steady", sees=True)]

class Steady(Model):
    uses_footage = False

    def answer(self, footage, question):
        with open(os.environ["ASKED"], "a") as log:
            log.write(f"{footage.clip.video} {footage.clip.start} {question.key}\\n")
        # Where a file is named, nothing is answered before it is there.
        while os.environ.get("UNTIL") and not os.path.exists(os.environ["UNTIL"]):
            time.sleep(0.01)
        time.sleep(0.002)
        once = os.environ.get("ONCE", "")
        if footage.clip.video in ("v02", "v05") and question.key == "clonic" and once:
            try:
                os.remove(once + footage.clip.video)
            except FileNotFoundError:
                pass
            else:
                os.kill(os.getpid(), signal.SIGKILL)
        if footage.clip.video == os.environ.get("FATAL") and footage.clip.start > 0:
            os.kill(os.getpid(), signal.SIGKILL)
        text = f"{footage.clip.video} {footage.clip.start} {question.key}"
        return "yes" if hashlib.sha256(text.encode()).digest()[0] % 2 else "no"
"""


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "dataset.toml").write_text('format = 1\nname = "small"\n')
    names = [f"v{i:02}" for i in range(8)]
    rows = "".join(f"{n},p{i % 3},ES,0,70\n" for i, n in enumerate(names))
    (folder / "videos.csv").write_text("video,patient,diagnosis,fold,duration\n" + rows)
    rows = "".join(f"{n},tonic,{'yes,5,20' if i % 2 else 'no,,'},\n" for i, n in enumerate(names))
    (folder / "features.csv").write_text("video,feature,present,start,end,justification\n" + rows)
    return folder


@pytest.fixture
def command(tmp_path, data):
    plugin = write_plugin(tmp_path / "plugin", "ray_test_models", PLUGIN)

    def arguments(out, *more):
        fixed = ["-m", "steady", "-t", "recognition,timing", "-d", data, "--resamples", 50]
        return [sys.executable, "-m", "s3eval", "run", *map(str, [*fixed, "-o", out, *more])]

    def environment(**more):
        return environment_with(plugin, {"ASKED": str(tmp_path / "asked.log"), **more})

    return arguments, environment


RAY = ("--executor", "ray", "--executor-option", "workers=2")
FILES = ("run.json", "run.toml", "findings.jsonl", "scores.json")


def finished(arguments, environment):
    return subprocess.run(
        arguments, env=environment, capture_output=True, text=True, timeout=280, check=False
    )


def test_two_workers_of_which_two_are_lost_give_the_run_of_one_process(command, tmp_path):
    arguments, environment = command
    local = finished(arguments(tmp_path / "local"), environment())
    assert local.returncode == 0, local.stderr
    once = tmp_path / "once-"
    for video in ("v02", "v05"):
        (tmp_path / f"once-{video}").touch()
    spread = finished(arguments(tmp_path / "ray", *RAY), environment(ONCE=str(once)))
    assert spread.returncode == 0, spread.stderr
    assert not list(tmp_path.glob("once-*")), "both workers were lost"
    for file in FILES:
        one, two = (tmp_path / n / "steady" / file for n in ("local", "ray"))
        assert one.read_bytes() == two.read_bytes(), file


def test_a_clip_that_ends_every_worker_is_failed_and_the_others_are_answered(command, tmp_path):
    arguments, environment = command
    done = finished(arguments(tmp_path / "out", *RAY), environment(FATAL="v03"))
    assert done.returncode == 3, done.stderr
    assert "Traceback" not in done.stderr
    db = sqlite3.connect(tmp_path / "out" / "steady" / "answers.sqlite")
    failed = db.execute(
        "SELECT DISTINCT video, kind, clip_start > 0 FROM answers WHERE status = 'failed'"
    ).fetchall()
    (counted,) = db.execute("SELECT count(*) FROM answers WHERE status = 'answered'").fetchone()
    (of_lost,) = db.execute("SELECT count(*) FROM answers WHERE status = 'failed'").fetchone()
    db.close()
    assert failed == [("v03", "worker", 1)]
    assert counted > 5 * of_lost


def test_an_interrupt_finishes_the_clips_in_hand_and_the_same_command_goes_on(command, tmp_path):
    arguments, environment = command
    told = tmp_path / "told"
    process = subprocess.Popen(
        arguments(tmp_path / "out", *RAY), env=environment(UNTIL=str(told)),
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    log = tmp_path / "asked.log"
    while process.poll() is None and not (log.is_file() and log.stat().st_size):
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    told.touch()
    said = process.stderr.read()
    assert process.wait(120) == 130, said
    assert "The same command goes on where it stopped" in said
    before = log.read_text().splitlines()
    again = finished(arguments(tmp_path / "out", *RAY), environment())
    assert again.returncode == 0, again.stderr
    asked = log.read_text().splitlines()
    assert len(asked) == len(set(asked)) > len(before) > 0, "nothing is asked twice"
    scores = json.loads((tmp_path / "out" / "steady" / "scores.json").read_text())["scores"]
    assert {s["failed"] for s in scores} == {0}
