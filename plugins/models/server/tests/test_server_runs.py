"""The server model through the command line, on real video files."""

import json

import pytest
from click.testing import CliRunner
from s3eval_synth.testing import tiny_dataset

from s3eval import S3EvalError
from s3eval.cli.run import command
from s3eval.errors import StopRunError
from s3eval.testing.chat_server import Said, scripted

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    pytest.importorskip("s3eval_task_recognition")
    folder = tmp_path_factory.mktemp("data") / "tiny"
    tiny_dataset(folder, videos=1)
    return folder


def run(data, out, *more):
    arguments = ["--model", "server-omni", "--tasks", "recognition", "--data", str(data)]
    arguments += ["--out", str(out), "--resamples", "20", *more]
    return CliRunner().invoke(command, arguments, catch_exceptions=False)


def at(server):
    return ["--model-option", f"base_url={server.base_url}"]


def test_a_run_resumes_after_a_spent_budget_and_asks_nothing_twice(data, tmp_path):
    with scripted(lambda t, b, n: Said("yes")) as server:
        with pytest.raises(StopRunError, match="7 calls is spent"):
            run(data, tmp_path / "runs", *at(server), "--model-option", "max_calls=7")
        assert len(server.asked) == 7
        done = run(data, tmp_path / "runs", *at(server), "--json", "-")
        assert done.exit_code == 0, done.output
        assert len(server.texts) == len({*server.texts}) == 20, "each question once"
        again = run(data, tmp_path / "runs", *at(server))
        assert again.exit_code == 0
        assert len(server.asked) == 20
    media = {
        json.dumps([p for p in b["messages"][-1]["content"] if p["type"] != "text"])
        for b in server.asked
    }
    assert len(media) == 1, "one clip, encoded alike before and after the stop"


def test_failures_are_told_by_the_exit_code_and_asked_again_on_demand(data, tmp_path):
    state = {"broken": True}

    def answer(text, body, before):
        if state["broken"] and "stare" in text:
            return Said(status=400, body='{"error": {"message": "no"}}')
        return Said("no")

    with scripted(answer) as server:
        first = run(data, tmp_path / "runs", *at(server), "--json", "-")
        assert first.exit_code == 3
        state["broken"] = False
        asked = len(server.asked)
        second = run(data, tmp_path / "runs", *at(server), "--retry-failed", "--json", "-")
        assert second.exit_code == 0
        assert len(server.asked) == asked + 1


def test_another_machine_is_refused_without_the_flag(data, tmp_path):
    options = ["--model-option", "base_url=https://models.example.org/v1"]
    options += ["--model-option", "key_variable=PATH"]
    with pytest.raises(S3EvalError, match="allow"):
        run(data, tmp_path / "runs", *options)
    with pytest.raises(S3EvalError, match="not an option"):
        run(data, tmp_path / "runs", *options, "--model-option", "allow_remote=true")


def test_of_a_sound_file_only_what_is_heard_is_asked(tmp_path):
    import wave

    folder = tmp_path / "sounds"
    folder.mkdir()
    with wave.open(str(folder / "a.wav"), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes(b"\1\2" * 32_000)
    (folder / "dataset.toml").write_text('format = 1\nname = "sounds"\n')
    (folder / "videos.csv").write_text("video,patient,file\na,p,a.wav\n")
    (folder / "features.csv").write_text("video,feature,present\na,ictal_vocalization,yes\n")
    with scripted(lambda t, b, n: Said("yes")) as server:
        both = run(folder, tmp_path / "both", *at(server), "--json", "-")
        assert both.exit_code == 0, both.output
        assert len(server.asked) == 2 and "18 skipped" in both.stderr
        seeing = run(folder, tmp_path / "seeing", *at(server), "--model", "server", "--json", "-")
        assert seeing.exit_code == 0, seeing.output
        assert len(server.asked) == 4, "server-omni once more, server not at all"
        assert "server: 1 video, 0 answered, 0 already there, 18 skipped" in seeing.stderr


def test_a_server_nobody_named_is_named_before_it_is_asked(data, tmp_path):
    try:
        serving = scripted(lambda t, b, n: Said("yes"), models=("stranger",), port=8000)
        server = serving.__enter__()
    except OSError:
        pytest.skip("something listens at the default address already")
    try:
        found = run(data, tmp_path / "found", "--json", "-")
        named = run(data, tmp_path / "named", *at(server), "--json", "-")
    finally:
        serving.__exit__(None, None, None)
    said = "server-omni: asks stranger at 127.0.0.1:8000, what answers at the default address"
    assert [line.startswith(said) for line in found.stderr.splitlines()].index(True) == 0
    assert "stranger" not in named.stderr
