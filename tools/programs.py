"""Running programs for `tools/packages.py`: uv, several at a time, without this shell's paths."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

#: Installations at a time: most of each is spent on waiting for the index.
AT_ONCE = 4
SETTINGS = Path(__file__).with_name("uv.toml")
In = TypeVar("In")
Out = TypeVar("Out")


def several(function: Callable[[In], Out], arguments: Sequence[In]) -> Iterator[Out]:
    """What a function gives for each argument, in their order, some at a time."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield from pool.map(function, arguments)


def uv() -> list[str]:
    """The beginning of a call of uv, with settings of our own and none of this user."""
    return [sys.executable, "-m", "uv", "--config-file", str(SETTINGS)]


def tried(call: Sequence[str], cwd: str | None = None) -> subprocess.CompletedProcess[str]:
    """How a program ended and what it printed; nothing is raised when it fails."""
    env = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
    return subprocess.run(
        call, capture_output=True, text=True, cwd=cwd, env=env, check=False, errors="replace"
    )


def last(text: str) -> str:
    """What a program said last, in one line without paths of this machine."""
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    words = " ".join(lines[-4:])[:400] or "it ended without a word"
    return re.sub(r"(file://)?/\S+/", "", words).replace("|", "/")
