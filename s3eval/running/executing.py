"""Executors: where the questions of a run's videos are put.

The unit is a video: what is still unanswered of it. An executor may take videos in any order and
do several at once; it only yields answers, and the engine alone writes them. What a run comes to
does not depend on the order.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import isfinite
from typing import TYPE_CHECKING, Any

from s3eval.errors import S3EvalError
from s3eval.facts.clips import Clip
from s3eval.model import Answer, Model, Question
from s3eval.plugin_calls import adapter_of, call_plugin
from s3eval.plugins import installed
from s3eval.running.boundary import checked_answer

if TYPE_CHECKING:
    from s3eval.plugins import Plugin, Registry
    from s3eval.running.plan import VideoPlan
    from s3eval.running.session import Session
    from s3eval.specs import ModelSpec

__all__ = ["Asked", "Executor", "Local", "VideoWork", "load_executor"]


#: Answers that were there already, in a row, before an executor counts as one without an end.
_MOST_AGAIN = 100_000
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
    made: Any = call_plugin(what, plugin.package, lambda: adapter.of(given))
    if not isinstance(made, Executor):
        raise S3EvalError(
            f"Expected of() of executor '{name}' to give an Executor, but got "
            f"{type(made).__name__}",
            where=plugin.package,
        )
    return _Checked(made, name, plugin.package)


class _Checked(Executor):
    """An executor of a package: what it raises names it, what it gives back is checked."""

    def __init__(self, executor: Executor, name: str, package: str) -> None:
        self._executor, self._name, self._package = executor, name, package

    def load(self, plugin: Plugin[ModelSpec], options: Mapping[str, Any]) -> Model:
        """As the executor's own.

        Raises:
            S3EvalError: it failed, or gave no model.
        """
        made: Any = self._call("load()", lambda: self._executor.load(plugin, options))
        if not isinstance(made, Model):
            raise self._expected("load() to give a Model", made)
        return made

    def ask(self, session: Session, works: Iterable[VideoWork]) -> Iterator[Asked]:
        """As the executor's own; an answer that comes twice counts once.

        Raises:
            S3EvalError: it failed, or gave what is no answer to something it was handed.
        """
        handed: dict[tuple[Clip, Question], bool] = {}
        noted = _noted(works, handed)
        given: Any = self._call("ask()", lambda: self._executor.ask(session, noted))
        if not isinstance(given, Iterable):
            raise self._expected("ask() to yield answers", given)
        answers, again = iter(given), 0
        try:
            while (asked := self._call("ask()", lambda: next(answers, None))) is not None:
                if not isinstance(asked, Asked):
                    raise self._expected("ask() to yield Asked", asked)
                pair = (asked.clip, asked.question)
                # What was asked is looked up by the answer's own clip and question.
                is_open = self._call("ask()", partial(handed.get, pair))
                if is_open is None:
                    raise S3EvalError(
                        f"Executor '{self._name}' answered what it was not asked",
                        where=self._package,
                    )
                again = 0 if is_open else again + 1
                if again > _MOST_AGAIN:
                    raise S3EvalError(
                        f"Executor '{self._name}' gives the same answers without an end",
                        where=self._package,
                    )
                if is_open:
                    handed[pair] = False
                    yield self._call("ask()", partial(_checked_asked, asked))
        finally:
            if hasattr(answers, "close"):
                self._call("ask()", answers.close)
        if not session.stopping():
            for _ in noted:  # what it never took
                pass
            reason = f"executor '{self._name}' ({self._package}) gave no answer"
            for clip, question in [pair for pair, is_open in handed.items() if is_open]:
                yield Asked(clip, question, Answer.failed(reason, "worker"))

    def _call(self, step: str, work: Callable[[], Any]) -> Any:
        return call_plugin(f"{step} of executor '{self._name}'", self._package, work)

    def _expected(self, what: str, got: object) -> S3EvalError:
        return S3EvalError(
            f"Expected {what.replace('()', f'() of executor {self._name!r}', 1)}, "
            f"but got {type(got).__name__}",
            where=self._package,
        )


def _noted(
    works: Iterable[VideoWork], handed: dict[tuple[Clip, Question], bool]
) -> Iterator[VideoWork]:
    """The works, with what each asks noted as open before it is handed out."""
    for work in works:
        handed.update(((c, q), True) for c, questions in work.unanswered.items() for q in questions)
        yield work


def _checked_asked(asked: Asked) -> Asked:
    seconds: Any = asked.seconds
    known = isinstance(seconds, (int, float)) and isfinite(seconds) and seconds >= 0
    answer = checked_answer(asked.answer, asked.question)
    return replace(asked, answer=answer, seconds=float(seconds) if known else 0.0)
