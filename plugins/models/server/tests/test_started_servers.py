"""A server that is started for a run: used, ended with it, and what goes wrong is said."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest
from s3eval_model_server.adapter import ServerModel
from s3eval_model_server.options import ServerModelOptions
from s3eval_model_server.starting import start_command

from s3eval import Clip, Footage, ModelSpec, Question, S3EvalError, Sampling
from s3eval.errors import StopRunError

SEES = ModelSpec("server", adapter="", sees=True, remote=True)
ASKED = [Question("q", "Is it so?")]
# Stands for vLLM: notes how it was called, starts a process of its own, then serves.
PROGRAM = """
    import json, os, subprocess, sys, time
    from pathlib import Path
    notes = Path(os.environ["NOTES"])
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    # Whole or not at all: it may be ended at any moment.
    (notes / "calling").write_text(json.dumps([sys.argv[1:], os.getpid(), child.pid]))
    (notes / "calling").replace(notes / "called")
    if os.environ.get("BROKEN"):
        print("CUDA out of memory", file=sys.stderr)
        child.kill()
        sys.exit(3)
    time.sleep(0.5)
    from s3eval.testing.chat_server import Said, scripted
    port = int(sys.argv[sys.argv.index("--port") + 1])
    with scripted(lambda t, b, n: Said("yes"), models=(sys.argv[2],), port=port):
        time.sleep(600)
"""


@pytest.fixture
def program(tmp_path, monkeypatch):
    script = tmp_path / "stand_in.py"
    script.write_text(textwrap.dedent(PROGRAM))
    monkeypatch.setenv("NOTES", str(tmp_path))
    return f"{sys.executable} {script}"


def footage():
    frames = np.zeros((2, 32, 32, 3), np.uint8)
    return Footage(Clip("v", 0.0, 1.0, Sampling(2.0, 60)), frames, np.array([0.0, 0.5]), None, 9.0)


def loaded(program, **options):
    given = {"serve": "vllm", "serve_command": program, "model": "Qwen/Qwen3-VL-8B-Instruct"}
    return ServerModel.load(SEES, {**given, **options})


def called(folder):
    return json.loads((folder / "called").read_text())


def is_gone(pid):
    """Whether a process ends, within a minute; one that nobody has waited for yet has ended."""
    for _ in range(600):
        try:
            os.kill(pid, 0)
            state = Path(f"/proc/{pid}/stat").read_text() if sys.platform == "linux" else ""
        except (ProcessLookupError, FileNotFoundError):  # also between the two
            return True
        if state.rpartition(") ")[2].startswith("Z"):
            return True
        time.sleep(0.1)
    return False


def test_it_is_started_when_first_asked_used_and_ended(program, tmp_path):
    model = loaded(program, serve_options="--dtype float16")
    try:
        assert not (tmp_path / "called").exists(), "nothing to ask: nothing is started"
        assert not {"serve", "serve_command", "base_url"} & set(model.identity())
        answers = [*model.ask(model.watch(model.prepare(footage())), ASKED)]
        assert [a.text for a in answers] == ["yes"]
        arguments, server, child = called(tmp_path)
    finally:
        model.close()
    assert arguments[:2] == ["serve", "Qwen/Qwen3-VL-8B-Instruct"]
    assert "--dtype" in arguments
    assert is_gone(server) and is_gone(child), "with all that it started"


def test_one_that_does_not_start_says_its_last_words(program, tmp_path, monkeypatch):
    monkeypatch.setenv("BROKEN", "1")
    model = loaded(program)
    with pytest.raises(StopRunError, match="CUDA out of memory") as caught:
        [*model.ask(model.watch(model.prepare(footage())), ASKED)]
    assert "exit code 3" in str(caught.value)
    model.close()
    monkeypatch.delenv("BROKEN")
    model = loaded(program, serve_wait=0.2)
    with pytest.raises(StopRunError, match=r"did not answer within 0 s"):
        [*model.ask(model.watch(model.prepare(footage())), ASKED)]
    model.close()
    assert is_gone(called(tmp_path)[1])


def test_it_ends_with_a_run_that_is_killed(program, tmp_path):
    code = f"""
        import time
        from s3eval import ModelSpec
        from s3eval_model_server.adapter import ServerModel
        options = dict(serve="vllm", serve_command={program!r}, model="m")
        model = ServerModel.load(ModelSpec("server", adapter="", sees=True, remote=True), options)
        model._server.ensure()
        print("ready", flush=True)
        time.sleep(600)
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as run:
        assert run.stdout.readline() == b"ready\n"
        run.send_signal(signal.SIGKILL)
    _, server, child = called(tmp_path)
    assert is_gone(server) and is_gone(child)


def test_what_cannot_be_started_is_told_before_anything_is_asked():
    with pytest.raises(S3EvalError, match="No command 'no-such-vllm'"):
        loaded("no-such-vllm")
    with pytest.raises(S3EvalError, match="a model that is named"):
        loaded(sys.executable, model="")
    with pytest.raises(S3EvalError, match="a model that is named"):
        loaded(sys.executable, base_url="http://127.0.0.1:1/v1")


def test_the_commands_are_those_of_the_documentation():
    """Each row of the table in docs/servers.md, as it is started."""
    import re
    import shlex

    page = (Path(__file__).parents[4] / "docs" / "servers.md").read_text()
    rows = re.findall(r"^\| [^|]+ \| `(vllm serve [^`]+)` \| [^|]+ \|$", page, re.M)
    assert len(rows) >= 6
    for row in rows:
        documented = shlex.split(row)
        options = ServerModelOptions(serve="vllm", serve_command="true", model=documented[2])
        made = start_command(options, 8000, Path("/tmp"))
        assert made[1:3] == documented[1:3]
        assert _pairs(made[3:-4]) == _pairs(documented[3:]), row


def _pairs(arguments):
    found = {}
    for name, value in zip(arguments[::2], arguments[1::2], strict=True):
        found[name] = json.loads(value)
    return found


def test_a_run_starts_and_ends_it(program, tmp_path):
    pytest.importorskip("s3eval_task_recognition")
    from click.testing import CliRunner
    from s3eval_synth.testing import tiny_dataset

    from s3eval.cli.run import command

    tiny_dataset(tmp_path / "data", videos=1, seconds=3.0)
    ask = ["--model", "server", "--tasks", "recognition", "--data", str(tmp_path / "data")]
    ask += ["--out", str(tmp_path / "runs"), "--resamples", "20", "--serve", "vllm"]
    ask += ["--model-option", "model=m", "--model-option", f"serve_command={program}"]
    done = CliRunner().invoke(command, ask, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert "18 answered" in done.output
    _, server, child = called(tmp_path)
    assert is_gone(server) and is_gone(child)
