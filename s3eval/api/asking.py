"""How questions are put: where, with which limits, and what is done about those that fail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from s3eval.errors import S3EvalError
from s3eval.running.limits import DEFAULT_LIMITS, Limits
from s3eval.running.limits import FRAME_MEMORY as _BYTES
from s3eval.running.repeats import COMBINATIONS

if TYPE_CHECKING:
    from s3eval.running.recording import FailurePolicy

__all__ = ["COMBINATIONS", "FRAME_MEMORY", "Asking", "asking_by"]

#: MiB of decoded clips that wait for the model, unless said otherwise.
FRAME_MEMORY = _BYTES >> 20


@dataclass(frozen=True)
class Asking:
    """How questions are put; none of it is part of a question or changes its key.

    Attributes:
        executor: what distributes the videos (``s3eval list executors``).
        executor_options: its own.
        failures: what is done about answers that fail; None to ask none again and go on.
        limits: how far decoding runs ahead of the model.
    """

    executor: str = "local"
    executor_options: Mapping[str, Any] = field(default_factory=dict)
    failures: FailurePolicy | None = None
    limits: Limits = DEFAULT_LIMITS


def asking_by(
    *,
    executor: str = "local",
    executor_options: Mapping[str, Any] | None = None,
    replicas: int = 1,
    retry: int = 0,
    on_error: Literal["stop", "continue"] = "continue",
    max_failures: int | None = None,
    on_memory: Literal["stop", "fail", "smaller"] = "stop",
    decoders: int | None = None,
    frame_memory: int = FRAME_MEMORY,
    decode_apart: bool = False,
) -> Asking:
    """How questions are put, by the options of ``s3eval run`` and ``s3eval retry``.

    Args:
        executor: what distributes the videos, with its options.
        replicas: in how many processes the model is loaded; more than 1 is an executor itself.
        retry: how often a question that fails is asked again.
        on_error: "stop" at the first failure, whatever ``max_failures`` is, or "continue".
        max_failures: how many questions may fail before asking stops; None for any number.
        on_memory: what happens where memory runs out for a clip.
        decoders: videos decoded at the same time; None for one a core.
        frame_memory: MiB that decoded clips may take while they wait.
        decode_apart: whether each video is decoded in a process of its own.

    Raises:
        S3EvalError: a number below 0, another word, or replicas beside another executor.

    >>> asking_by(replicas=2).executor, asking_by(on_error="stop").failures.most
    ('replicas', 0)
    """
    from s3eval.running.recording import FailurePolicy

    options = dict(executor_options or {})
    if replicas > 1:
        if executor != "local" or options:
            raise S3EvalError("--replicas and --executor exclude each other", fix="one of them")
        executor, options = "replicas", {"count": replicas}
    most = 0 if on_error == "stop" else max_failures
    limits = Limits(decoders, frame_memory << 20, decode_apart)
    return Asking(executor, options, FailurePolicy(retry, most, on_memory), limits)
