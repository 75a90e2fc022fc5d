"""What is compared of two runs, by what it is scored, and how often patients are drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from s3eval.statistics.resampling import check_draws

if TYPE_CHECKING:
    from s3eval.judge import JudgeRequest
    from s3eval.vocabulary import Protocol, Sense

__all__ = ["JUDGED_BY", "Choice", "Judging", "Resampling"]

# Single videos have no precision, recall or F1; whether they were answered right decides.
JUDGED_BY = {"precision": "accuracy", "recall": "accuracy", "f1": "accuracy"}


@dataclass(frozen=True)
class Choice:
    """Which scores are compared; empty means all, for metrics each task's headline.

    >>> Choice(metrics=("f1",)).takes("recognition", "tonic", "f1", headline="accuracy")
    True
    """

    tasks: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()

    def takes(self, task: str, item: str, metric: str, headline: str = "") -> bool:
        """Whether a score is among those compared."""
        wanted = self.metrics or ((headline,) if headline else ())
        return (
            (not self.tasks or task in self.tasks)
            and (not self.items or item in self.items)
            and (("all" in wanted) or not wanted or metric in wanted)
            and metric != "coverage"
        )

    def needed(self, headline: str) -> frozenset[str]:
        """The metrics that a task must compute for this; empty for all of them.

        >>> sorted(Choice().needed("f1")), sorted(Choice(metrics=("all",)).needed("f1"))
        (['accuracy', 'f1'], [])
        """
        wanted = self.metrics or ((headline,) if headline else ())
        if not wanted or "all" in wanted:
            return frozenset()
        # The headline tells the families apart, also where another metric is compared.
        needed = {*wanted, headline} - {""}
        return frozenset(needed | {JUDGED_BY.get(m, m) for m in needed})


@dataclass(frozen=True)
class Resampling:
    """How many draws of patients, how many swaps, from which seed, at which level.

    Raises:
        S3EvalError: no draws, or no swaps.
    """

    resamples: int = 2000
    permutations: int = 9999
    seed: int = 0
    level: float = 0.95

    def __post_init__(self) -> None:
        check_draws(self.resamples)
        check_draws(self.permutations, "permutations")


@dataclass(frozen=True)
class Judging:
    """What findings are scored by, the same for all runs compared.

    Attributes:
        protocol: "paper" or "release".
        judged: what a judge made of the requests of all runs; None without a judge.
        senses: of the runs' models.
        task_options: by task.
    """

    protocol: Protocol = "paper"
    judged: Mapping[JudgeRequest, Any] | None = None
    senses: frozenset[Sense] = frozenset({"sight"})
    task_options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
