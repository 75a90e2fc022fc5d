"""Synthetic seizures: an articulated patient in a hospital bed, drawn and encoded as real video.

The renderer, the sound and the annotation read one `Script`, so the annotation is exact.

>>> from s3eval_synth import make_scripts
>>> make_scripts(patients=1, videos=1, seed=0)[0].name.split("@")[0]
'A0001'
"""

from __future__ import annotations

import importlib
from typing import Any

from s3eval.hooks import hookimpl
from s3eval.specs import CommandSpec, DatasetSpec

__all__ = [
    "draw_dataset",
    "make_scripts",
    "open_or_draw",
    "render_frames",
    "single_sign",
    "sound_of",
]

# Where each public function is: imported when it is used, since naming the hooks must not
# import OpenCV or PyAV.
_MODULES = {
    "draw_dataset": "dataset",
    "make_scripts": "generate",
    "open_or_draw": "dataset",
    "render_frames": "renderer",
    "single_sign": "generate",
    "sound_of": "sound",
}


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(importlib.import_module(f"s3eval_synth.{_MODULES[name]}"), name)
    raise AttributeError(f"module 's3eval_synth' has no attribute {name!r}")


@hookimpl
def s3eval_datasets() -> list[DatasetSpec]:
    """The dataset format ``synthetic:PATH``."""
    return [
        DatasetSpec(
            "synthetic",
            adapter="s3eval_synth.dataset:open_or_draw",
            summary="drawn seizures with exact annotation: s3eval data synth OUT",
            needs=("cv2",),
            install="pip install s3eval-synth",
        )
    ]


@hookimpl
def s3eval_commands() -> list[CommandSpec]:
    """The verbs ``data synth`` and ``data sheet``."""
    return [
        CommandSpec(
            "data synth",
            adapter="s3eval_synth.cli.synth:command",
            summary="draw synthetic seizures with exact annotation",
            needs=("cv2",),
            install="pip install s3eval-synth",
        ),
        CommandSpec(
            "data sheet",
            adapter="s3eval_synth.cli.sheet:command",
            summary="contact sheets of a dataset's videos",
        ),
    ]
