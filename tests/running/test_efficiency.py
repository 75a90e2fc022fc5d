"""Where the time went is kept beside a run, added up over its commands, and shown."""

from __future__ import annotations

import json

import pytest
from s3eval_synth.testing import tiny_dataset

from s3eval import evaluate
from s3eval.cli import main
from s3eval.running.efficiency import FILE, stored_efficiency
from s3eval.testing.chat_server import Said, scripted


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data") / "tiny"
    tiny_dataset(folder, videos=2, seconds=4.0)
    return folder


def shown(capsys, *arguments) -> tuple[str, str]:
    with pytest.raises(SystemExit):
        main([*map(str, arguments)])
    return capsys.readouterr()


def test_a_run_says_where_its_time_went_and_show_adds_it_up(data, tmp_path, capsys):
    with scripted(lambda t, b, n: Said("yes", wait=0.05)) as server:
        ask = ("run", "-m", "server", "-t", "recognition", "-d", data, "-o", tmp_path / "runs")
        ask += ("--resamples", "20", "--model-option", f"base_url={server.base_url}")
        _, first = shown(capsys, *ask, "--limit", "1")
        _, second = shown(capsys, *ask)
        _, third = shown(capsys, *ask)
    line = next(x for x in first.splitlines() if "answers in" in x)
    # Two of the twenty signs are heard, and this model does not hear: they are not asked.
    assert line.startswith("server: 18 answers in ")
    assert "asking" in line and "1,800 tokens in, 360 out" in line
    assert "18 answers in" in second and "answers in" not in third, "nothing was asked"
    run = tmp_path / "runs" / "server"
    entries = stored_efficiency(run)
    assert [(e.answers, e.tokens_in) for e in entries] == [(18, 1800), (18, 1800)]
    for entry in entries:
        assert entry.stages["asking"] >= 0.05 and entry.stages["decoding"] > 0
        assert entry.stages["waiting"] <= entry.seconds
    out, _ = shown(capsys, "show", run)
    assert "tokens in" in out and "3,600" in out
    (run / FILE).write_text("{")
    out, _ = shown(capsys, "show", run)
    assert "tokens in" not in out, "what cannot be read is left out, and nothing breaks"


def test_an_interrupted_command_is_counted_too_and_run_json_stays_the_same(data, tmp_path):
    ask = {"resamples": 20, "limit": 1}
    for name in ("one", "two"):
        evaluate("motion", "recognition", data, tmp_path / name, **ask)
    one, two = (tmp_path / n / "motion" for n in ("one", "two"))
    assert (one / "run.json").read_bytes() == (two / "run.json").read_bytes()
    assert json.loads((one / FILE).read_text())["commands"][0]["tokens_in"] is None
