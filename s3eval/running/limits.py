"""What asking may take of this machine, and what it took: neither changes an answer."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from s3eval.errors import S3EvalError

__all__ = [
    "DEFAULT_LIMITS",
    "FRAME_MEMORY",
    "STAGES",
    "Limits",
    "Stage",
    "StageSeconds",
    "usable_cores",
]

#: What a run's time is spent on. ``decoding`` and ``preparing`` are added up over threads, as are
#: ``watching`` and ``asking`` where a model takes several clips at once; ``waiting`` is the time
#: in which the model had nothing to do because no clip was decoded and prepared yet.
Stage = Literal["decoding", "preparing", "watching", "asking", "waiting"]
STAGES: tuple[Stage, ...] = ("decoding", "preparing", "watching", "asking", "waiting")

#: Bytes of decoded clips that wait for the model, unless said otherwise.
FRAME_MEMORY = 2**30
# A decoder needs about as much memory as two clips; more of them than this feed any model.
_MOST_DECODERS = 16


def usable_cores() -> int:
    """The processor cores that this process may use, at least 1."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS or Windows
        return os.cpu_count() or 1


@dataclass(frozen=True)
class Limits:
    """How far reading may run ahead of the model.

    Attributes:
        decoders: videos decoded at the same time, each in a thread; None takes one for each core,
            16 at most. 0 decodes each clip only when the model asks for it, in the same thread.
        memory: bytes of decoded and prepared clips that may wait, or be with the model. Beyond it
            come the clip that each decoder holds, and two clips of the video whose turn it is.
        apart: whether each video is decoded in a process of its own. A decoder that crashes or
            hangs then costs only its clip; starting the process and copying frames costs time.

    Raises:
        S3EvalError: a negative number.

    >>> Limits(decoders=3).threads
    3
    """

    decoders: int | None = None
    memory: int = FRAME_MEMORY
    apart: bool = False

    def __post_init__(self) -> None:
        for name, value in (("decoders", self.decoders), ("memory", self.memory)):
            if value is not None and value < 0:
                raise S3EvalError(f"Expected {name} to be at least 0, but got {value}")

    @property
    def threads(self) -> int:
        """How many decoders there are."""
        return min(usable_cores(), _MOST_DECODERS) if self.decoders is None else self.decoders


DEFAULT_LIMITS = Limits()


class StageSeconds:
    """Adds up where the time goes; safe to use from many threads.

    >>> spent = StageSeconds()
    >>> spent.add("decoding", 1.5)
    >>> spent.as_dict()["decoding"]
    1.5
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seconds: dict[Stage, float] = dict.fromkeys(STAGES, 0.0)

    def add(self, stage: Stage, seconds: float) -> None:
        """Count so many seconds more for a stage."""
        with self._lock:
            self._seconds[stage] += seconds

    def add_all(self, seconds: Mapping[Stage, float]) -> None:
        """Count what another process spent."""
        for stage, more in seconds.items():
            self.add(stage, more)

    @contextmanager
    def measured(self, stage: Stage) -> Iterator[None]:
        """Count the time that the block takes, whatever ends it."""
        begun = time.perf_counter()
        try:
            yield
        finally:
            self.add(stage, time.perf_counter() - begun)

    def as_dict(self) -> dict[Stage, float]:
        """Seconds for each stage."""
        with self._lock:
            return dict(self._seconds)
