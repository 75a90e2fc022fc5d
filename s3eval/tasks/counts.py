"""The denominators of findings: how many were asked, answered, readable and scored."""

from __future__ import annotations

from collections.abc import Iterable

from s3eval.facts.tally import Counts
from s3eval.task import Finding

__all__ = ["counts_of"]


def counts_of(findings: Iterable[Finding], scored: int = 0) -> Counts:
    """The denominators of some findings.

    >>> counts_of([Finding("t", "v", "i", "answered", "yes"), Finding("t", "w", "i", "failed")])
    Counts(asked=2, answered=1, readable=1, scored=0, failed=1, skipped=0)
    """
    states = [f.state for f in findings]
    return Counts(
        asked=len(states),
        answered=states.count("answered") + states.count("unreadable"),
        readable=states.count("answered"),
        scored=scored,
        failed=states.count("failed"),
        skipped=states.count("skipped"),
    )
