"""A replica: a process that has loaded the model, and the end of it that the run holds.

Both are this program, started by the run with a pipe to it; what passes through is pickled.
"""

from __future__ import annotations

import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal, cast

from s3eval.errors import MachineError, S3EvalError, StopRunError
from s3eval.facts.videos import Dataset
from s3eval.model import Model
from s3eval.plugin_calls import described
from s3eval.running.executing import Asked, VideoWork
from s3eval.running.limits import Limits, StageSeconds
from s3eval.running.loaded import LoadedFacts, facts_of_loaded
from s3eval.running.models import load_model
from s3eval.running.plan import Plan
from s3eval.running.session import Session

if TYPE_CHECKING:
    from s3eval.plugins import Plugin
    from s3eval.specs import ModelSpec
    from s3eval.vocabulary import Sense

__all__ = ["Replica", "ReplicaMessage", "serve"]

_ENDING_SECONDS = 5.0


@dataclass(frozen=True)
class ReplicaMessage:
    """What a replica says.

    Attributes:
        kind: "ready", "asked" (answers), "spent" (seconds and tokens, when a pass has ended),
            "stopped" (all that was begun is finished), "error" (what ended its pass), "gone".
    """

    kind: Literal["ready", "asked", "spent", "stopped", "error", "gone"]
    value: Any = None


class Replica:
    """The run's end of a replica.

    Args:
        place: environment variables that say which devices and cores are its own.
        plugin, options: the model it loads.
    """

    def __init__(
        self, place: Mapping[str, str], plugin: Plugin[ModelSpec], options: Mapping[str, Any]
    ) -> None:
        self.usage: Mapping[str, int] = {}
        self.ending = ""
        self._news: queue.SimpleQueue[tuple[Replica, ReplicaMessage]] = queue.SimpleQueue()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "s3eval.running.replica"],
            env={**os.environ, **place},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # an interrupt is for the run, which ends the others
        )
        threading.Thread(target=self._listen, name="s3eval-replica", daemon=True).start()
        self._send("load", plugin, dict(options))

    def ready(self) -> LoadedFacts:
        """Wait until the model is loaded.

        Raises:
            S3EvalError: it cannot be.
        """
        _, message = self._news.get()
        if message.kind == "ready":
            return cast(LoadedFacts, message.value)
        if message.kind == "error":
            raise message.value
        raise S3EvalError("The process of a replica ended while loading", why=self.ending)

    @property
    def is_alive(self) -> bool:
        """Whether its process still runs."""
        return self._process.poll() is None

    def begin(
        self,
        session: Session,
        limits: Limits,
        news: queue.SimpleQueue[tuple[Replica, ReplicaMessage]],
    ) -> None:
        """Begin a pass over videos; what is said of it arrives in ``news``."""
        self._news = news
        data = session.dataset
        root = None if data.root is None else data.root.absolute()
        self._send("begin", data.name, root, data.outside, session.senses, limits)
        if not self.is_alive:
            news.put((self, ReplicaMessage("gone")))

    def give(self, work: VideoWork) -> None:
        """Have a video asked about."""
        self._send("work", work)

    def stop(self) -> None:
        """Have what is begun finished, and nothing else begun."""
        self._send("stop")

    def end(self) -> None:
        """End the pass; nothing more is given."""
        self._send("end")

    def close(self) -> None:
        """End the process."""
        self._send("quit")
        try:
            self._process.wait(_ENDING_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                cast(IO[bytes], pipe).close()

    def _send(self, *message: Any) -> None:
        assert self._process.stdin is not None
        # One that has ended is noticed by the thread that listens.
        with suppress(OSError, ValueError):
            self._process.stdin.write(pickle.dumps(message))
            self._process.stdin.flush()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with suppress(EOFError, OSError, ValueError, pickle.UnpicklingError):
            while True:
                message = pickle.load(self._process.stdout)
                self._news.put((self, message))
        code = self._process.wait()
        self.ending = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        self._news.put((self, ReplicaMessage("gone")))


class _Serving:
    """The replica's own end: reads messages in a thread, asks in the main one."""

    def __init__(self, source: IO[bytes], out: IO[bytes]) -> None:
        self._source, self._out, self._lock = source, out, threading.Lock()
        self._messages: queue.SimpleQueue[tuple[Any, ...]] = queue.SimpleQueue()
        self._works: queue.SimpleQueue[VideoWork | None] = queue.SimpleQueue()
        self._stopping = threading.Event()

    def send(self, message: ReplicaMessage) -> None:
        """Send something to the run."""
        with self._lock:
            self._out.write(pickle.dumps(message))
            self._out.flush()

    def run(self) -> None:
        """Load the model, then make passes until the run ends."""
        threading.Thread(target=self._read, daemon=True).start()
        _, plugin, options = self._messages.get()
        try:
            model = load_model(plugin, options)
            ready = facts_of_loaded(model, plugin)
        except S3EvalError as error:
            self.send(ReplicaMessage("error", error))
            return
        self.send(ReplicaMessage("ready", ready))
        while (message := self._messages.get())[0] == "begin":
            self._pass(model, plugin, ready, *message[1:])
        model.close()

    def _read(self) -> None:
        with suppress(EOFError, OSError, pickle.UnpicklingError):
            while True:
                kind, *more = pickle.load(self._source)
                if kind == "work":
                    self._works.put(*more)
                elif kind == "end":
                    self._works.put(None)
                elif kind == "stop":
                    self._stopping.set()
                else:
                    self._messages.put((kind, *more))
        # The run is gone, or wants nothing more.
        os._exit(0)

    def _pass(
        self,
        model: Model,
        plugin: Plugin[ModelSpec],
        ready: LoadedFacts,
        name: str,
        root: Path | None,
        outside: bool,
        senses: frozenset[Sense],
        limits: Limits,
    ) -> None:
        from s3eval.running.pipeline import ask_videos

        self._stopping.clear()
        seconds = StageSeconds()
        session = Session(
            Dataset(name, (), {}, root, outside=outside),
            Plan(()),
            cast(Any, None),  # the run writes
            model,
            ready.identity,
            senses,
            concurrency=ready.concurrency,
            limits=limits,
            seconds=seconds,
            stopping=self._stopping.is_set,
        )
        try:
            for asked in ask_videos(session, self._given()):
                self.send(ReplicaMessage("asked", _sendable(asked)))
        except (StopRunError, MachineError) as error:
            self.send(ReplicaMessage("error", error))
        except Exception as error:
            self.send(
                ReplicaMessage("error", S3EvalError("A replica failed", why=described(error)))
            )
        else:
            if self._stopping.is_set():
                self.send(ReplicaMessage("stopped"))
        with suppress(Exception):
            self.send(ReplicaMessage("spent", (seconds.as_dict(), dict(model.usage()))))
        while not self._is_over and self._works.get() is not None:
            pass

    _is_over = False

    def _given(self) -> Iterator[VideoWork | None]:
        """Videos as they are given; None where none is at hand."""
        self._is_over = False
        while True:
            try:
                work = self._works.get_nowait()
            except queue.Empty:
                yield None
                continue
            if work is None:
                self._is_over = True
                return
            yield work


def _sendable(asked: Asked) -> Sequence[Asked]:
    return (asked,)


def serve() -> None:
    """The program of the other process; what plugins print goes to standard error."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    code = 1
    try:
        _Serving(sys.stdin.buffer, out).run()
        code = 0
    finally:
        # The thread that reads waits in a read, which the interpreter's own end would not survive.
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    from s3eval.running.replica import serve as serve_as_imported

    # Under its own name, so that what it sends is known by that name in the run.
    serve_as_imported()
