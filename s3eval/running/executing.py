"""Executors: where the questions of a run's videos are put.

The unit is a video: what is still unanswered of it. An executor may take videos in any order and
do several at once; it only yields answers, and the engine alone writes them. What a run comes to
does not depend on the order.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from s3eval.errors import S3EvalError
from s3eval.facts.clips import Clip
from s3eval.model import Answer, Model, Question
from s3eval.plugin_calls import adapter_of, call_plugin
from s3eval.plugins import installed

if TYPE_CHECKING:
    from s3eval.plugins import Plugin, Registry
    from s3eval.running.plan import VideoPlan
    from s3eval.running.session import Session
    from s3eval.specs import ModelSpec

__all__ = ["Asked", "Executor", "Local", "VideoWork", "load_executor"]


#: The executor that is always there.
LOCAL = "local"


@dataclass(frozen=True)
class VideoWork:
    """What is still to be asked about a video, by clip."""

    plan: VideoPlan
    unanswered: Mapping[Clip, Sequence[Question]]


@dataclass(frozen=True)
class Asked:
    """An answer with what it answers.

    Attributes:
        clip, question: what was asked.
        answer: what came back, checked.
        seconds: that it took.
    """

    clip: Clip
    question: Question
    answer: Answer
    seconds: float = 0.0


class Executor(ABC):
    """Base of every executor."""

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Executor:
        """The executor with the user's ``--executor-option key=value`` pairs.

        Raises:
            S3EvalError: options it does not take; by default it takes none.
        """
        if options:
            raise S3EvalError(
                f"This executor takes no options, but got {', '.join(sorted(options))}"
            )
        return cls()

    def load(self, plugin: Plugin[ModelSpec], options: Mapping[str, Any]) -> Model:
        """Make the model ready where it will be asked; by default in this process.

        One that asks elsewhere gives a model that stands for those there: its identity, senses
        and notice are read, and it is closed at the end; only ``ask`` below is asked.
        """
        from s3eval.running.models import load_model

        return load_model(plugin, options)

    @abstractmethod
    def ask(self, session: Session, works: Iterable[VideoWork]) -> Iterator[Asked]:
        """Put the questions of each video and yield the answers as they come.

        Args:
            session: the model, the dataset and the senses of the run. Its ``settings`` and
                ``permission`` are enough to load the same model elsewhere.
            works: the videos that have something unanswered, in the order of the dataset;
                taken one by one, so that what waits costs no memory. They end early when the
                run is asked to stop; ``session.stopping()`` says so too, and then only what is
                in hand is to be finished.

        Where the work is done in other processes, ``session.seconds`` is told what they spent
        (`s3eval.running.limits.StageSeconds.add_all`).
        """


class Local(Executor):
    """In this process; the next videos are decoded while the model answers."""

    def ask(self, session: Session, works: Iterable[VideoWork]) -> Iterator[Asked]:
        """As `s3eval.running.pipeline.ask_videos`."""
        from s3eval.running.pipeline import ask_videos

        return ask_videos(session, works)


def load_executor(
    name: str, registry: Registry | None = None, options: Mapping[str, Any] | None = None
) -> Executor:
    """The executor of that name.

    Raises:
        S3EvalError: unknown, its adapter is none, or options it does not take.
    """
    given = options or {}
    if name == LOCAL:
        return Local.of(given)
    plugin = (registry or installed()).get("executor", name)
    adapter = adapter_of(plugin, Executor)  # type: ignore[type-abstract]
    what = f"Making executor '{name}' ready"
    return call_plugin(what, plugin.package, lambda: adapter.of(given))
