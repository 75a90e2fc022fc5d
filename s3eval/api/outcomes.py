"""What asking a model came to: how much failed, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from s3eval.running.reasons import without_name

if TYPE_CHECKING:
    from s3eval.running.evaluate import Outcome
    from s3eval.task import Finding

__all__ = ["AskingCounts", "what_was_asked"]


@dataclass(frozen=True)
class AskingCounts:
    """What asking one model came to.

    Attributes:
        model: its name; with options of its own, that of its run's folder, which tells them apart.
        videos: how many were selected.
        counts: questions by what became of them, in words; those that are 0 are left out, but
            for answers and those that were already there.
        reasons: why findings failed, without names of videos, with how many, by reason.
        partial: findings with a value of which a window failed.
        unplanned: videos of which nothing could be asked.
        run: the run's folder.
    """

    model: str
    videos: int
    counts: Mapping[str, int]
    reasons: Mapping[str, int]
    partial: int
    unplanned: int
    run: Path

    @property
    def failures(self) -> int:
        """How many findings and videos failed, whole or in part."""
        return sum(self.reasons.values()) + self.partial + self.unplanned


def what_was_asked(outcome: Outcome) -> AskingCounts:
    """The counts of one run, of the tasks that were asked now and not of those kept from before."""
    run, plan = outcome.run, outcome.plan
    inquiries = [
        *(p.inquiries for p in plan.videos),
        *(u.inquiries for u in plan.unplanned.values()),
    ]
    tasks = {inquiry.task for some in inquiries for inquiry in some}
    findings = [f for task in sorted(tasks) for f in run.findings.get(task, ())]
    failed = [f for f in findings if f.state == "failed"]
    reasons = Counter(without_name(f.reason, f.video) for f in failed)
    return AskingCounts(
        run.path.name or run.facts.model,
        len(plan.videos) + len(plan.unplanned),
        _counts(outcome),
        dict(sorted(reasons.items())),
        _partial(findings),
        len(plan.unplanned),
        run.path,
    )


def _counts(outcome: Outcome) -> dict[str, int]:
    asked = outcome.asked
    more = {
        "failed": asked.failed,
        "skipped": asked.skipped,
        "asked again": asked.retried,
        "about fewer frames": asked.reduced,
    }
    counts = {"answered": asked.answered, "already there": asked.reused}
    return {**counts, **{label: n for label, n in more.items() if n}}


def _partial(findings: Iterable[Finding]) -> int:
    """How many findings with a value miss a window that failed."""
    return sum(
        f.state != "failed"
        and any(w.get("status") == "failed" for w in f.detail.get("missing", ()))
        for f in findings
    )
