"""The judges of runs that may be asked for a page: those that read here and ask no model."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from s3eval.api.judges import JudgeChoice, close_judge, judge_of_run
from s3eval.errors import S3EvalError
from s3eval.judging.stages import serve
from s3eval.plugins import installed

if TYPE_CHECKING:
    from s3eval.judge import Judge, JudgeRequest
    from s3eval_view.viewer.opened import ShownRun

__all__ = ["Judges"]


class Judges:
    """Judges that were opened, kept until the viewer ends: opening one takes half a second.

    Nothing leaves the machine for a page, and no page waits for a model.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._opened: dict[str, tuple[Judge | None, str]] = {}

    def read(
        self, run: ShownRun, requests: Iterable[JudgeRequest]
    ) -> tuple[Mapping[JudgeRequest, Any] | None, str]:
        """What the run's judge makes of some requests, or None and why it is not asked."""
        with self._lock:
            judge, note = self._of(run)
            if judge is None:
                return None, note
            wanted = list(requests)
            try:
                return (serve(judge, wanted) if wanted else {}), ""
            except S3EvalError as error:
                return None, str(error)

    def _of(self, run: ShownRun) -> tuple[Judge | None, str]:
        choice = judge_of_run(run.run, JudgeChoice())
        if choice.name == "none":
            return None, "No judge read for this run."
        key = f"{choice.name} {sorted(choice.options.items())}"
        if key not in self._opened:
            self._opened[key] = _opened(choice)
        return self._opened[key]

    def close(self) -> None:
        """Close all of them."""
        with self._lock:
            for judge, _ in self._opened.values():
                close_judge(judge)
            self._opened.clear()


def _opened(choice: JudgeChoice) -> tuple[Judge | None, str]:
    try:
        spec = installed().get("judge", choice.name).spec
        if spec.remote or spec.model:
            return None, f"The judge '{choice.name}' asks a model and is not asked for this page."
        return choice.open(), ""
    except S3EvalError as error:
        return None, str(error)
