"""tools/pythons.py: a Python is one that runs, wherever it lies; shims and others are not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tools"))

import pythons as looked_up  # noqa: E402

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the programs here are shell scripts")


def program(path: Path, version: str = "", rc: int = 0) -> Path:
    """A program that says it is Python of this version, or ends with this code."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'#!/bin/sh\n[ {rc} = 0 ] || exit {rc}\necho "{version} $0"\n')
    path.chmod(0o755)
    return path


@pytest.fixture(autouse=True)
def no_uv(monkeypatch):
    """uv lists nothing, whichever Pythons this machine has."""
    output = looked_up._output
    monkeypatch.setattr(
        looked_up, "_output", lambda call: "" if "uv" in call else output(call)
    )  # fmt: skip


def look(tmp_path: Path, *folders: str, **more: str) -> dict[str, str]:
    path = os.pathsep.join(str(tmp_path / f) for f in folders)
    where = {"PATH": path, "HOME": str(tmp_path / "home"), **more}
    return looked_up.pythons(("3.10", "3.12"), where)


def test_the_first_on_path_comes_first(tmp_path):
    first = program(tmp_path / "a" / "python3.12", "3.12")
    program(tmp_path / "b" / "python3.12", "3.12")
    program(tmp_path / "home/.pyenv/versions/3.12.4/bin/python", "3.12")
    assert look(tmp_path, "a", "b") == {"3.12": str(first)}


def test_a_shim_that_does_not_run_is_passed_over(tmp_path):
    program(tmp_path / "shims" / "python3.12", rc=127)
    real = program(tmp_path / "home/.pyenv/versions/3.12.4/bin/python", "3.12")
    assert look(tmp_path, "shims") == {"3.12": str(real)}


def test_a_program_of_another_version_is_not_taken(tmp_path):
    program(tmp_path / "a" / "python3.12", "3.11")
    program(tmp_path / "home/.pyenv/versions/3.12.4/bin/python", "2.7")
    assert look(tmp_path, "a") == {}


def test_of_pyenv_the_newest_release_in_its_own_root(tmp_path):
    for version in ("3.10.2", "3.10.13", "3.10.14t", "3.10.15rc1"):
        program(tmp_path / f"pyenv/versions/{version}/bin/python", "3.10")
    made = look(tmp_path, PYENV_ROOT=str(tmp_path / "pyenv"))
    assert made == {"3.10": str(tmp_path / "pyenv/versions/3.10.13/bin/python")}


def test_uv_is_asked_last(tmp_path, monkeypatch):
    managed = program(tmp_path / "uv" / "bin" / "python3.12", "3.12")
    output = looked_up._output

    def answer(call):
        if "uv" in call:
            return str(managed) if call[-1] == "3.12" else ""
        return output(call)

    monkeypatch.setattr(looked_up, "_output", answer)
    assert look(tmp_path) == {"3.12": str(managed)}


def test_this_python_is_usable_and_one_that_fails_is_not(tmp_path):
    version = "{}.{}".format(*sys.version_info)
    assert looked_up._program(sys.executable, version)
    bare = tmp_path / "python"
    bare.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "import no_such_module_of_ours"\n')
    bare.chmod(0o755)
    assert looked_up._program(str(bare), version) == ""
    assert looked_up._program(str(tmp_path / "absent"), version) == ""


def test_on_the_path_each_name_runs_the_usable_one(tmp_path):
    program(tmp_path / "shims" / "python3.10", rc=127)
    program(tmp_path / "shims" / "python3.12", "3.12")
    real = program(tmp_path / "real" / "python3.10", "3.10")
    program(tmp_path / "late" / "python3.12", "3.12")
    programs = {"3.10": str(real), "3.12": str(tmp_path / "late" / "python3.12")}
    path = looked_up.path_with(programs, str(tmp_path / "shims"))
    assert path == os.pathsep.join(str(tmp_path / f) for f in ("real", "shims"))
    done = subprocess.run(
        ["/bin/sh", "-c", "python3.10"],
        env={"PATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("3.10")
