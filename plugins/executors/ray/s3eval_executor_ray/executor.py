"""The executor: videos are dealt out to workers, and answers come back as they are given."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from s3eval.errors import MachineError, S3EvalError
from s3eval.model import Answer, Model, Question
from s3eval.running.executing import Asked, Executor, VideoWork
from s3eval.running.loaded import LoadedElsewhere, LoadedFacts
from s3eval_executor_ray.cluster import Cluster
from s3eval_executor_ray.options import Options, read_options
from s3eval_executor_ray.worker import Spent, Trouble

if TYPE_CHECKING:
    from s3eval.facts.clips import Clip
    from s3eval.plugins import Plugin
    from s3eval.running.session import Session
    from s3eval.specs import ModelSpec

__all__ = ["RayExecutor", "RemoteModel"]

# Seconds between two looks at whether the run is to stop.
_LOOK = 0.25
# How often a worker may be lost over one clip before that clip is given up.
_MOST_LOSSES = 3


class RemoteModel(LoadedElsewhere):
    """Stands for the model that the workers hold.

    Args:
        facts: what the first worker says of it.
        workers: those that loaded it, or are about to.
    """

    def __init__(self, facts: LoadedFacts, cluster: Cluster, workers: Sequence[Any]) -> None:
        super().__init__(facts)
        self.cluster, self.workers = cluster, list(workers)

    def refuse_another(self, other: LoadedFacts) -> None:
        """Answers of two different models would stand under one name.

        Raises:
            S3EvalError: a worker loaded something else.
        """
        here = self.identity()
        if other.identity != here:
            keys = sorted({*other.identity, *here})
            differ = [k for k in keys if other.identity.get(k) != here.get(k)]
            raise S3EvalError(
                f"Workers loaded different models: they differ in {', '.join(differ)}",
                fix="the same checkpoint and packages on every machine",
            )

    def close(self) -> None:
        """End the workers."""
        for worker in self.workers:
            self.cluster.end(worker)
        self.cluster.close()


class RayExecutor(Executor):
    """Each worker takes a video at a time; those of a lost worker go to the others.

    Args:
        options: as `options.Options`.
    """

    def __init__(self, options: Options) -> None:
        self._options = options

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> RayExecutor:
        """With the user's options.

        Raises:
            S3EvalError: one that is not known, or of another kind or range.
        """
        return cls(read_options(options))

    def load(self, plugin: Plugin[ModelSpec], options: Mapping[str, Any]) -> Model:
        """Have every worker load the model.

        Raises:
            S3EvalError: no cluster, the workers do not fit, or loading failed.
        """
        cluster = Cluster(self._options, plugin.spec.name, options)
        try:
            started = [cluster.start() for _ in range(cluster.size)]
            loaded = [cluster.loaded(result) for _, result in started]
            model = RemoteModel(loaded[0], cluster, [worker for worker, _ in started])
            for other in loaded[1:]:
                model.refuse_another(other)
        except BaseException:
            cluster.close()
            raise
        return model

    def ask(self, session: Session, works: Iterable[VideoWork]) -> Iterator[Asked]:
        """Answers of all workers as they come.

        Raises:
            S3EvalError: what stopped a worker, or the cluster has other machines and nobody
                allowed it. MachineError: no worker is left.
        """
        model = session.model
        assert isinstance(model, RemoteModel), "made by load"
        model.cluster.refuse_other_machines(session.permission)
        yield from _Dealing(model, session, works).answers()


@dataclass
class _Busy:
    """A worker at work on a video, with what is unanswered of it."""

    worker: Any
    plan: Any
    unanswered: dict[Clip, list[Question]]

    def answered(self, asked: Asked) -> None:
        questions = self.unanswered[asked.clip]
        questions.remove(asked.question)
        if not questions:
            del self.unanswered[asked.clip]


class _Dealing:
    """Deals out videos and takes what comes back."""

    def __init__(self, model: RemoteModel, session: Session, works: Iterable[VideoWork]) -> None:
        self._model, self._cluster, self._session = model, model.cluster, session
        self._dataset = self._cluster.share(session.dataset)
        self._works, self._again = iter(works), deque[VideoWork]()
        self._idle = [*model.workers]
        self._busy = dict[Any, _Busy]()
        self._loading = dict[Any, Any]()
        self._losses = Counter["Clip"]()
        self._is_stop_sent = False

    def answers(self) -> Iterator[Asked]:
        """Answers as they come, until every video is done or the run is to stop."""
        while True:
            self._deal()
            is_over = self._session.stopping() or not (self._again or self._loading)
            if not self._busy and is_over:
                return
            for ready in self._cluster.ready([*self._busy, *self._loading], _LOOK):
                if ready in self._loading:
                    self._replaced(ready)
                else:
                    yield from self._taken(ready)

    def _deal(self) -> None:
        if self._session.stopping():
            if not self._is_stop_sent:
                for busy in self._busy.values():
                    busy.worker.stop.remote()
            self._is_stop_sent = True
            return
        while self._idle:
            work = self._again.popleft() if self._again else next(self._works, None)
            if work is None:
                return
            worker = self._idle.pop(0)
            unanswered = {clip: list(some) for clip, some in work.unanswered.items()}
            # What is planned besides is the writer's business and stays here.
            sent = VideoWork(replace(work.plan, inquiries=(), questions={}), work.unanswered)
            session = self._session
            results = self._cluster.call(worker.ask, self._dataset, session.senses, sent)
            self._busy[results] = _Busy(worker, work.plan, unanswered)

    def _taken(self, results: Any) -> Iterator[Asked]:
        busy = self._busy[results]
        try:
            message = self._cluster.get(next(results))
        except StopIteration:
            del self._busy[results]
            self._idle.append(busy.worker)
            return
        except self._cluster.lost:
            del self._busy[results]
            yield from self._lost(busy)
            return
        if isinstance(message, Trouble):
            raise message.error()
        if isinstance(message, Spent):
            self._session.seconds.add_all(message.seconds)
            return
        busy.answered(message)
        yield message

    def _lost(self, busy: _Busy) -> Iterator[Asked]:
        """A worker is gone: what it had left goes to others, and another one is started."""
        self._model.workers.remove(busy.worker)
        worker, result = self._cluster.start()
        self._loading[result] = worker
        if not busy.unanswered:
            return
        # Clips are asked about in order, so that the first one left is the one in hand.
        clip = next(iter(busy.unanswered))
        self._losses[clip] += 1
        if self._losses[clip] >= _MOST_LOSSES:
            reason = f"the worker was lost {_MOST_LOSSES} times while it asked about this clip"
            for question in busy.unanswered.pop(clip):
                yield Asked(clip, question, Answer.failed(reason, "worker"))
        if busy.unanswered:
            self._again.append(VideoWork(busy.plan, busy.unanswered))

    def _replaced(self, result: Any) -> None:
        worker = self._loading.pop(result)
        try:
            self._model.refuse_another(self._cluster.loaded(result))
        except MachineError as error:
            if not self._model.workers and not self._loading:
                raise MachineError(
                    "No worker is left; every answer so far is kept",
                    why=error.why,
                    fix="the same command goes on where it stopped",
                ) from error
            return
        self._model.workers.append(worker)
        self._idle.append(worker)
