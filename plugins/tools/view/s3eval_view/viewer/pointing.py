"""Words that a fact may have come from, where the judge that read it did not say which."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from s3eval.judge import Evidence, FeatureAnswers, ReportFacts

__all__ = ["pointed"]


def pointed(result: Any, other: Any) -> tuple[Evidence, ...]:
    """The words from which another judge read the very facts of a result.

    Args:
        result: what the judge made of a text.
        other: what another, which shows its words, made of the same text.

    >>> words = (Evidence("tonic", "stiffens", 3, 11), Evidence("clonic", "jerks", 16, 21))
    >>> ours = ReportFacts((), ("tonic",), {})
    >>> [e.quote for e in pointed(ours, ReportFacts((), ("tonic", "clonic"), {}, evidence=words))]
    ['stiffens']
    """
    if type(result) is not type(other) or not isinstance(result, (ReportFacts, FeatureAnswers)):
        return ()
    facts = frozenset(_facts(result))
    return tuple(e for e in other.evidence if e.fact in facts)


def _facts(result: ReportFacts | FeatureAnswers) -> Iterator[str]:
    """The facts of a result as evidence names them: "tonic", "side=left"."""
    if isinstance(result, FeatureAnswers):
        for key, answer in result.answers.items():
            yield from (f"{key}={a}" for a in ((answer,) if isinstance(answer, str) else answer))
        return
    yield from result.features
    yield from result.sections
    yield from (f"{key}={value}" for key, value in result.localizing.items())
    yield from (name for name in ("off_topic", "hazard") if getattr(result, name))
