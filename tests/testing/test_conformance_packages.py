"""The checks of a distribution, and the one-line suite."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from s3eval.errors import S3EvalError
from s3eval.plugins import installed
from s3eval.testing import conformance

HOOKS = """
from s3eval import ModelSpec, hookimpl

@hookimpl
def s3eval_models():
    return [ModelSpec("invented", "MODULE.adapter:Yes", "for a test", sees=True)]
"""
ADAPTER = """
from s3eval import Model, S3EvalError

class Yes(Model):
    def answer(self, footage, question):
        return question.choices[0] if question.choices else "nothing"
"""
METADATA = (
    "Metadata-Version: 2.4",
    "Version: 0.1.0",
    "Summary: for a test",
    "License-Expression: Apache-2.0",
    "Requires-Python: >=3.10",
    "Requires-Dist: s3eval-core>=0.2,<0.3",
)


@pytest.fixture
def distribution(tmp_path, monkeypatch):
    """Makes an installed distribution of a name of its own; gives the name."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def make(name, *, hooks=HOOKS, without="", points="", adapter=ADAPTER, typed=True, **more):
        module = name.replace("-", "_")
        package = tmp_path / module
        package.mkdir()
        (package / "__init__.py").write_text(hooks.replace("MODULE", module))
        (package / "adapter.py").write_text(adapter)
        if typed:
            (package / "py.typed").touch()
        info = tmp_path / f"{module}-0.1.0.dist-info"
        info.mkdir()
        lines = [f"Name: {name}", *METADATA]
        lines = [line for line in lines if not without or not line.startswith(without)]
        lines += [f"{key.replace('_', '-')}: {value}" for key, value in more.items()]
        (info / "METADATA").write_text("\n".join(lines) + "\n")
        entry = points or f"[s3eval]\n{module} = {module}\n"
        (info / "entry_points.txt").write_text(entry)
        return name

    return make


def failed(problems) -> set[str]:
    assert all(p.fix for p in problems)
    return {p.check for p in problems}


def test_a_sound_distribution_has_no_problems(distribution):
    assert conformance.check_package(distribution("conform-sound")) == []


@pytest.mark.parametrize(
    ("check", "made"),
    [
        ("version", {"without": "Version", "Version": "0.0.0"}),
        ("version", {"without": "Version", "Version": "first"}),
        ("metadata", {"without": "License"}),
        ("metadata", {"without": "Summary"}),
        ("metadata", {"without": "Requires-Python"}),
        ("core", {"without": "Requires-Dist"}),
        ("core", {"without": "Requires-Dist", "Requires_Dist": "s3eval-core>=0.2"}),
        ("core", {"without": "Requires-Dist", "Requires_Dist": "s3eval_core<0.3"}),
        ("core", {"without": "Requires-Dist", "Requires_Dist": "s3eval-core>=9,<10"}),
        ("typed", {"typed": False}),
        ("entry points", {"points": "[console_scripts]\n"}),
        ("entry points", {"hooks": "raise RuntimeError('no')"}),
        ("entry points", {"hooks": "x = 1"}),
        ("discovery", {"hooks": "import numpy\n" + HOOKS}),
        ("discovery", {"hooks": "from MODULE.adapter import Yes\n" + HOOKS}),
    ],
)
def test_a_broken_distribution_fails_one_check(check, made, distribution, request):
    name = "conform-" + str(abs(hash(request.node.name)))
    problems = conformance.check_package(distribution(name, **made))
    assert failed(problems) == {check}, problems


def test_the_suite_runs_every_check_of_a_distribution(distribution):
    name = distribution("conform-suite")
    check = conformance.suite(name)
    (mark,) = check.pytestmark
    assert list(mark.args[1]) == [f"package {name}", "model invented"]
    check(f"package {name}")
    check("model invented")


def test_the_suite_fails_with_what_to_change(distribution):
    silent = ADAPTER + "\n    def ask(self, watched, questions):\n        return []\n"
    check = conformance.suite(distribution("conform-silent", adapter=silent))
    with pytest.raises(pytest.fail.Exception) as told:
        check("model invented")
    assert "4 questions got 0 answers" in str(told.value)
    assert "Change: yield one Answer for each question" in str(told.value)


def test_what_would_leave_the_machine_is_not_asked():
    if "gpt" not in installed().names("judge"):
        pytest.skip("needs s3eval-judge-gpt")
    with pytest.raises(pytest.skip.Exception, match="leaves this machine"):
        conformance.suite("s3eval-judge-gpt")("judge gpt")


def test_a_distribution_that_is_not_installed_is_named():
    with pytest.raises(S3EvalError, match="No distribution and no entry point 'nothing-here'"):
        conformance.suite("nothing-here")


OURS = sorted({p.package for p in installed().plugins if p.package.startswith("s3eval-")})


@pytest.mark.parametrize("name", OURS)
def test_our_distributions_conform(name):
    assert conformance.check_package(name) == []


@pytest.mark.parametrize("name", installed().names("task"))
def test_our_tasks_conform(name):
    judge = None
    if "lexicon" in installed().names("judge"):
        from s3eval.judging.load import load_judge

        judge = load_judge("lexicon")
    assert conformance.check_task(installed().get("task", name).spec, judge=judge) == []


@pytest.mark.parametrize(
    "name",
    [p.spec.name for p in installed().of("model") if p.package == "s3eval-model-baselines"],
)
def test_our_baselines_conform(name, tmp_path):
    answers = tmp_path / "answers.csv"
    answers.write_text("video,item,answer\nnoise,tonic,yes\n")
    options = {"file": str(answers)} if name == "replay" else {}
    spec = installed().get("model", name).spec
    assert conformance.check_model(spec, options) == []


@pytest.mark.parametrize(
    "name", [p.spec.name for p in installed().of("judge") if not p.spec.remote]
)
def test_our_offline_judge_conforms(name):
    assert conformance.check_judge(installed().get("judge", name).spec) == []


def test_the_folder_format_conforms(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "dataset.toml").write_text('name = "tiny"\n')
    (folder / "videos.csv").write_text(
        "video,patient,file,diagnosis,fold,duration\na,p1,,ES,0,5.0\nb,p2,,NES,1,6.0\n"
    )
    assert conformance.check_dataset(installed().get("dataset", "folder").spec, folder) == []


EXAMPLE = Path(__file__).parents[2] / "examples" / "third-party-plugin"


@pytest.mark.slow
def test_the_example_package_passes_its_own_tests(tmp_path):
    """Built, installed beside the core and run from a copy of its tests, as its author would."""
    copy = shutil.copytree(
        EXAMPLE, tmp_path / "ward", ignore=shutil.ignore_patterns("*.egg-info", "__pycache__")
    )
    site = tmp_path / "site"
    install = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation"]
    subprocess.run([*install, "--target", str(site), str(copy)], check=True)
    tests = shutil.copytree(copy / "tests", tmp_path / "elsewhere")
    path = os.pathsep.join([str(site), str(Path(__file__).parents[2])])
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rs", str(tests)],
        cwd=tests,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    # The package, its model, task, judge and format; nothing is left out.
    assert "5 passed" in done.stdout, done.stdout + done.stderr
    assert "skipped" not in done.stdout


def test_every_check_is_documented():
    from s3eval.testing.conformance import datasets, judges, models, packages, tasks

    page = (Path(__file__).parents[2] / "docs" / "plugins.md").read_text(encoding="utf-8")
    for module in (datasets, judges, models, packages, tasks):
        for check in module._CHECKS:
            assert f"`{check.name}`" in page, check.name
