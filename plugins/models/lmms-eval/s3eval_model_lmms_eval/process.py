"""The process that runs lmms-eval: started, asked one clip at a time, ended."""

from __future__ import annotations

import contextlib
import json
import queue
import subprocess
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from s3eval import S3EvalError
from s3eval.documentation import page
from s3eval_model_lmms_eval.installing import INSTALL

__all__ = ["Worker", "WorkerLostError"]

_LAST = 400


class WorkerLostError(Exception):
    """The process ended, or took too long and was ended."""


class Worker:
    """One process with one model.

    Args:
        python: the interpreter of lmms-eval's environment.
        wanted: what it is to load: model, arguments, simple.

    Raises:
        S3EvalError: it does not start, lmms-eval is not installed there, or the model does not
            load; the last line it said is given.
    """

    def __init__(self, python: str, wanted: Mapping[str, Any]) -> None:
        # Closed in close(), with the process.
        self._log = tempfile.TemporaryFile()  # noqa: SIM115
        try:
            # A session of its own: Ctrl-C is this process's to handle, and ends that one orderly.
            self._process = subprocess.Popen(
                [python, "-u", str(Path(__file__).with_name("worker.py"))],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
                start_new_session=True,
                text=True,
                encoding="utf-8",
            )
        except OSError as error:
            self._log.close()
            raise S3EvalError(
                "The interpreter of lmms-eval's environment does not start",
                why=f"{type(error).__name__}: {error.strerror}",
                fix="--model-option python=/path/to/venv/bin/python",
            ) from error
        assert self._process.stdin is not None and self._process.stdout is not None
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(
            target=_pump, args=(self._process.stdout, self._lines), daemon=True
        )
        self._reader.start()
        try:
            self.facts = self._exchange(wanted, 0.0)
        except WorkerLostError as lost:
            self.close()
            raise S3EvalError(
                "lmms-eval does not run in its environment",
                why=str(lost),
                fix=f"{page('lmms-eval.md')} says how to install it; --model-option python=…",
            ) from None
        if "error" in self.facts:
            reason = str(self.facts["error"])
            self.close()
            if "No module named 'lmms_eval'" in reason:
                raise S3EvalError(
                    "lmms-eval is not installed in the environment that is to run it",
                    where=python,
                    why=" ".join(reason.split())[:_LAST],
                    fix=f"{INSTALL}  ({page('lmms-eval.md')})",
                )
            raise S3EvalError(
                f"lmms-eval cannot load '{wanted['model']}'", why=" ".join(reason.split())[:_LAST]
            )

    def ask(self, clip: Mapping[str, Any], seconds: float) -> list[Mapping[str, str]]:
        """An answer, or an error, for each question.

        Raises:
            WorkerLostError: the process ended; the reason is its last line.
        """
        reply = self._exchange(clip, seconds)
        answers: list[Mapping[str, str]] = reply["answers"]
        return answers

    def close(self) -> None:
        """End the process."""
        if self._process.stdin is not None:
            # It may have ended before what was written to it was read.
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(timeout=5)
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._log.close()

    def _exchange(self, message: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(message) + "\n")
            self._process.stdin.flush()
            line = self._lines.get(timeout=seconds or None)
        except queue.Empty:
            self._process.kill()
            raise WorkerLostError(f"no answer within {seconds:g} s") from None
        except OSError:
            line = ""
        if not line:
            raise WorkerLostError(self._last_words())
        reply: dict[str, Any] = json.loads(line)
        return reply

    def _last_words(self) -> str:
        code = self._process.wait()
        end = self._log.seek(0, 2)
        self._log.seek(max(0, end - 4000))
        lines = self._log.read().decode("utf-8", "replace").strip().splitlines()
        words = f": {lines[-1][:_LAST]}" if lines else ""
        return f"the process ended with {code}{words}"


def _pump(source: IO[str], lines: queue.Queue[str]) -> None:
    for line in source:
        lines.put(line)
    lines.put("")
