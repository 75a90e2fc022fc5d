"""What has to be imported to be known, imported in processes of their own with a time limit.

A library that is broken may raise, crash or wait for a device for minutes; `s3eval doctor` has to
report that instead of doing the same.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

__all__ = ["PROGRAMS", "Probed", "probe", "probe_all"]

_TORCH = """
import torch
devices = []
if torch.cuda.is_available():
    for i in range(torch.cuda.device_count()):
        facts = torch.cuda.get_device_properties(i)
        devices.append([facts.name, round(facts.total_memory / 2**30)])
mps = getattr(torch.backends, "mps", None)
if not devices and mps is not None and mps.is_available():
    devices.append(["Apple GPU", 0])
report({"version": torch.__version__, "cuda": torch.version.cuda, "devices": devices})
"""
_AV = """
import av
ffmpeg = getattr(av, "ffmpeg_version_info", "")
libraries = {name: ".".join(map(str, v)) for name, v in av.library_versions.items()}
codecs = [name for name in ("h264", "hevc", "mpeg4", "vp9", "av1") if name in av.codecs_available]
report({"version": av.__version__, "ffmpeg": ffmpeg, "libraries": libraries, "codecs": codecs})
"""
# Importing an adapter makes nothing: models and judges are made by their load().
_ADAPTERS = """
from s3eval.errors import S3EvalError
from s3eval.plugins import installed
examined = []
for plugin in installed().plugins:
    if plugin.spec.missing():
        continue
    one = {"kind": plugin.kind, "name": plugin.spec.name, "package": plugin.package}
    try:
        adapter = plugin.spec.load()
        # A judge over chat has them at its service (s3eval.judging.chat), others themselves.
        owner = getattr(adapter, "service", adapter)
        one["keys"] = list(getattr(owner, "key_variables", ()))
    except S3EvalError as error:
        one["error"] = error.why or error.what
        # Where its code raises, the package is to be mended; else its spec, or what it needs.
        if isinstance(error.__cause__, (ModuleNotFoundError, type(None))):
            one["fix"] = error.fix
    except BaseException as error:
        one["error"] = str(error) or type(error).__name__
    examined.append(one)
report(examined)
"""
PROGRAMS: Mapping[str, str] = {"torch": _TORCH, "av": _AV, "adapters": _ADAPTERS}
_BEFORE = "import json\ndef report(facts):\n    print('\\n' + json.dumps(facts), flush=True)\n"


@dataclass(frozen=True)
class Probed:
    """What a process reported.

    Attributes:
        facts: what it reported, None where it reported nothing.
        reason: why, one line; "" where it reported something.
        timed_out: whether it had no time left.
    """

    facts: Any = None
    reason: str = ""
    timed_out: bool = field(default=False)


def probe(program: str, seconds: float) -> Probed:
    """Run a program that calls ``report`` with what it finds out.

    >>> probe("report({'a': 1})", 10).facts
    {'a': 1}
    >>> probe("import no_such_module", 10).reason
    "ModuleNotFoundError: No module named 'no_such_module'"
    """
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    try:
        done = subprocess.run(
            [sys.executable, "-c", _BEFORE + program],
            capture_output=True,
            text=True,
            errors="replace",
            env=env,
            stdin=subprocess.DEVNULL,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Probed(reason=f"it did not answer within {seconds:g} s", timed_out=True)
    except OSError as error:
        return Probed(reason=f"no process could be started: {error.strerror or error}")
    if done.returncode == 0 and done.stdout.strip():
        try:
            return Probed(json.loads(done.stdout.strip().splitlines()[-1]))
        except ValueError:
            return Probed(reason="what it told cannot be read")
    lines = done.stderr.strip().splitlines()
    return Probed(reason=lines[-1] if lines else f"the process ended with {done.returncode}")


def probe_all(names: list[str], seconds: float) -> dict[str, Probed]:
    """Several of `PROGRAMS` at the same time."""
    with ThreadPoolExecutor(max(1, len(names))) as pool:
        probed = pool.map(lambda name: probe(PROGRAMS[name], seconds), names)
        return dict(zip(names, probed, strict=True))
