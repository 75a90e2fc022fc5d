"""What asking came to: what is counted as failed, and what is not."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from s3eval.api.outcomes import what_was_asked
from s3eval.task import Finding


def outcome_of(
    findings: dict[str, list[Finding]], asked: tuple[str, ...], unplanned: int = 0
) -> Any:
    """An outcome with these findings, of which these tasks were asked about now."""
    plan = SimpleNamespace(
        videos=[SimpleNamespace(inquiries=[SimpleNamespace(task=t) for t in asked])],
        unplanned={f"u{n}": SimpleNamespace(inquiries=[]) for n in range(unplanned)},
    )
    counts = SimpleNamespace(answered=3, reused=1, failed=2, skipped=0, retried=0, reduced=0)
    run = SimpleNamespace(
        findings=findings, facts=SimpleNamespace(model="a model"), path=Path("runs/a")
    )
    return SimpleNamespace(run=run, plan=plan, asked=counts)


def failed(video: str) -> Finding:
    return Finding("t", video, "tonic", "failed", None, f"'{video}' cannot be opened")


def test_failures_are_counted_by_reason_without_names():
    asked = what_was_asked(outcome_of({"t": [failed("v1"), failed("v2")]}, ("t",), unplanned=1))
    (reason,) = asked.reasons
    assert asked.reasons[reason] == 2 and "v1" not in reason
    assert (asked.unplanned, asked.partial, asked.failures) == (1, 0, 3)
    assert asked.counts == {"answered": 3, "already there": 1, "failed": 2}


def test_tasks_kept_from_before_are_not_counted():
    kept = {"t": [failed("v1")], "other": [failed("v1"), failed("v2")]}
    assert what_was_asked(outcome_of(kept, ("t",))).failures == 1


def test_a_value_without_one_of_its_windows_is_a_failure_in_part():
    missing = {"missing": [{"status": "failed"}, {"status": "skipped"}]}
    whole = Finding(
        "t", "v1", "tonic", "answered", "yes", detail={"missing": [{"status": "skipped"}]}
    )
    part = Finding("t", "v2", "tonic", "answered", "yes", detail=missing)
    asked = what_was_asked(outcome_of({"t": [whole, part]}, ("t",)))
    assert (asked.partial, asked.failures, dict(asked.reasons)) == (1, 1, {})
