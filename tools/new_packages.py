"""Packages that `s3eval new` writes, in clean environments: for `tools/packages.py new`.

Each is written by the core that was installed from its wheel, installed as a wheel itself and
tested by its own tests, as its README says; nothing of this repository is on the path.
"""

from __future__ import annotations

import os
import re
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from programs import last, tried, uv

KINDS = ("model", "task", "judge", "dataset")


@dataclass(frozen=True)
class Tried:
    """How a new package went on one Python.

    Attributes:
        python: the version in full.
        kind: model, task, judge or dataset.
        seconds: of writing, installing and testing it, without the environment and the core.
        reason: why it failed, "" where its tests passed and none was skipped.
    """

    python: str
    kind: str
    seconds: float = 0.0
    reason: str = ""


def tried_on(kind: str, program: str, core: Path) -> Tried:
    """Write, install and test a new package of a kind in an environment of its own.

    Args:
        kind: one of `KINDS`.
        program: the Python to make the environment with.
        core: the core's wheel.
    """
    with tempfile.TemporaryDirectory() as folder:
        env = Path(folder) / "env"
        scripts = env / ("Scripts" if os.name == "nt" else "bin")
        python, s3eval = str(scripts / "python"), str(scripts / "s3eval")
        package = f"s3eval-{kind}-first-try"
        install = [*uv(), "pip", "install", "-q", "-p", python]
        fresh = ["--refresh-package", "s3eval-core"]
        before = (
            [*uv(), "venv", "-q", "-p", program, str(env)],
            [*install, *fresh, str(core)],
            [python, "-c", "import platform; print(platform.python_version())"],
        )
        version = ""
        for call in before:
            done = tried(call, cwd=folder)
            if done.returncode:
                return Tried(version or program, kind, 0.0, last(done.stderr))
            version = done.stdout.strip()
        begun = time.monotonic()
        steps = (
            [s3eval, "new", kind, "first-try"],
            [*install, f"{Path(folder) / package}[test]"],
            [python, "-m", "pytest", "-q", "-rs", f"{package}/tests"],
        )
        for call in steps:
            done = tried(call, cwd=folder)
            if done.returncode:
                return Tried(version, kind, 0.0, last(done.stdout + done.stderr))
        seconds = time.monotonic() - begun
        passed = re.search(r"^(\d+) passed in", done.stdout, re.MULTILINE)
        return Tried(version, kind, seconds, "" if passed else last(done.stdout))


def everywhere(pythons: Mapping[str, str], core: Path) -> list[Tried]:
    """Every kind on every Python, one after the other, so that the seconds are those of each.

    Args:
        pythons: version to program.
        core: the core's wheel.
    """
    return [tried_on(kind, program, core) for program in pythons.values() for kind in KINDS]


def rows(results: Sequence[Tried]) -> list[str]:
    """A Markdown table: a line for each Python, a column for each kind."""
    lines = [f"| Python | {' | '.join(KINDS)} |", f"|---|{'---|' * len(KINDS)}"]
    for python in dict.fromkeys(one.python for one in results):
        cells = {one.kind: one for one in results if one.python == python}
        went = [
            f"**no**: {one.reason}" if one.reason else f"passed, {one.seconds:.0f} s"
            for one in (cells[kind] for kind in KINDS if kind in cells)
        ]
        lines.append(f"| {python} | {' | '.join(went)} |")
    return lines
