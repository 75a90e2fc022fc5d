"""``s3eval`` with the phases of a run reported to a file, for tests that kill it at a phase.

    python phased_run.py PHASES ASKED run ...

Appends a line to PHASES whenever a phase begins ("decode", "ask", "judge", "score", "write"), and
to ASKED what the model of this module is asked. The model ``steady`` answers from the frames alone.
With KILL=PHASE:N:SECONDS in the environment the process group is killed so many seconds after the
phase began for the N-th time.
"""

from __future__ import annotations

import hashlib
import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import s3eval.api.evaluating
import s3eval.footage.decoding
import s3eval.running.evaluate
import s3eval.running.runs
from s3eval.cli import main
from s3eval.model import Model
from s3eval.specs import ModelSpec
from s3eval.testing.plugins import beside_installed, module_with, registry_of

SIGNS = "The patient stiffens, then jerks rhythmically with both arms. The head turns to the left."


def appended(path: str, line: str) -> None:
    # One write of a few bytes to a file opened for appending: whole, or not at all.
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(handle, (line + "\n").encode())
    os.close(handle)


class Steady(Model):
    """Says what a hash of the frames and the question says."""

    def answer(self, footage: Any, question: Any) -> str:
        appended(sys.argv[2], f"{footage.clip.video} {footage.clip.start} {question.key}")
        begins("ask")
        time.sleep(0.003)
        seen = hashlib.sha256(footage.frames.tobytes() + question.text.encode()).digest()[0]
        if question.choices:
            return question.choices[seen % len(question.choices)]
        return SIGNS if seen % 2 else SIGNS[:22] + "."


class Spec(ModelSpec):
    """A spec whose adapter lives here."""

    def load(self) -> Any:
        return Steady


_KILL, _WHEN, _AFTER = (os.environ.get("KILL") or "::").split(":")
_begun = Counter[str]()


def begins(phase: str) -> None:
    appended(sys.argv[1], phase)
    _begun[phase] += 1
    if phase == _KILL and _begun[phase] == int(_WHEN):
        threading.Timer(float(_AFTER), os.killpg, (os.getpgrp(), signal.SIGKILL)).start()


def reported(place: Any, name: str, phase: str) -> None:
    real: Callable[..., Any] = getattr(place, name)

    def telling(*arguments: Any, **options: Any) -> Any:
        begins(phase)
        return real(*arguments, **options)

    setattr(place, name, telling)


if __name__ == "__main__":
    steady = module_with(s3eval_models=[Spec("steady", adapter="here:Steady", sees=True)])
    mine = registry_of(("s", "steady", steady))
    reported(s3eval.footage.decoding, "decode", "decode")
    reported(s3eval.running.evaluate, "combine_all", "judge")
    reported(s3eval.api.evaluating, "score_all", "score")
    real = s3eval.running.runs.write_text
    for module in [*sys.modules.values()]:
        if getattr(module, "write_text", None) is real:
            reported(module, "write_text", "write")
    with beside_installed(*mine.plugins):
        main(sys.argv[3:])
