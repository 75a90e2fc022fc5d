"""A plugin as if it were installed, for tests of commands that run in processes of their own.

The folder holds a module and the metadata of a distribution; with it on ``PYTHONPATH`` every
process finds the plugin as it finds any other.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

__all__ = ["environment_with", "write_plugin"]


def write_plugin(folder: Path, name: str, source: str) -> Path:
    """Write a plugin module and the metadata that make it found.

    Args:
        folder: made where it is absent.
        name: of the module, the distribution and the entry point.
        source: of the module; its hooks are marked with `s3eval.hookimpl`.

    Returns:
        the folder, for `environment_with`.
    """
    metadata = folder / f"{name}-1.0.dist-info"
    metadata.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.py").write_text(source, encoding="utf-8")
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[s3eval]\n{name} = {name}\n")
    (metadata / "RECORD").write_text("")
    return folder


def environment_with(folder: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment with the plugin of that folder in it.

    >>> environment_with(Path("/tmp/x"))["PYTHONPATH"].split(os.pathsep)[0]
    '/tmp/x'
    """
    paths = [str(folder), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), **(more or {})}
