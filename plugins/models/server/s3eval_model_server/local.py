"""A model server of this machine that lives as long as the run that started it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from contextlib import suppress
from typing import IO, Any

from s3eval.documentation import page
from s3eval.errors import StopRunError

__all__ = ["LocalServer", "free_port", "watch_over"]

_LOOK_SECONDS = 0.25
_ENDING_SECONDS = 20.0
_LAST_WORDS = 2_000


def free_port() -> int:
    """A port of this machine that nobody listens on now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class LocalServer:
    """Starts a server when the first question wants it, and ends it with the run.

    A process of its own watches over it: when the run ends, however it ends, it ends the server
    and all that the server started.

    Args:
        command: that starts it.
        base_url: where it then answers.
        wait: seconds until it must answer.
    """

    def __init__(self, command: Sequence[str], base_url: str, wait: float) -> None:
        self._command, self._base_url, self._wait = list(command), base_url, wait
        self._lock = threading.Lock()
        self._watcher: subprocess.Popen[bytes] | None = None
        self._log: IO[bytes] | None = None
        self._is_ready, self._closed = False, False

    def ensure(self) -> None:
        """Return when it answers; started the first time.

        Raises:
            StopRunError: it ended, or does not answer in time; says its last words.
        """
        with self._lock:
            if self._is_ready:
                return
            if self._watcher is None:
                self._start()
            self._until_it_answers()
            self._is_ready = True

    def close(self) -> None:
        """End the server and wait until it is gone."""
        self._closed = True
        if self._watcher is not None:
            assert self._watcher.stdin is not None
            with suppress(OSError):
                self._watcher.stdin.close()
            try:
                self._watcher.wait(_ENDING_SECONDS + 10)
            except subprocess.TimeoutExpired:
                self._watcher.kill()
                self._watcher.wait()
        if self._log is not None:
            self._log.close()

    def _start(self) -> None:
        # Without a name: what a server writes may quote what it was asked.
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the server)
        self._watcher = subprocess.Popen(
            [sys.executable, "-m", "s3eval_model_server.local", *self._command],
            stdin=subprocess.PIPE,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # an interrupt is for the run, which ends the server
        )

    def _until_it_answers(self) -> None:
        assert self._watcher is not None
        until = time.monotonic() + self._wait
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        while time.monotonic() < until and not self._closed:
            code = self._watcher.poll()
            if code is not None:
                raise self._failure(f"it ended with exit code {code}")
            with suppress(OSError, urllib.error.URLError, ValueError):
                with opener.open(f"{self._base_url}/models", timeout=5) as reply:
                    reply.read(1 << 20)
                return
            time.sleep(_LOOK_SECONDS)
        raise self._failure(f"it did not answer within {self._wait:.0f} s")

    def _failure(self, why: str) -> StopRunError:
        assert self._log is not None
        size = self._log.seek(0, os.SEEK_END)
        self._log.seek(max(0, size - _LAST_WORDS))
        words = self._log.read().decode("utf-8", "replace").strip()
        last = " | ".join(words.splitlines()[-5:])
        return StopRunError(
            f"The server that was started does not serve: {' '.join(self._command[:3])}",
            why=f"{why}; its last lines: {last}" if last else why,
            fix=f"start it by hand to see all it says ({page('servers.md')})",
        )


def watch_over(command: Sequence[str], run: IO[Any]) -> int:
    """Run a command until it ends, or until the other end of ``run`` is closed.

    Args:
        command: started in a session of its own, so that all it starts is ended with it.
        run: a pipe from the run.

    Returns:
        the command's exit code, 0 when it was ended.
    """
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    ended = threading.Event()

    def until_the_run_ends() -> None:
        run.read()
        ended.set()
        _end(process)

    threading.Thread(target=until_the_run_ends, daemon=True).start()
    code = process.wait()
    if not ended.is_set():
        return code if code >= 0 else 128 - code
    _end(process)
    return 0


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and all of its session: asked first, made to then."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(_ENDING_SECONDS)
    # What it started may have outlived it.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


if __name__ == "__main__":
    status = watch_over(sys.argv[1:], sys.stdin.buffer)
    sys.stdout.flush()
    # The thread that reads waits in a read, which the interpreter's own end would not survive.
    os._exit(status)
