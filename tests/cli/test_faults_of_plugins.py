"""What a plugin could not do is named, and the exit code says that something is missing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest

from s3eval import Annotation, Dataset, FeatureAnnotation, Video
from s3eval.cli import cli, main
from s3eval.dataset import write_folder
from s3eval.plugins import installed
from s3eval.running.loading import load_task
from s3eval.specs import CommandSpec, RunEndSpec
from s3eval.testing.plugins import beside_installed, module_with, registry_of


def leaving(*_: object, **__: object) -> Any:
    raise SystemExit(0)


@click.command()
@click.argument("code")
def verb(code: str) -> None:
    if code == "text":
        raise SystemExit("went wrong")
    raise SystemExit(int(code) if code != "none" else None)


def emptying(run: Any, scores: Any) -> None:
    scores.clear()


async def awaited(run: Any, scores: Any) -> None:
    scores.clear()


def yielding(run: Any, scores: Any) -> Any:
    yield scores


@pytest.fixture
def data(tmp_path: Path) -> Path:
    videos = (Video("v1", "p1", duration=20.0), Video("v2", "p2", duration=20.0))
    notes = {
        v.name: Annotation(v.name, {"tonic": FeatureAnnotation("yes", 3.0, 5.0)}) for v in videos
    }
    return write_folder(Dataset("d", videos, notes), tmp_path / "data")


@pytest.fixture
def plugins() -> Any:
    module = module_with(
        s3eval_commands=[CommandSpec("leave", adapter=f"{__name__}:verb")],
        s3eval_run_ends=[
            RunEndSpec(name, adapter=f"{__name__}:{name}")
            for name in ("emptying", "awaited", "yielding")
        ],
    )
    with beside_installed(*registry_of(("mine", "their-package", module)).plugins) as registry:
        yield registry


def code_of(*arguments: object) -> int:
    with pytest.raises(SystemExit) as done:
        main([*map(str, arguments)])
    return int(done.value.code or 0)


def test_a_task_that_cannot_read_answers_is_named(data, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(type(load_task("recognition")), "read", leaving)
    ask = ("run", "--tasks", "recognition", "-m", "always-yes", "--data", data)
    assert code_of(*ask, "--out", tmp_path / "out", "--resamples", 20) == 3
    said = capsys.readouterr()
    assert said.err.count("failed while reading an answer: SystemExit: 0") == 1
    assert "unreadable" in said.out
    # So they are where JSON stands in place of the table, and by the other verbs.
    run = tmp_path / "out" / "always-yes"
    for again in ((*ask, "--out", run.parent, "--resamples", 20), ("score", run), ("retry", run)):
        assert code_of(*again, "--json", "-") == 3
        assert "failed while reading an answer: SystemExit: 0" in capsys.readouterr().err


@pytest.mark.parametrize(("given", "expected"), [("0", 0), ("7", 7), ("none", 0), ("text", 1)])
def test_a_verb_of_a_package_may_end_the_program(plugins, capsys, given, expected):
    assert code_of("leave", given) == expected
    assert ("went wrong" in capsys.readouterr().err) == (given == "text")


def test_a_verb_that_is_looked_up_often_still_runs(plugins, capsys):
    context = click.Context(cli)
    for _ in range(2 * sys.getrecursionlimit()):
        cli.get_command(context, "leave")
    assert code_of("leave", "7") == 7
    assert "invoke" not in vars(verb), "the package's own command is left as it is"


def test_the_program_never_ends_without_a_word(monkeypatch, capsys):
    monkeypatch.setattr("s3eval.api.verbs.added_verbs", leaving)
    assert code_of("leaves-no-trace") == 2
    assert "SystemExit" in capsys.readouterr().err


def test_what_a_run_s_end_does_with_its_list_changes_no_scores(data, tmp_path, plugins, capsys):
    ask = ("run", "--tasks", "recognition", "-m", "always-yes", "--data", data, "--resamples", 20)
    assert code_of(*ask, "--out", tmp_path / "out", "--at-end", "emptying") == 0
    assert "tonic" in capsys.readouterr().out


@pytest.mark.parametrize(("end", "kind"), [("awaited", "coroutine"), ("yielding", "generator")])
def test_a_run_s_end_that_never_began_is_not_called_done(
    data, tmp_path, plugins, capsys, end, kind
):
    ask = ("run", "--tasks", "recognition", "-m", "always-yes", "--data", data, "--at-end", end)
    assert code_of(*ask, "--out", tmp_path / "out", "--resamples", 20) == 3
    told = f"{end} (their-package) failed: TypeError: it gave a {kind}, of which nothing was run"
    assert told in capsys.readouterr().err


def test_what_threads_and_destructors_raise_is_a_line_without_paths(tmp_path):
    code = (
        "import threading\nfrom s3eval.plugin_calls import strays_in_one_line\n"
        "class Late:\n    def __del__(self): raise ValueError('/home/someone/x.mp4')\n"
        "def fail(): raise ValueError('/home/someone/y.mp4')\n"
        "with strays_in_one_line(print):\n"
        "    t = threading.Thread(target=fail); t.start(); t.join(); late = Late(); del late\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.count("ValueError: a media file") == 2
    assert "Traceback" not in done.stderr and "someone" not in done.stdout + done.stderr


def test_a_judge_whose_own_code_fails_is_told_of_the_task_that_wanted_it(
    tmp_path, monkeypatch, capsys
):
    note = Annotation("v1", report="The left arm is stiff.")
    folder = write_folder(
        Dataset("d", (Video("v1", "p1", duration=20.0),), {"v1": note}), tmp_path / "data"
    )
    judge = installed().get("judge", "lexicon").spec.load()
    monkeypatch.setattr(judge, "answer", leaving)
    answers = tmp_path / "answers.csv"
    answers.write_text("video,item,answer\nv1,report,The right arm jerks.\n", encoding="utf-8")
    ask = ("run", "--tasks", "report", "-m", "replay", "--model-option", f"file={answers}")
    ask = (*ask, "--data", folder, "--resamples", 20)
    assert code_of(*ask, "--out", tmp_path / "out") == 3
    said = capsys.readouterr().err
    assert "task 'report'" in said and "judge 'lexicon' failed: SystemExit: 0" in said
