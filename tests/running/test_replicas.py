"""Several processes with the same model: the answers of one, whatever happens to some of them."""

from __future__ import annotations

import os
import sys
import textwrap
import time

import pytest
from s3eval_synth.testing import tiny_dataset

from s3eval.errors import S3EvalError, StopRunError
from s3eval.facts.clips import profile
from s3eval.plugins import Plugin, installed
from s3eval.running.limits import Limits, usable_cores
from s3eval.running.loading import load_tasks
from s3eval.running.plan import make_plan
from s3eval.running.recording import ask_all
from s3eval.running.replicas import Replicas, device_groups
from s3eval.running.session import Session
from s3eval.running.store import AnswerStore
from s3eval.specs import ModelSpec

MODEL = """
    import os, signal, time
    from pathlib import Path
    from s3eval.model import Model

    class Tried(Model):
        def __init__(self, options):
            self.options = options
            self.temperature = options.get("temperature", 0.0)
            self.concurrency = options.get("concurrency", 1)

        @classmethod
        def load(cls, spec, options):
            print("loading says this")
            if options.get("fails"):
                raise ValueError("no such checkpoint")
            return cls(options)

        def identity(self):
            return {"pid": os.getpid()} if self.options.get("differs") else {"version": 1}

        def usage(self):
            return {"tokens_in": 7, "tokens_out": 1}

        def answer(self, footage, question):
            print("answering says this")
            is_later = getattr(self, "has_answered", False)
            with open(self.options["log"], "a") as log:
                threads = os.environ.get("OMP_NUM_THREADS")
                log.write(f"{os.getpid()} {threads} {footage.clip.video}\\n")
            # All but the first question of a process wait for a file, where that is wanted.
            until, self.has_answered = self.options.get("until"), True
            while is_later and until and not Path(until).exists():
                time.sleep(0.01)
            once = self.options.get("once")
            if footage.clip.video == self.options.get("deadly"):
                if not (once and Path(once).exists()):
                    if once:
                        Path(once).touch()
                    os.kill(os.getpid(), signal.SIGKILL)
            time.sleep(0.01)
            return f"{question.key} {int(footage.frames.sum())}"
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return tiny_dataset(tmp_path_factory.mktemp("data") / "tiny", videos=4, seconds=3.0)


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    (tmp_path / "tried_model.py").write_text(textwrap.dedent(MODEL))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.syspath_prepend(tmp_path)
    sys.modules.pop("tried_model", None)
    spec = ModelSpec("tried", adapter="tried_model:Tried", sees=True)
    return Plugin("model", spec, "their-package", "1")


def asked(data, plugin, path, executor, options, **more):
    plan = make_plan(
        data, load_tasks(("recognition",), installed()), profile("standard"), frozenset({"sight"})
    )
    model = executor.load(plugin, options)
    try:
        with AnswerStore(path) as store:
            session = Session.of(data, plan, store, model, "m", {"sight"}, limits=Limits(2))
            ask_all(session, executor=executor, **more)
            return {s.key: s.answer for s in store}, session, model.usage()
    finally:
        model.close()


def lines(path):
    return [line.split() for line in path.read_text().splitlines()]


def test_two_processes_give_the_answers_of_one(data, tmp_path, plugin, capfd):
    from s3eval.running.executing import Local

    options = {"log": str(tmp_path / "log")}
    one, _, _ = asked(data, plugin, tmp_path / "one.sqlite", Local(), options | {"log": os.devnull})
    two, session, usage = asked(data, plugin, tmp_path / "two.sqlite", Replicas(2), options)
    assert two == one and len(one) == 4 * 18
    log = lines(tmp_path / "log")
    assert len({pid for pid, _, _ in log}) == 2, "both had videos"
    assert {threads for _, threads, _ in log} == {str(max(1, usable_cores() // 2))}
    assert len(log) == 72, "each question was asked once"
    assert usage == {"tokens_in": 14, "tokens_out": 2}
    assert session.seconds.as_dict()["decoding"] > 0
    assert "says this" not in capfd.readouterr().out


def test_a_process_that_dies_gives_its_videos_to_the_others(data, tmp_path, plugin):
    names = [v.name for v in data.videos]
    options = {"log": str(tmp_path / "log"), "deadly": names[1], "once": str(tmp_path / "once")}
    got, _, _ = asked(data, plugin, tmp_path / "a.sqlite", Replicas(2), options)
    assert len(got) == 72 and {a.status for a in got.values()} == {"answered"}


def test_a_video_that_ends_every_process_fails_and_takes_no_other(data, tmp_path, plugin):
    names = [v.name for v in data.videos]
    options = {"log": str(tmp_path / "log"), "deadly": names[1]}
    got, _, _ = asked(data, plugin, tmp_path / "a.sqlite", Replicas(3), options)
    failed = [a for a in got.values() if a.status == "failed"]
    assert len(failed) == 18 and len(got) == 72
    assert {(a.kind, a.reason) for a in failed} == {("worker", "its process ended twice (SIGKILL)")}


def test_when_no_process_is_left_the_run_stops_and_keeps_its_answers(data, tmp_path, plugin):
    names = [v.name for v in data.videos]
    options = {"log": str(tmp_path / "log"), "deadly": names[2]}
    with pytest.raises(StopRunError, match="All processes"):
        asked(data, plugin, tmp_path / "a.sqlite", Replicas(1), options)
    with AnswerStore(tmp_path / "a.sqlite") as store:
        assert {s.video for s in store} == {*names[:2]}


def test_what_cannot_be_loaded_or_is_not_the_same_is_told(data, tmp_path, plugin):
    with pytest.raises(S3EvalError, match="no such checkpoint"):
        Replicas(2).load(plugin, {"fails": True})
    with pytest.raises(S3EvalError, match="not the same"):
        Replicas(2).load(plugin, {"differs": True})
    for wrong in ({}, {"count": 0}, {"count": "two"}, {"count": 2, "more": 1}):
        with pytest.raises(S3EvalError, match="count above 0"):
            Replicas.of(wrong)


def test_replicas_say_of_themselves_what_their_model_says(tmp_path, plugin):
    """A model that draws its answers can be asked again here, too (`Repeats.check`)."""
    model = Replicas(1).load(plugin, {"temperature": 0.7, "concurrency": 3})
    try:
        assert (model.temperature, model.concurrency, model.uses_footage) == (0.7, 3, True)
        assert model.identity() == {"version": 1}
    finally:
        model.close()


def test_a_stop_finishes_the_clips_in_hand(data, tmp_path, plugin, monkeypatch):
    import threading

    from s3eval.errors import InterruptedRun
    from s3eval.running.replica import Replica

    told = tmp_path / "told"
    options, said = {"log": str(tmp_path / "log"), "until": str(told)}, threading.Event()
    executor, stop, stopped = Replicas(2), Replica.stop, []

    def stops(replica):
        stop(replica)
        stopped.append(replica)
        if len(stopped) == 2:
            # Their models go on once both were told, however late that is, and have heard it.
            threading.Timer(0.5, told.touch).start()

    monkeypatch.setattr(Replica, "stop", stops)
    monkeypatch.setattr("s3eval.running.replicas._SPENT_SECONDS", 60.0)
    begun = time.monotonic()
    with pytest.raises(InterruptedRun):
        asked(
            data, plugin, tmp_path / "a.sqlite", executor, options,
            report=lambda answer, old: said.set(), stopping=said.is_set,
        )  # fmt: skip
    with AnswerStore(tmp_path / "a.sqlite") as store:
        assert len(store) == len(lines(tmp_path / "log")), "what was asked is kept"
        assert 18 <= len(store) < 72
        assert len(store) % 18 == 0
    assert time.monotonic() - begun < 60, "each had said what it spent, and was not waited for"


def test_each_process_gets_gpus_of_its_own(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,5,6,7")
    assert [p["CUDA_VISIBLE_DEVICES"] for p in device_groups(2, 2)] == ["4,5", "6,7"]
    assert [p["CUDA_VISIBLE_DEVICES"] for p in device_groups(3)] == ["4", "5", "6"]
    with pytest.raises(S3EvalError, match="need 6, but there are 4"):
        device_groups(3, 2)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert all("CUDA_VISIBLE_DEVICES" not in place for place in device_groups(2))


def test_replicas_end_with_the_run(data, tmp_path, plugin):
    executor = Replicas(1)
    model = executor.load(plugin, {"log": os.devnull})
    process = executor._model.replicas[0]._process
    # As when the run is killed: the pipe closes, and nobody says so.
    process.stdin.close()
    assert process.wait(20) == 0
    model.close()


def test_replicas_by_the_command_line(data, tmp_path, capsys):
    from s3eval.cli import main

    ask = ("run", "-m", "motion", "-t", "recognition", "-d", data.root, "--resamples", "20")
    for name, more in (("one", ()), ("two", ("--replicas", "2", "--frame-memory", "64"))):
        with pytest.raises(SystemExit) as done:
            main([*map(str, (*ask, "-o", tmp_path / name, *more))])
        assert not done.value.code, capsys.readouterr().err
    for file in ("run.json", "findings.jsonl", "scores.json"):
        one, two = (tmp_path / n / "motion" / file for n in ("one", "two"))
        assert one.read_bytes() == two.read_bytes(), file
    with pytest.raises(SystemExit):
        main([*map(str, (*ask, "-o", tmp_path / "c", "--replicas", "2", "--executor", "replicas"))])
    assert "exclude each other" in capsys.readouterr().err
