"""`s3eval new`: packages that install, pass their own tests and the linters at once."""

from __future__ import annotations

import importlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from s3eval import check_dataset
from s3eval.cli import main
from s3eval.cli.new import KINDS
from s3eval.plugins import Plugin
from s3eval.specs import DatasetSpec
from s3eval.testing.plugins import beside_installed

ROOT = Path(__file__).parents[2]


def new(*arguments: object) -> int:
    with pytest.raises(SystemExit) as done:
        main(["new", *map(str, arguments)])
    return done.value.code if isinstance(done.value.code, int) else 0


def run(*call: object, cwd: Path, **env: str) -> str:
    done = subprocess.run(
        [str(c) for c in call],
        cwd=cwd,
        capture_output=True,
        text=True,
        env={**os.environ, **env},
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def install(package: Path, target: Path) -> None:
    """Into a folder of its own, as a wheel; the core is the one that runs these tests."""
    run(
        *(sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation"),
        *("--target", target, package),
        cwd=package,
    )


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_it_installs_and_passes_its_tests(kind, tmp_path):
    assert new(kind, "first-try", "--dir", tmp_path) == 0
    package = tmp_path / f"s3eval-{kind}-first-try"
    site = tmp_path / "site"
    install(package, site)
    path = os.pathsep.join([str(site), str(ROOT)])
    listed = run(
        *(sys.executable, "-m", "s3eval", "list", f"{kind}s", "--json", "-"),
        cwd=tmp_path,
        PYTHONPATH=path,
    )
    assert "first-try" in [p["name"] for p in json.loads(listed)[f"{kind}s"]]
    shutil.rmtree(package / "build", ignore_errors=True)
    tests = shutil.copytree(package / "tests", tmp_path / "elsewhere")
    said = run(sys.executable, "-m", "pytest", "-q", "-rs", tests, cwd=tests, PYTHONPATH=path)
    # The package and what it brings; nothing is left out.
    assert "2 passed" in said
    assert "skipped" not in said


def test_a_folder_that_was_made_for_it_is_told(tmp_path, capsys):
    assert new("judge", "mine", "--dir", tmp_path / "a" / "b") == 0
    assert (
        f"Made the folder {tmp_path / 'a' / 'b'}, which was not there." in capsys.readouterr().out
    )


def test_the_example_of_a_dataset_passes_the_checks_of_datasets(tmp_path, monkeypatch):
    assert new("dataset", "an-example", "--dir", tmp_path) == 0
    package = tmp_path / "s3eval-dataset-an-example"
    monkeypatch.syspath_prepend(package)
    spec = DatasetSpec("an-example", adapter="s3eval_dataset_an_example.dataset:open_dataset")
    with beside_installed(Plugin("dataset", spec, package.name, "0.1.0")):
        done = check_dataset(f"an-example:{package / 'tests' / 'example' / 'table.csv'}")
    assert done.summary() == "2 videos, 0 errors, 0 warnings"
    assert done.dataset.digest_covers == "table.csv"


@pytest.mark.parametrize("name", ["a", "the-longest-name-of-them"])
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written_is_clean(kind, name, tmp_path):
    pytest.importorskip("ruff", reason="pip install -e '.[lint]' brings it")
    assert new(kind, name, "--dir", tmp_path) == 0
    (package,) = tmp_path.iterdir()
    # From the package's folder: there s3eval is a library like others.
    config = ("--config", ROOT / "pyproject.toml", "--no-cache")
    run(sys.executable, "-m", "ruff", "check", *config, package, cwd=package)
    run(sys.executable, "-m", "ruff", "format", "--check", *config, package, cwd=package)
    assert not re.search(r"\$\w", "".join(p.read_text() for p in package.rglob("*.py")))


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written_is_typed(kind, tmp_path):
    assert new(kind, "first-try", "--dir", tmp_path) == 0
    (package,) = tmp_path.iterdir()
    # The core's own settings: strict, and which libraries have no types.
    call = (sys.executable, "-m", "mypy", "--config-file", ROOT / "pyproject.toml")
    files = sorted(package.rglob("*.py"))
    assert len(files) == 3
    run(*call, "--cache-dir", ROOT / ".mypy_cache", *files, cwd=ROOT)


@pytest.mark.parametrize("name", ["Optical Flow", "optical_flow", "-flow", "3d", "flow--2", "été"])
def test_a_name_that_is_none_is_refused_with_one_that_is(name, tmp_path, capsys):
    # "--" ends the options, as anywhere: a name may look like one.
    assert new("--dir", tmp_path, "--", "model", name) == 2
    said = capsys.readouterr().err
    assert f"'{name}' is no name for a model" in said
    assert "Try: s3eval new model " in said
    assert not list(tmp_path.iterdir())


def test_a_name_that_is_too_long_is_refused(tmp_path, capsys):
    assert new("model", "x" * 25, "--dir", tmp_path) == 2
    assert "25 characters; 24 are allowed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("kind", "name", "owner"),
    [
        ("dataset", "folder", "s3eval-core brings it"),
        ("task", "recognition", "s3eval-task-recognition brings it"),
    ],
)
def test_a_name_that_is_taken_is_refused(kind, name, owner, tmp_path, capsys):
    assert new(kind, name, "--dir", tmp_path) == 2
    said = capsys.readouterr().err
    assert owner in said
    assert f"Try: s3eval new {kind} my-{name}" in said


def test_what_is_there_is_not_overwritten(tmp_path, capsys):
    mine = tmp_path / "s3eval-model-mine"
    mine.mkdir()
    (mine / "notes.txt").write_text("mine")
    assert new("model", "mine", "--dir", tmp_path) == 2
    assert "There is something already" in capsys.readouterr().err
    assert [p.name for p in mine.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize("kind", KINDS)
def test_what_describes_the_package_asks_to_be_changed(kind, tmp_path):
    """Whatever the name is: the example's own description would be wrong for all but one."""
    assert new(kind, "mine", "--dir", tmp_path) == 0
    (package,) = tmp_path.iterdir()
    hook = (package / f"s3eval_{kind}_mine" / "__init__.py").read_text(encoding="utf-8")
    assert re.search(r'summary="a new [a-z ]+: change this line to', hook)
    assert re.search(
        r'^description = "a new .*: change this line',
        (package / "pyproject.toml").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    assert "Change this sentence" in (package / "README.md").read_text(encoding="utf-8")


def test_the_new_model_measures_a_clip_once(tmp_path, monkeypatch):
    """What is asked costs nothing: a window has 18 questions and 60 frames."""
    from s3eval import Question
    from s3eval.testing.noise import noise_clip

    assert new("model", "mine-once", "--dir", tmp_path) == 0
    monkeypatch.syspath_prepend(str(tmp_path / "s3eval-model-mine-once"))
    module = importlib.import_module("s3eval_model_mine_once.model")
    model = module.MineOnceModel(8.0)
    watched = model.watch(model.prepare(noise_clip()))
    assert isinstance(watched, float)
    questions = [Question(str(i), "?", ("left", "right")) for i in range(3)]
    assert [a.text for a in model.ask(watched, questions)] == ["left"] * 3
    assert [a.text for a in model.ask(0.0, questions)] == ["right"] * 3


def test_what_was_written_as_json(tmp_path, capsys):
    assert new("judge", "mine", "--dir", tmp_path, "--json", "-") == 0
    facts = json.loads(capsys.readouterr().out)
    folder = tmp_path / "s3eval-judge-mine"
    assert facts["folder"] == str(folder)
    assert {*facts["files"]} == {
        str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()
    }
