"""The video files of an export, under the names of their videos."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from s3eval.facts.videos import Dataset

__all__ = ["copy_videos"]


def copy_videos(dataset: Dataset, out: Path) -> dict[str, str]:
    """Copy the files of a dataset that has any into ``out/videos``.

    Returns:
        by video name the file's path relative to ``out``; empty for a dataset without files.

    Raises:
        FootageError: a file is missing.
    """
    if dataset.root is None:
        return {}
    copied = {}
    for number, video in enumerate(dataset.videos):
        if not video.file:
            continue
        source = dataset.path(video)
        # Names may hold what no file may be called; the number keeps files apart.
        safe = "".join(c if c.isalnum() or c in "-_." else "_" for c in video.name)
        target = out / "videos" / f"{number:04d}-{safe}{source.suffix.lower()}"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        copied[video.name] = target.relative_to(out).as_posix()
    return copied
