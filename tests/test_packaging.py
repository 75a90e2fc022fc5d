"""The distributions of this repository: consistent, complete, and known to the linter of layers."""

from __future__ import annotations

import os
import re
import runpy
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import s3eval
from s3eval.plugins import installed

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[1]
PLUGINS = sorted(p.parent for p in ROOT.glob("plugins/*/*/pyproject.toml"))
CORE = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def facts_of(folder: Path) -> dict:
    return tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))


def package_of(folder: Path) -> Path:
    """The folder of the one import package of a plugin."""
    (init,) = folder.glob("s3eval_*/__init__.py")
    return init.parent


def test_the_version_of_the_core_is_stated_once():
    assert "version" not in CORE["project"] and CORE["project"]["dynamic"] == ["version"]
    assert CORE["tool"]["setuptools"]["dynamic"]["version"]["attr"] == "s3eval.version.__version__"


@pytest.mark.parametrize("folder", PLUGINS, ids=lambda p: p.name)
def test_a_plugin_is_packaged_like_the_others(folder):
    facts = facts_of(folder)
    project = facts["project"]
    assert facts["build-system"] == CORE["build-system"]
    for key in ("classifiers", "license", "license-files", "requires-python"):
        assert project[key] == CORE["project"][key], key
    assert "py.typed" in facts["tool"]["setuptools"]["package-data"]["*"]
    assert (package_of(folder) / "py.typed").is_file()
    assert (folder / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()
    assert (folder / "MANIFEST.in").read_text() == "prune tests\n"
    assert facts["tool"]["setuptools"]["packages"]["find"]["include"] == [
        f"{package_of(folder).name}*"
    ]


@pytest.mark.parametrize("folder", PLUGINS, ids=lambda p: p.name)
def test_a_plugin_states_which_versions_of_ours_it_works_with(folder):
    major, minor = s3eval.__version__.split(".")[:2]
    bounds = f">={major}.{minor},<{major}.{int(minor) + 1}"
    ours = [d for d in facts_of(folder)["project"]["dependencies"] if d.startswith("s3eval-")]
    assert any(d.startswith("s3eval-core") for d in ours)
    assert all(d.endswith(bounds) for d in ours), ours


def test_the_linter_of_layers_knows_every_package():
    packages = {package_of(folder).name for folder in PLUGINS}
    config = CORE["tool"]["importlinter"]
    assert set(config["root_packages"]) == {"s3eval", *packages}
    contracts = {c["id"]: c for c in config["contracts"]}
    assert set(contracts["core-knows-no-plugin"]["forbidden_modules"]) == packages
    kinds = {p: {package_of(f).name for f in PLUGINS if f.parent.name == p}
             for p in ("tasks", "models", "judges")}  # fmt: skip
    held = set(contracts["tasks-and-models"]["source_modules"])
    assert held == kinds["tasks"] | kinds["models"]
    assert set(contracts["judges"]["source_modules"]) == kinds["judges"]


def test_the_documented_layers_are_those_that_are_held():
    """The first column of docs/architecture.md's table is the contract of import-linter."""
    contract = next(c for c in CORE["tool"]["importlinter"]["contracts"] if c["id"] == "layers")
    held = [re.findall(r"\w+", layer) for layer in contract["layers"]]
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = page.partition("| layer of `s3eval` | holds |")[2].partition("\n\n")[0]
    rows = [row for row in table.splitlines() if row.startswith("| `")]
    named = [re.findall(r"`(\w+)`", re.split(r"(?<!\\)\|", row)[1]) for row in rows]
    assert named == held


def test_links_on_the_index_lead_somewhere():
    """What is shown on the package index, where a relative link leads nowhere."""
    for folder in (ROOT, *PLUGINS):
        readme = facts_of(folder)["project"].get("readme")
        if not readme:
            continue
        text = (folder / readme).read_text(encoding="utf-8")
        links = re.findall(r"\]\(([^)]+)\)", text)
        assert [link for link in links if "://" not in link] == [], folder.name


def test_the_package_that_is_advised_for_a_missing_name_brings_it():
    """The rows that `distribution_of` reads, against the plugins installed here."""
    table = (ROOT / "s3eval" / "distributions.csv").read_text(encoding="utf-8")
    advised = {tuple(row.split(",")) for row in table.splitlines()}
    brought = {(p.kind, p.spec.name, p.package) for p in installed().plugins}
    here = {package for _, _, package in brought}
    assert advised
    assert {row for row in advised if row[2] in here} <= brought
    tools = {facts_of(f)["project"]["name"] for f in PLUGINS if f.parent.name == "tools"}
    assert {row for row in brought if row[2] in tools} <= advised


@pytest.mark.slow
@pytest.mark.parametrize("where", [".", "plugins/tools/synth"])
def test_what_is_distributed_holds_the_licence_and_no_tests(where, tmp_path):
    copy = tmp_path / "copy"
    ignored = shutil.ignore_patterns(
        ".*", "*.egg-info", "build", "dist", "demo", "docs", "fixtures", "__pycache__"
    )
    shutil.copytree(ROOT / where, copy, ignore=ignored)
    program = (
        "from setuptools import build_meta as b\n"
        "print(b.build_sdist('out')); print(b.build_wheel('out'))"
    )
    subprocess.run([sys.executable, "-c", program], cwd=copy, check=True, capture_output=True)
    (wheel,) = (copy / "out").glob("*.whl")
    (sdist,) = (copy / "out").glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as archive:
        in_wheel = archive.namelist()
    with tarfile.open(sdist) as archive:
        in_sdist = [name.partition("/")[2] for name in archive.getnames()]
    assert any(name.endswith("dist-info/licenses/LICENSE") for name in in_wheel)
    assert any(name.endswith("/py.typed") for name in in_wheel)
    assert "LICENSE" in in_sdist and ("PACKAGE.md" if where == "." else "README.md") in in_sdist
    if where == ".":
        kinds = ("model", "task", "judge", "dataset", "suite_model", "pyproject", "readme", "hooks")
        shipped = {f"s3eval/api/templates/{kind}.txt" for kind in kinds}
        assert shipped <= {*in_wheel} & {*in_sdist}, "what `s3eval new` fills in"
    for name in [*in_wheel, *in_sdist]:
        assert not name.startswith(("tests", "plugins", "benchmarks", "examples")), name
        assert not Path(name).name.startswith("test_"), name


def test_the_sessions_of_nox_install_what_of_this_project_their_packages_need(monkeypatch):
    pytest.importorskip("nox", reason="pip install -e '.[lint]' brings it")
    monkeypatch.setenv("PATH", os.environ["PATH"])  # which reading the file changes
    monkeypatch.syspath_prepend(ROOT / "tools")
    noxfile = runpy.run_path(str(ROOT / "noxfile.py"))
    for folders in (noxfile["PLUGINS"], noxfile["BOTH_WAYS"]):
        projects = [CORE["project"], *(facts_of(ROOT / folder)["project"] for folder in folders)]
        here = {project["name"] for project in projects}
        assert {"s3eval-model-baselines", "s3eval-task-report"} <= here
        for project in projects:
            own = {name for name in needed_by(project) if name.startswith("s3eval-")}
            assert own <= here, f"{project['name']} needs {own - here}"


def test_no_package_brings_torch():
    """The build of torch is the user's to choose; the light sessions of nox do without it."""
    for folder in (ROOT, *PLUGINS):
        heavy = needed_by(facts_of(folder)["project"]) & {"torch", "torchvision", "transformers"}
        assert not heavy, f"{folder.name} brings {heavy}"


def needed_by(project: dict) -> set[str]:
    """The distributions that come with one, without its extras."""
    return {re.split(r"[\[<>=; ]", line)[0] for line in project.get("dependencies", ())}


def test_a_release_is_made_with_what_the_extra_of_that_name_states():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    line = next(row for row in makefile.splitlines() if row.startswith("RELEASE_TOOLS := "))
    assert re.findall(r'"([^"]+)"', line) == CORE["project"]["optional-dependencies"]["release"]


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not on this machine")
def test_the_demo_installs_whatever_of_this_project_its_packages_need(tmp_path):
    told = subprocess.run(
        ["make", "-n", "demo", f"VENV={tmp_path / 'none'}"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    folders = re.findall(r"-e (\S+)", next(line for line in told.splitlines() if " -e . " in line))
    files = [ROOT / folder / "pyproject.toml" for folder in folders]
    projects = [tomllib.loads(file.read_text(encoding="utf-8"))["project"] for file in files]
    installed = {project["name"] for project in projects}
    assert {"s3eval-core", "s3eval-synth", "s3eval-task-recognition"} <= installed
    for project in projects:
        own = {name for name in needed_by(project) if name.startswith("s3eval-")}
        assert own <= installed, f"{project['name']} needs {own - installed}: not on the index yet"
