"""Which checkpoint it is, independent of where it lies."""

from __future__ import annotations

import hashlib
from pathlib import Path

__all__ = ["checkpoint_name", "checkpoint_version"]


def checkpoint_name(checkpoint: str) -> str:
    """A repository id as it is; of a folder only its name, so that moving it changes nothing."""
    path = Path(checkpoint).expanduser()
    return path.resolve().name if path.is_dir() else checkpoint


def checkpoint_version(checkpoint: str, commit: str) -> str:
    """The repository's commit, or a fingerprint of a folder's configuration and weights.

    Of each weight file the size and three samples of 64 KiB are read, so that the largest
    checkpoint takes no time; two checkpoints that differ only elsewhere would be taken as one.
    """
    folder = Path(checkpoint).expanduser()
    if not folder.is_dir():
        return commit
    digest = hashlib.sha256()
    names = ("*.json", "*.jinja", "*.txt", "*.safetensors", "*.bin")
    for path in sorted(p for pattern in names for p in folder.glob(pattern)):
        size = path.stat().st_size
        digest.update(f"{path.name}:{size}:".encode())
        with path.open("rb") as handle:
            for start in sorted({0, max(0, size // 2 - 32_768), max(0, size - 65_536)}):
                handle.seek(start)
                digest.update(handle.read(65_536))
    return "sha256:" + digest.hexdigest()[:16]
