"""What runs in a worker: it holds the model and asks about the videos it is given.

Whatever goes wrong is returned, not raised: Ray would write what is raised to its logs, and that
may name files.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from s3eval.errors import MachineError, S3EvalError, StopRunError
from s3eval.model import Model
from s3eval.plugin_calls import described
from s3eval.plugins import installed
from s3eval.running.loaded import LoadedFacts, facts_of_loaded
from s3eval.running.models import load_model, trouble_of_closing
from s3eval.running.pipeline import ask_videos
from s3eval.running.plan import Plan
from s3eval.running.session import Session

if TYPE_CHECKING:
    from s3eval.facts.videos import Dataset
    from s3eval.running.executing import Asked, VideoWork
    from s3eval.running.limits import Stage
    from s3eval.vocabulary import Sense

__all__ = ["Spent", "Trouble", "Worker"]

_KINDS: dict[str, type[S3EvalError]] = {
    "S3EvalError": S3EvalError,
    "StopRunError": StopRunError,
    "MachineError": MachineError,
}


@dataclass(frozen=True)
class Trouble:
    """An error of another process.

    Attributes:
        kind: "S3EvalError", "StopRunError" or "MachineError".
        facts: its parts, by name.
    """

    kind: str
    facts: Mapping[str, str]

    @classmethod
    def of(cls, error: BaseException) -> Trouble:
        """What can be passed on of an error."""
        if not isinstance(error, S3EvalError):
            return cls("S3EvalError", {"what": "A worker failed", "why": described(error)})
        kind = next(
            (name for name in ("StopRunError", "MachineError") if isinstance(error, _KINDS[name])),
            "S3EvalError",
        )
        return cls(kind, {k: getattr(error, k) for k in ("what", "where", "why", "fix")})

    def error(self) -> S3EvalError:
        """The error, to be raised here."""
        return _KINDS[self.kind](**self.facts)


@dataclass(frozen=True)
class Spent:
    """What a video took in a worker, in seconds by stage."""

    seconds: Mapping[Stage, float]


class Worker:
    """Holds a model; made and called by Ray, with two calls at a time so that it can be stopped.

    Args:
        name, options: of the model.
    """

    def __init__(self, name: str, options: Mapping[str, Any]) -> None:
        self._name, self._options = name, options
        self._model: Model | None = None
        self._stop = threading.Event()

    def load(self) -> LoadedFacts | Trouble:
        """Make the model ready."""
        try:
            plugin = installed().get("model", self._name)
            model = load_model(plugin, self._options)
            self._model = model
            return facts_of_loaded(model, plugin)
        except BaseException as error:
            return Trouble.of(error)

    def ask(
        self, dataset: Dataset, senses: frozenset[Sense], work: VideoWork
    ) -> Iterator[Asked | Spent | Trouble]:
        """The answers about a video, a clip after the other: which one is in hand is known."""
        assert self._model is not None, "load comes first"
        # Asking neither plans nor stores: the one who writes does.
        session = Session(
            dataset,
            Plan(()),
            cast(Any, None),
            self._model,
            {},
            senses,
            stopping=self._stop.is_set,
        )
        try:
            yield from ask_videos(session, [work])
            yield Spent(session.seconds.as_dict())
        except GeneratorExit:
            raise
        except BaseException as error:
            yield Trouble.of(error)

    def stop(self) -> None:
        """Finish the clips in hand and begin no other."""
        self._stop.set()

    def close(self) -> str:
        """Free the model; "" or what went wrong."""
        if self._model is None:
            return ""
        return trouble_of_closing(self._model, installed().get("model", self._name))
