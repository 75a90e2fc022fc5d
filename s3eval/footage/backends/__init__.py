"""What decodes a file: PyAV by default, decord for those who ask for it.

A backend opens a file and reads pictures by *shown number* (frames counted as displayed).
Selection, sizes and sound are shared and lie outside.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from s3eval.errors import S3EvalError, UnknownNameError
from s3eval.footage.sizes import UPRIGHT, Orientation

if TYPE_CHECKING:
    from s3eval.footage.index import VideoIndex

__all__ = ["BACKENDS", "Event", "Final", "Picture", "Reader", "Spoiled", "reader"]


@dataclass(frozen=True)
class Picture:
    """A decoded frame (an ``av.VideoFrame`` of any pixel format), as stored."""

    number: int
    frame: Any
    orientation: Orientation = UPRIGHT


@dataclass(frozen=True)
class Final:
    """Every wanted frame up to this shown number has come and will not be found spoiled."""

    number: int


@dataclass(frozen=True)
class Spoiled:
    """These wanted frames are damaged or missing: ``numbers`` and why, in a few words."""

    numbers: frozenset[int]
    reason: str


Event = Picture | Final | Spoiled


class Reader(Protocol):
    """Reads the wanted frames of one file, once, in order.

    A picture may come again (a backend that starts over); the later one counts. Every wanted
    number ends up covered by a ``Final``; those in a ``Spoiled`` before it are lost.
    """

    def __call__(self, path: Path, index: VideoIndex, wanted: Sequence[int]) -> Iterator[Event]:
        """The events of one sequential pass."""


BACKENDS = {
    "pyav": ("s3eval.footage.backends.pyav:read", "av", "pip install av"),
    "decord": (
        "s3eval.footage.backends.decord:read",
        "decord",
        'pip install "s3eval-core[decord]"',
    ),
}


def reader(name: str) -> Reader:
    """The reader of that name.

    Raises:
        UnknownNameError: no backend is called so.
        S3EvalError: it is not installed.
    """
    if name not in BACKENDS:
        raise UnknownNameError("decoding backend", name, BACKENDS, fix="--backend pyav")
    target, needs, install = BACKENDS[name]
    if importlib.util.find_spec(needs) is None:
        raise S3EvalError(f"The decoding backend '{name}' is not installed", fix=install)
    module, _, attribute = target.partition(":")
    chosen: Reader = getattr(importlib.import_module(module), attribute)
    return chosen
