"""Executors: where the questions of a run's videos are put.

The unit is a video: what is still unanswered of it. An executor may take videos in any order and
do several at once; it only yields answers, and the engine alone writes them. What a run comes to
does not depend on the order.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from s3eval.errors import S3EvalError
from s3eval.facts.clips import Clip
from s3eval.model import Answer, Question
from s3eval.plugins import installed

if TYPE_CHECKING:
    from s3eval.plugins import Registry
    from s3eval.running.plan import VideoPlan
    from s3eval.running.session import Session

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

    @abstractmethod
    def ask(self, session: Session, works: Iterable[VideoWork]) -> Iterator[Asked]:
        """Put the questions of each video and yield the answers as they come.

        Once ``session.stop`` is set nothing more is begun, and what is begun is finished and
        yielded. Where the work is done in other processes, ``session.seconds`` is told what they
        spent (`s3eval.running.limits.StageSeconds.add_all`).

        Args:
            session: the model, the dataset and the senses of the run. Its ``settings`` and
                ``permission`` are enough to load the same model elsewhere.
            works: the videos that have something unanswered, in the order of the dataset;
                taken one by one, so that what waits costs no memory.
        """


class Local(Executor):
    """In this process; the next videos are decoded while the model answers."""

    def ask(self, session: Session, works: Iterable[VideoWork]) -> Iterator[Asked]:
        """As `s3eval.running.pipeline.ask_videos`."""
        from s3eval.running.pipeline import ask_videos

        return ask_videos(session, works)


def load_executor(name: str, registry: Registry | None = None) -> Executor:
    """The executor of that name.

    Raises:
        S3EvalError: unknown, or its adapter is none.
    """
    if name == LOCAL:
        return Local()
    plugin = (registry or installed()).get("executor", name)
    executor = plugin.spec.load()()
    if not isinstance(executor, Executor):
        raise S3EvalError(
            f"Expected the adapter of '{name}' to give an Executor, "
            f"but got {type(executor).__name__}",
            where=f"{plugin.package}: {plugin.spec.adapter}",
        )
    return executor
