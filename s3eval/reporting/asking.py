"""Live progress of a run: by task, with rate, time left, failures and cost.

On a terminal a bar for the run and one for each task; elsewhere a plain line now and then, for
logs and CI. Names of videos never appear, only counts.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from s3eval.reporting.progress import (
    EVERY,
    duration_text,
    line_shown,
    live_console,
    shows_bars,
)
from s3eval.terminal import visible

if TYPE_CHECKING:
    from s3eval.running.awaited import Awaited
    from s3eval.running.executing import Asked

__all__ = ["AskingProgress", "answers_shown"]


@dataclass
class AskingProgress:
    """How far a run is: told of each answer, it says what a display shows.

    Attributes:
        awaited: what is asked.
        begun: when asking began, by ``clock``.
        done: answers there, by task, and of the run under ""; ``failed`` those that failed.
        new: answers that were asked for now; only they say how fast asking goes.
    """

    awaited: Awaited
    clock: Callable[[], float] = time.monotonic
    begun: float = field(init=False)
    done: Counter[str] = field(default_factory=Counter, init=False)
    failed: Counter[str] = field(default_factory=Counter, init=False)
    new: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self.begun = self.clock()

    def count(self, asked: Asked, old: bool) -> list[str]:
        """Count an answer; the tasks that waited for it."""
        tasks = self.awaited.tasks_of(asked.clip, asked.question)
        for name in ("", *tasks):
            self.done[name] += 1
            self.failed[name] += asked.answer.status == "failed"
        self.new += not old
        return tasks

    @property
    def rate(self) -> float:
        """Answers a second, of those asked for now."""
        return self.new / max(1e-9, self.clock() - self.begun)

    @property
    def left(self) -> float | None:
        """Seconds until all is answered at this rate; None before the first answer."""
        waiting = self.awaited.total - self.done[""]
        return waiting / self.rate if self.new else None

    def pace(self) -> str:
        """Rate, and time left while something is."""
        if self.left is None:
            return ""
        is_done = self.done[""] >= self.awaited.total
        return f"{self.rate:.1f}/s" + ("" if is_done else f", {duration_text(self.left)} left")

    def trouble(self) -> str:
        """Failures and dollars so far, "" where there are none."""
        parts = [f"{self.failed['']} failed"] if self.failed[""] else []
        spent = self.awaited.spent()
        return ", ".join(parts if spent is None else [*parts, f"${spent:.2f}"])

    def line(self, label: str) -> str:
        """The state in one line."""
        head = f"{label}: {self.done['']} of {self.awaited.total} answers"
        parts = [head, *(p for p in (self.pace(), self.trouble()) if p)]
        if len(self.awaited.by_task) < 2:
            return ", ".join(parts)
        tasks = []
        for name, wanted in self.awaited.by_task.items():
            failed = f" ({self.failed[name]} failed)" if self.failed[name] else ""
            tasks.append(f"{name} {self.done[name]}/{wanted}{failed}")
        return f"{', '.join(parts)}; {', '.join(tasks)}"


@contextmanager
def answers_shown(
    label: str, awaited: Awaited, style: str = "auto", every: float = EVERY
) -> Iterator[Callable[[Asked, bool], None]]:
    """Progress of asking: told of each answer, and whether it was there already.

    Args:
        label: whose answers they are.
        style: one of `s3eval.reporting.progress.STYLES`.
        every: seconds between two lines.
    """
    label = visible(label)
    if style == "none":
        yield lambda asked, old: None
    elif awaited.total and shows_bars(style):
        with _bars(label, awaited) as on_answer:
            yield on_answer
    else:
        with _lines(label, awaited, every) as on_answer:
            yield on_answer


@contextmanager
def _bars(label: str, awaited: Awaited) -> Iterator[Callable[[Asked, bool], None]]:
    from rich import progress

    columns = (
        progress.TextColumn("{task.description}", markup=False),
        progress.BarColumn(bar_width=None),
        progress.MofNCompleteColumn(),
        progress.TextColumn("{task.fields[note]}", markup=False),
    )
    so_far = AskingProgress(awaited)
    with progress.Progress(*columns, console=live_console(), expand=True) as live:
        rows = {"": live.add_task(label, total=awaited.total, note="")}
        if len(awaited.by_task) > 1:
            for name, wanted in awaited.by_task.items():
                rows[name] = live.add_task(f"  {visible(name)}", total=wanted, note="")

        def note() -> str:
            return ", ".join(p for p in (so_far.pace(), so_far.trouble()) if p)

        shown_at = 0.0

        def on_answer(asked: Asked, old: bool) -> None:
            nonlocal shown_at
            for name in so_far.count(asked, old):
                if name in rows:
                    failed = so_far.failed[name]
                    words = f"{failed} failed" if failed else ""
                    live.update(rows[name], advance=1, note=words)
            live.update(rows[""], advance=1)
            # What is spent is asked of the model, and the display moves ten times a second.
            if so_far.clock() - shown_at > 0.1:
                shown_at = so_far.clock()
                live.update(rows[""], note=note())

        yield on_answer
        live.update(rows[""], note=note())


@contextmanager
def _lines(label: str, awaited: Awaited, every: float) -> Iterator[Callable[[Asked, bool], None]]:
    so_far = AskingProgress(awaited)
    last = so_far.begun
    is_shown = False

    def on_answer(asked: Asked, old: bool) -> None:
        nonlocal last, is_shown
        so_far.count(asked, old)
        now = so_far.clock()
        if now - last >= every:
            last, is_shown = now, True
            line_shown(so_far.line(label))

    yield on_answer
    if is_shown:
        line_shown(so_far.line(label))
