"""What a run is going to ask, as a display of its progress needs it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from s3eval.facts.clips import Clip
from s3eval.model import Question
from s3eval.running.plan import Plan

__all__ = ["Awaited"]


@dataclass(frozen=True)
class Awaited:
    """The questions of a run.

    Attributes:
        plan: all that is asked.
        spent: says how many dollars the model spent so far, None where that is not known.
    """

    plan: Plan
    spent: Callable[[], float | None] = lambda: None
    _owners: dict[str, dict[tuple[Clip, Question], list[str]]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @cached_property
    def total(self) -> int:
        """How many questions are put, those that tasks share once."""
        return sum(1 for _ in self.plan.asks())

    @cached_property
    def by_task(self) -> dict[str, int]:
        """How many answers each task waits for; a shared one counts for each."""
        return {name: n for name, n in self.plan.count().items() if name != "together"}

    def tasks_of(self, clip: Clip, question: Question) -> list[str]:
        """The tasks that wait for this answer."""
        if clip.video not in self._owners:
            # Answers come video by video; an executor may have a few at once.
            if len(self._owners) >= 64:
                self._owners.clear()
            self._owners[clip.video] = self._of_video(clip.video)
        return self._owners[clip.video].get((clip, question), [])

    @cached_property
    def _plans(self) -> dict[str, int]:
        return {plan.video.name: i for i, plan in enumerate(self.plan.videos)}

    def _of_video(self, video: str) -> dict[tuple[Clip, Question], list[str]]:
        owners: dict[tuple[Clip, Question], list[str]] = {}
        for inquiry in self.plan.videos[self._plans[video]].inquiries:
            for question in inquiry.questions:
                owners.setdefault((inquiry.clip, question), []).append(inquiry.task)
        return owners
