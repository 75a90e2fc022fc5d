"""What the judges of runs read, for a page: read here again, or kept; no model is asked."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from s3eval.api.judges import DEFAULT_JUDGE, JudgeChoice, close_judge, judge_of_scores
from s3eval.errors import S3EvalError
from s3eval.judge import AnswerQuestions, ReadReport
from s3eval.judging.kept import kept_readings
from s3eval.judging.stages import serve
from s3eval.plugins import installed
from s3eval_view.viewer.pointing import pointed

if TYPE_CHECKING:
    from s3eval.judge import Evidence, Judge, JudgeRequest
    from s3eval_view.viewer.opened import ShownRun

__all__ = ["Judged", "Judges"]


@dataclass(frozen=True)
class Judged:
    """What a run's judge made of some requests.

    Attributes:
        readings: by request; None where there are none at all.
        note: why those that are not there are not, "" where all are.
        judge: who read, "" for nobody.
        missing: how many of the distinct requests have no reading.
        is_kept: whether they were read earlier and looked up for the page.
        pointed: by request words that its facts may have come from (`Judges.pointed`).
    """

    readings: Mapping[JudgeRequest, Any] | None = None
    note: str = ""
    judge: str = ""
    missing: int = 0
    is_kept: bool = False
    pointed: Mapping[JudgeRequest, tuple[Evidence, ...]] = field(default_factory=dict)

    @property
    def source(self) -> str:
        """Who read, and when, in words."""
        if not self.judge:
            return ""
        when = "kept from when it was asked" if self.is_kept else "read anew for this page"
        return f"{self.judge}, {when}"


@dataclass
class Judges:
    """Judges that were opened, kept until the viewer ends: opening one takes half a second.

    Nothing leaves the machine for a page, and no page waits for a model: of a judge that asks
    one only what it keeps is shown.
    """

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _opened: dict[str, tuple[Judge | None, str]] = field(default_factory=dict)

    def read(self, run: ShownRun, requests: Iterable[JudgeRequest]) -> Judged:
        """What the judge that read for the run's scores makes of some requests."""
        wanted = list(dict.fromkeys(requests))
        choice = judge_of_scores(run.run)
        if choice.name == "none":
            return Judged(None, "No judge read for this run.", missing=len(wanted))
        try:
            spec = installed().get("judge", choice.name).spec
            if spec.remote or spec.model:
                return _kept(run, choice, wanted)
            with self._lock:
                judge = self._of(choice)
                return Judged(serve(judge, wanted) if wanted else {}, "", choice.name)
        except S3EvalError as error:
            return Judged(None, str(error), missing=len(wanted))

    def pointed(self, judged: Judged) -> Mapping[JudgeRequest, tuple[Evidence, ...]]:
        """Words that kept facts may have come from: those the lexicon reads the same facts from.

        {} where the lexicon is not installed.
        """
        silent = {
            r: reading
            for r, reading in (judged.readings or {}).items()
            if judged.is_kept and not getattr(reading, "evidence", ())
        }
        wanted = [r for r in silent if isinstance(r, (ReadReport, AnswerQuestions))]
        if not wanted:
            return {}
        try:
            with self._lock:
                others = serve(self._of(JudgeChoice(DEFAULT_JUDGE)), wanted)
        except S3EvalError:
            return {}
        return {r: pointed(silent[r], others[r]) for r in wanted}

    def _of(self, choice: JudgeChoice) -> Judge:
        key = f"{choice.name} {sorted(choice.options.items())}"
        if key not in self._opened:
            self._opened[key] = _opened(choice)
        judge, why = self._opened[key]
        if judge is None:
            raise S3EvalError(why)
        return judge

    def close(self) -> None:
        """Close all of them."""
        with self._lock:
            for judge, _ in self._opened.values():
                close_judge(judge)
            self._opened.clear()


def _kept(run: ShownRun, choice: JudgeChoice, wanted: list[JudgeRequest]) -> Judged:
    again = f"judge it again with `s3eval score RUN --judge {choice.name}`"
    try:
        kept = kept_readings(choice.name, run.run.facts.judge, choice.options, wanted)
    except S3EvalError as error:
        return Judged(None, f"Not kept: {str(error).rstrip('.')}. To have it, {again}.",
                      missing=len(wanted))  # fmt: skip
    if not kept.missing:
        return Judged(kept.readings, "", kept.judge, 0, True)
    note = (
        f"Not kept: {kept.judge} asks a model, is not asked for this page, and its file of "
        f"readings on this machine does not hold this one; {again}."
    )
    return Judged(kept.readings or None, note, kept.judge, len(kept.missing), True)


def _opened(choice: JudgeChoice) -> tuple[Judge | None, str]:
    try:
        return choice.open(), ""
    except S3EvalError as error:
        return None, str(error)
