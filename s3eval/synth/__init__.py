"""Synthetic seizures: an articulated patient in a hospital bed, drawn and encoded as real video.

The renderer, the sound and the annotation read one `Script`, so the annotation is exact.

>>> from s3eval.synth import cast
>>> cast(patients=1, videos=1, seed=0)[0].name.split("@")[0]
'A0001'
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from s3eval.facts.videos import Dataset

__all__ = ["cast", "draw_dataset", "open_or_draw", "render_scene", "solo", "sound_of"]

_HOMES = {
    "cast": "casting",
    "solo": "casting",
    "draw_dataset": "studio",
    "render_scene": "picture",
    "sound_of": "voice",
}


def __getattr__(name: str) -> Any:
    # Drawing needs OpenCV and PyAV; naming the dataset does not.
    import importlib

    if name in _HOMES:
        return getattr(importlib.import_module(f"s3eval.synth.{_HOMES[name]}"), name)
    raise AttributeError(f"module 's3eval.synth' has no attribute {name!r}")


def open_or_draw(path: str | Path) -> Dataset:
    """The synthetic dataset at ``path``; the default set is drawn when nothing is there.

    Args:
        path: a dataset folder; a new one is filled with 24 videos of 8 patients, seed 0.

    Raises:
        S3EvalError: the folder holds something else, or the disk is full.
    """
    import os

    from s3eval.dataset.folder import open_folder
    from s3eval.synth.studio import draw_dataset

    folder = Path(path)
    if (folder / "videos.csv").is_file():
        return open_folder(folder)
    return draw_dataset(folder, jobs=os.cpu_count() or 1)
