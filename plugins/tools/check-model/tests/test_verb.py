"""The verb: its table, its file beside the run, its exit status, and what it refuses."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest
from click.testing import CliRunner
from s3eval_check_model.testing import StandIn

from s3eval import ModelSpec, S3EvalError
from s3eval.api.model_names import named_model
from s3eval.cli import cli
from s3eval.plugins import Plugin
from s3eval.running.model_check import FILE, read_model_check
from s3eval.testing.plugins import beside_installed

SPEC = ModelSpec(
    "stand-in", adapter="s3eval_check_model.testing:StandIn", sees=True, hears=True, remote=False
)
SMALL = ["--sampling", "window_seconds=2", "--sampling", "overlap_seconds=0"]


@pytest.fixture
def stand_in():
    """The stand-in among the installed models."""

    with contextlib.ExitStack() as replaced:

        def install(spec: ModelSpec = SPEC) -> None:
            mine = Plugin("model", spec, "stand-in", "1")
            replaced.enter_context(beside_installed(mine))

        yield install


def called(*arguments: str):
    return CliRunner().invoke(cli, ["check-model", *arguments])


def test_a_check_is_shown_kept_beside_the_run_and_tells_what_a_run_would_take(stand_in, tmp_path):
    from s3eval_synth.testing import tiny_dataset

    stand_in()
    tiny_dataset(tmp_path / "data", videos=2, seconds=6.0)
    where = ["--data", str(tmp_path / "data"), "--tasks", "recognition", "-o", str(tmp_path / "r")]
    done = called("stand-in", *SMALL, *where, "--json", "-")
    assert done.exit_code == 0, done.output
    check = read_model_check(tmp_path / "r" / "stand-in")
    assert check is not None and not check.failed
    assert json.loads(done.stdout)["lines"][0]["name"] == check.lines[0].name
    assert "2 videos, 6 clips, 120 questions" in check.line("run").found
    assert check.line("speed").verdict == "measured"
    assert str(tmp_path) not in (tmp_path / "r" / "stand-in" / FILE).read_text()


class Seeded(StandIn):
    """The stand-in with an option that its name may set."""

    loaded: ClassVar[list[Any]] = []

    @classmethod
    def checked_options(cls, spec: ModelSpec, options: Mapping[str, Any]) -> dict[str, Any]:
        if set(options) - {"seed"}:
            raise S3EvalError("no such option")
        return {key: int(value) for key, value in options.items()}

    @classmethod
    def load(cls, spec: ModelSpec, options: Mapping[str, Any]) -> StandIn:
        cls.loaded.append(dict(options))
        return cls()


def test_a_name_with_options_is_checked_with_them_beside_its_own_run(stand_in, tmp_path):
    stand_in(replace(SPEC, adapter=f"{__name__}:Seeded"))
    done = called("stand-in?seed=1", *SMALL, "-o", str(tmp_path / "r"))
    assert done.exit_code == 0, done.output
    assert Seeded.loaded == [{"seed": 1}]
    check = read_model_check(named_model("stand-in?seed=1").run_in(tmp_path / "r"))
    assert check is not None and check.model == "stand-in"
    assert "no such option" in str(called("stand-in?sead=1", *SMALL).exception)
    assert len(Seeded.loaded) == 1, "nothing was loaded for it"


def test_a_line_that_fails_ends_with_1_and_says_why(stand_in, monkeypatch):
    stand_in()
    monkeypatch.setattr(
        StandIn, "watch", lambda self, clip: replace(clip, frames=clip.frames[:, :, ::-1])
    )
    done = called("stand-in", *SMALL)
    assert done.exit_code == 1
    assert "left and right are swapped" in " ".join(done.output.split())
    assert "1 fail" in done.output


def test_a_model_that_looks_at_nothing_is_refused():
    done = called("always-yes")
    assert done.exit_code != 0
    assert "looks at nothing" in str(done.exception or done.output)


def test_a_model_on_another_machine_needs_leave(monkeypatch):
    """The server plugin's gate is before anything is sent, drawn clips too."""
    pytest.importorskip("httpx")
    done = called("server", "--model-option", "base_url=https://models.example.org/v1")
    assert done.exit_code != 0
    assert "--allow-remote" in str(done.exception or done.output)


def test_a_run_goes_on_in_the_folder_that_holds_the_check(stand_in, tmp_path: Path):
    from s3eval_synth.testing import tiny_dataset

    stand_in()
    tiny_dataset(tmp_path / "data", videos=1, seconds=6.0)
    called("stand-in", *SMALL, "-o", str(tmp_path / "r"))
    arguments = ["run", "-m", "always-yes", "-t", "recognition", "-d", str(tmp_path / "data")]
    (tmp_path / "r" / "stand-in").rename(tmp_path / "r" / "always-yes")
    done = CliRunner().invoke(cli, [*arguments, "-o", str(tmp_path / "r"), "--resamples", "20"])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "r" / "always-yes" / FILE).is_file()
