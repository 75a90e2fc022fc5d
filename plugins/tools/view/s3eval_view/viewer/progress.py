"""How far a run is: answers stored of those planned, failures, and how fast it goes."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from s3eval.errors import S3EvalError
from s3eval.facts.clips import profile
from s3eval.running.loading import load_tasks
from s3eval.running.plan import make_plan
from s3eval.running.store import AnswerStore

if TYPE_CHECKING:
    from s3eval_view.viewer.opened import ShownRun

__all__ = ["Progress", "planned_of", "progress_of"]

#: Seconds without an answer after which a run counts as standing still.
STILL = 600.0


@dataclass(frozen=True)
class Progress:
    """How far a run is.

    Attributes:
        state: "in progress", "standing still" (no answer for ten minutes), "finished" or
            "recorded" (answers of others).
        stored, planned: answers; ``planned`` 0 where it cannot be known.
        failed: stored answers that are failures.
        seconds: that one answer took on average, None where it is not known.
    """

    state: str
    stored: int = 0
    planned: int = 0
    failed: int = 0
    seconds: float | None = None

    @property
    def share(self) -> float:
        """Stored of planned, in [0, 1]."""
        return min(1.0, self.stored / self.planned) if self.planned else 0.0

    def as_json(self) -> Mapping[str, object]:
        """For the page that follows it."""
        return {
            "state": self.state,
            "stored": self.stored,
            "planned": self.planned,
            "failed": self.failed,
            "share": self.share,
        }


def planned_of(run: ShownRun) -> int:
    """How many answers a run is going to have; 0 where its plan cannot be made again."""
    facts, options = run.run.facts, run.run.facts.options
    try:
        chosen = profile(str(options.get("profile") or facts.profile))
        chosen = chosen.changed(**options.get("sampling", {}))
        count = 0
        for group in options.get("together") or [facts.tasks]:
            tasks = load_tasks(group)
            given = {k: v for k, v in options.get("tasks", {}).items() if k in tasks.by_name}
            senses = frozenset(facts.senses)
            plan = make_plan(run.selected, tasks, chosen, senses, facts.seed, given)  # type: ignore[arg-type]
            count += sum(1 for _ in plan.asks())
        return count
    except S3EvalError:
        return 0


def progress_of(run: ShownRun, planned: int) -> Progress:
    """How far a run is now."""
    path = run.run.path / "answers.sqlite"
    if run.run.facts.source == "recorded" or not path.is_file():
        return Progress("recorded" if run.run.facts.source == "recorded" else "in progress")
    stored, failed, seconds = _counts(run)
    if (run.run.path / "findings.jsonl").is_file():
        return Progress("finished", stored, max(planned, stored), failed, seconds)
    newest = max(
        p.stat().st_mtime for p in (path, path.with_name(path.name + "-wal")) if p.is_file()
    )
    state = "in progress" if time.time() - newest < STILL else "standing still"
    return Progress(state, stored, planned, failed, seconds)


def _counts(run: ShownRun) -> tuple[int, int, float | None]:
    try:
        with AnswerStore(run.run.path / "answers.sqlite", read_only=True) as store:
            return store.summary()
    except (S3EvalError, sqlite3.Error):
        return 0, 0, None
