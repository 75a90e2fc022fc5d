"""Findings to scores: the same code for asked and recorded runs, under either protocol."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from s3eval.facts.tally import Tally
from s3eval.task import Finding, ScoringContext, Task

if TYPE_CHECKING:
    from s3eval.dataset import Dataset
    from s3eval.judge import Judge
    from s3eval.plugins import Registry
    from s3eval.vocabulary import Protocol

__all__ = ["chance_tallies", "load_task", "load_tasks", "tallies_of"]


def load_task(name: str, registry: Registry | None = None) -> Task:
    """An instance of the task of that name.

    Raises:
        S3EvalError: unknown, or its needs are missing.
    """
    from s3eval.plugins import discover

    found = (registry or discover()).get("task", name).spec.load()()
    assert isinstance(found, Task)
    return found


def load_tasks(names: Iterable[str]) -> dict[str, Task]:
    """Instances of several tasks; the plugins are looked for once."""
    from s3eval.plugins import discover

    registry = discover()
    return {name: load_task(name, registry) for name in names}


def tallies_of(
    findings: Mapping[str, Sequence[Finding]],
    dataset: Dataset,
    protocol: Protocol,
    judge: Judge | None = None,
    tasks: Mapping[str, Task] | None = None,
    options: Mapping[str, Any] | None = None,
) -> list[Tally]:
    """Every metric of every task of a run's findings.

    ``options`` reach the tasks: ``{"bertscore": ENCODER}`` adds BERTScore, which is slow and
    needs an encoder's weights on this machine.
    """
    context = ScoringContext(dataset, protocol, judge, findings, dict(options or {}))
    known = tasks or load_tasks(findings)
    return [t for name, found in findings.items() for t in known[name].tallies(found, context)]


def chance_tallies(
    findings: Mapping[str, Sequence[Finding]],
    dataset: Dataset,
    protocol: Protocol,
    judge: Judge | None = None,
    tasks: Mapping[str, Task] | None = None,
) -> dict[str, list[Tally]]:
    """The same metrics for each trivial answerer, on the same videos and items.

    Returns:
        by the answerer's name ("always-yes", ...), its tallies over all tasks.
    """
    context = ScoringContext(dataset, protocol, judge, findings)
    known = tasks or load_tasks(findings)
    lines: dict[str, list[Tally]] = {}
    for name, found in findings.items():
        for answerer, theirs in known[name].trivial(found, context).items():
            lines.setdefault(answerer, []).extend(known[name].tallies(theirs, context))
    return lines
