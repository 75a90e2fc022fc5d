"""Several instances of a model on this machine, each in a process of its own.

One for each GPU (or group of GPUs), or some on the CPU with the cores divided among them. Each
process decodes, prepares and asks about whole videos, through the same pipeline as a run in one
process; this one hands out videos, takes the answers and writes them.
"""

from __future__ import annotations

import contextlib
import os
import queue
import subprocess
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from s3eval.errors import S3EvalError, StopRunError
from s3eval.facts.clips import Clip
from s3eval.model import Answer, Model, Question
from s3eval.running.executing import Asked, Executor, VideoWork
from s3eval.running.limits import usable_cores
from s3eval.running.loaded import LoadedElsewhere
from s3eval.running.plan import VideoPlan
from s3eval.running.replica import Replica, ReplicaMessage

if TYPE_CHECKING:
    from s3eval.plugins import Plugin
    from s3eval.running.session import Session
    from s3eval.specs import ModelSpec

__all__ = ["Replicas", "ReplicatedModel", "device_groups"]

# Videos with a replica at once: the one it asks about, and one to decode meanwhile.
_AHEAD = 2
# A video that ended this many processes is not tried again.
_TRIES = 2
# How long one is waited for to say what it spent, after everything was answered.
_SPENT_SECONDS = 10.0


class Replicas(Executor):
    """Hands out videos to several processes that have loaded the same model.

    Args:
        count: how many.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._model: ReplicatedModel | None = None

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Replicas:
        """The executor of ``--executor-option count=N``.

        Raises:
            S3EvalError: another option, or no whole number above 0.
        """
        given = dict(options)
        count = given.pop("count", None)
        if given or not isinstance(count, int) or isinstance(count, bool) or count < 1:
            raise S3EvalError(
                "Expected replicas to have a count above 0 and no other option",
                why=f"got {dict(options)}",
                fix="--replicas 2",
            )
        return cls(count)

    def load(self, plugin: Plugin[ModelSpec], options: Mapping[str, Any]) -> Model:
        """Load the model in each process, all at the same time.

        Raises:
            S3EvalError: loading failed in one of them, or they are not the same model.
        """
        size = options.get("tensor_parallel", 1)
        places = device_groups(self._count, size if isinstance(size, int) else 1)
        self._model = ReplicatedModel(plugin, options, places)
        return self._model

    def ask(self, session: Session, works: Iterable[VideoWork]) -> Iterator[Asked]:
        """As answers come, each video with one replica.

        Raises:
            StopRunError: no replica is left, or one of them was stopped.
        """
        if self._model is None:
            raise S3EvalError("These replicas have loaded no model")
        return _Distribution(session, self._model.replicas, works).answers()


class ReplicatedModel(LoadedElsewhere):
    """Stands for the model in the other processes: it says what they say, and asks nothing.

    Args:
        plugin, options: what each process loads.
        places: of each, environment variables that say which devices and cores are its own.
    """

    def __init__(
        self,
        plugin: Plugin[ModelSpec],
        options: Mapping[str, Any],
        places: Sequence[Mapping[str, str]],
    ) -> None:
        self.replicas = [Replica(place, plugin, options) for place in places]
        try:
            ready = [replica.ready() for replica in self.replicas]
        except BaseException:
            self.close()
            raise
        super().__init__(ready[0])
        if any(dict(other.identity) != dict(ready[0].identity) for other in ready):
            self.close()
            raise S3EvalError(
                "The processes loaded models that are not the same", where=plugin.package
            )

    def usage(self) -> Mapping[str, int]:
        """Tokens of all processes, as each said last."""
        known = [replica.usage for replica in self.replicas]
        names = dict.fromkeys(name for usage in known for name in usage)
        return {name: sum(usage.get(name, 0) for usage in known) for name in names}

    def close(self) -> None:
        """End the processes; they hold nothing that has to be saved."""
        for replica in self.replicas:
            replica.close()


@dataclass
class _Given:
    """A video that a replica has, and which of its questions are unanswered."""

    work: VideoWork
    waiting: set[tuple[Clip, Question]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.waiting = {(c, q) for c, some in self.work.unanswered.items() for q in some}

    def rest(self) -> VideoWork:
        """What is still to be asked."""
        kept: dict[Clip, list[Question]] = {}
        for clip, questions in self.work.unanswered.items():
            some = [q for q in questions if (clip, q) in self.waiting]
            if some:
                kept[clip] = some
        return replace(self.work, unanswered=kept)


class _Distribution:
    """One pass over videos: which replica has which, and what came back."""

    def __init__(
        self, session: Session, replicas: Sequence[Replica], works: Iterable[VideoWork]
    ) -> None:
        self._session, self._works = session, iter(works)
        self._news: queue.SimpleQueue[tuple[Replica, ReplicaMessage]] = queue.SimpleQueue()
        self._given: dict[Replica, list[_Given]] = {r: [] for r in replicas if r.is_alive}
        self._lost: deque[VideoWork] = deque()
        self._ended: dict[str, int] = {}
        # Replicas that have said what they spent: nothing more is to be waited for.
        self._reported_spending: set[Replica] = set()
        self._error: BaseException | None = None

    def answers(self) -> Iterator[Asked]:
        """Hand out videos until all are answered."""
        begun = [*self._given]
        share = replace(
            self._session.limits,
            decoders=max(1, self._session.limits.threads // max(1, len(begun))),
            memory=self._session.limits.memory // max(1, len(begun)),
        )
        for replica in begun:
            replica.begin(self._session, share, self._news)
        stopping = False
        try:
            while True:
                self._hand_out()
                if not any(self._given.values()):
                    break
                if self._session.stopping() and not stopping:
                    stopping = True
                    for replica in self._given:
                        replica.stop()
                yield from self._take(*self._news.get())
        finally:
            for replica in [*self._given]:
                replica.end()
        self._collect()
        if self._error is not None:
            raise self._error

    def _hand_out(self) -> None:
        """Give each replica the next video or two."""
        for _ in range(_AHEAD):
            for replica, given in self._given.items():
                if len(given) >= _AHEAD or self._session.stopping() or self._error is not None:
                    continue
                work = self._lost.popleft() if self._lost else next(self._works, None)
                if work is None:
                    return
                given.append(_Given(work))
                plan = VideoPlan(work.plan.video, (), {})
                replica.give(VideoWork(plan, work.unanswered))

    def _take(self, replica: Replica, message: ReplicaMessage) -> Iterator[Asked]:
        if message.kind == "asked":
            yield from self._answered(replica, message.value)
        elif message.kind == "spent":
            self._reported_spending.add(replica)
            replica.usage = message.value[1]
            self._session.seconds.add_all(message.value[0])
        elif message.kind == "stopped":
            # It was told to stop, and begins nothing that it had not begun.
            self._given[replica] = []
        elif message.kind == "error":
            self._error = self._error or message.value
            self._given[replica] = []
        elif replica in self._given:  # its process has ended
            yield from self._gone(replica)

    def _answered(self, replica: Replica, answers: Sequence[Asked]) -> Iterator[Asked]:
        for asked in answers:
            for given in self._given.get(replica, ()):
                given.waiting.discard((asked.clip, asked.question))
            yield asked
        if replica in self._given:
            self._given[replica] = [g for g in self._given[replica] if g.waiting]

    def _gone(self, replica: Replica) -> Iterator[Asked]:
        """Others take up the videos of a process that ended; the first of them may be why."""
        for place, given in enumerate(self._given.pop(replica)):
            video = given.work.plan.video.name
            self._ended[video] = self._ended.get(video, 0) + (place == 0)
            if self._ended[video] < _TRIES:
                self._lost.append(given.rest())
                continue
            failed = Answer.failed(f"its process ended twice ({replica.ending})", "worker")
            rest = given.rest().unanswered
            yield from (Asked(c, q, failed) for c, some in rest.items() for q in some)
        if not self._given and self._error is None:
            self._error = StopRunError(
                "All processes of the model have ended; every answer so far is kept",
                why=replica.ending,
                fix="the same command again",
            )

    def _collect(self) -> None:
        """What the replicas spent is told when they end."""
        while {r for r in self._given if r.is_alive} - self._reported_spending:
            try:
                replica, message = self._news.get(timeout=_SPENT_SECONDS)
            except queue.Empty:
                return
            for _ in self._take(replica, message):
                pass


def device_groups(count: int, size: int = 1) -> list[dict[str, str]]:
    """Which devices and cores each of several processes gets, as environment variables.

    Args:
        count: processes.
        size: GPUs of each.

    Raises:
        S3EvalError: there are GPUs, but fewer than that takes.

    >>> [place["OMP_NUM_THREADS"] for place in device_groups(usable_cores())][0]
    '1'
    """
    gpus = _gpus()
    threads = str(max(1, usable_cores() // count))
    # Read when the libraries are imported, so that each process keeps to its own cores.
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    places = [dict.fromkeys(names, threads) for _ in range(count)]
    if gpus:
        if len(gpus) < count * size:
            raise S3EvalError(
                f"{count} replicas with {size} GPU{'s' * (size > 1)} each need {count * size}, "
                f"but there are {len(gpus)}",
                fix=f"--replicas {max(1, len(gpus) // size)}",
            )
        for number, place in enumerate(places):
            mine = gpus[number * size : (number + 1) * size]
            place["CUDA_VISIBLE_DEVICES"] = ",".join(mine)
    return places


def _gpus() -> list[str]:
    """The GPUs this process may use, by the names that CUDA_VISIBLE_DEVICES takes."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return [name for name in visible.split(",") if name.strip() not in ("", "-1")]
    command = ["nvidia-smi", "--query-gpu=index", "--format=csv,noheader"]
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
        return done.stdout.split()
    return []
