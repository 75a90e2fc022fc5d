"""The supported Pythons that are on this machine: PATH first, then pyenv's versions, then uv's.

    python tools/pythons.py           a line for each: version and program

A program counts when it runs, is of that version and can import what our packages need of the
standard library. pyenv's shims for versions that are not chosen are on PATH and do not run.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

PYTHONS = ("3.10", "3.11", "3.12", "3.13")
#: What a usable Python prints: its version and its own program. A Python that was built without
#: one of these modules is of no use to us.
_WHO = """
import sys, ssl, sqlite3, ctypes, lzma
print("%d.%d" % sys.version_info[:2], sys.executable)
"""


def pythons(
    versions: Sequence[str] = PYTHONS, environment: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The Pythons of these versions that are here, the first usable program of each.

    Args:
        versions: such as ``("3.10", "3.13")``.
        environment: variables that say where to look; by default this process's own.

    Returns:
        version to program, without the versions that are not here.

    Example:
        >>> sorted(pythons(("2.0",)))
        []
    """
    environment = os.environ if environment is None else environment
    usable = {}
    for version in versions:
        for candidate in _candidates(version, environment):
            if program := _program(candidate, version):
                usable[version] = program
                break
    return usable


def path_with(programs: Mapping[str, str], path: str) -> str:
    """A PATH on which ``pythonX.Y`` of each of these versions is the usable one.

    Folders are added in front only for versions whose name on PATH is something else.

    Args:
        programs: version to program, as `pythons` gives them.
        path: the PATH so far.

    Example:
        >>> path_with({}, "/usr/bin")
        '/usr/bin'
    """
    ahead = []
    for version, program in programs.items():
        first = shutil.which(f"python{version}", path=path)
        folder = Path(program).parent
        if shutil.which(f"python{version}", path=str(folder)) is None:
            continue
        if first is None or not _program(first, version):
            ahead.append(str(folder))
    return os.pathsep.join([*ahead, path])


def _candidates(version: str, environment: Mapping[str, str]) -> Iterator[str]:
    """Programs that may be this Python, the more ordinary places first."""
    for folder in environment.get("PATH", "").split(os.pathsep):
        if folder and (program := shutil.which(f"python{version}", path=folder)):
            yield program
    home = Path(environment.get("HOME", str(Path.home())))
    root = Path(environment.get("PYENV_ROOT") or home / ".pyenv") / "versions"
    names = [p.name for p in root.glob(f"{version}.*")]
    # Not "3.13.0t", which is free-threaded, nor "3.13.0rc1".
    patches = [int(n.rpartition(".")[2]) for n in names if re.fullmatch(r"\d+\.\d+\.\d+", n)]
    for patch in sorted(patches, reverse=True):
        yield str(root / f"{version}.{patch}" / "bin" / "python")
    call = [sys.executable, "-m", "uv", "--no-config", "python", "find", "--no-python-downloads"]
    if located := _output([*call, version]):
        yield located


def _program(candidate: str, version: str) -> str:
    """The program that runs as this candidate, "" where it is unusable or another version."""
    printed, _, program = _output([candidate, "-c", _WHO]).partition(" ")
    return program if printed == version else ""


def _output(call: Sequence[str]) -> str:
    """What a program prints, "" where it fails or does not end."""
    env = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
    try:
        done = subprocess.run(
            call, capture_output=True, text=True, env=env, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


if __name__ == "__main__":
    for here, what in pythons().items():
        print(here, what)
