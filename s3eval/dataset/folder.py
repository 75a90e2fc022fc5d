"""The folder format: dataset.toml, tidy CSV tables, videos/."""

from __future__ import annotations

from pathlib import Path

from s3eval.dataset.types import Dataset

__all__ = ["open_folder", "write_folder"]


def open_folder(path: str | Path) -> Dataset:
    """Read a dataset folder."""
    raise NotImplementedError


def write_folder(dataset: Dataset, path: str | Path) -> None:
    """Write the tables of a dataset into a folder (videos are not copied)."""
    raise NotImplementedError
