"""Progress of many steps: a bar on a terminal or in a notebook, plain lines in a log.

Names of videos never appear, only counts.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from s3eval.terminal import echo, on_terminal, visible, width

if TYPE_CHECKING:
    from s3eval.model import Answer

__all__ = ["answers_shown", "line_shown", "steps_shown"]

#: Seconds between two lines where there is no terminal.
EVERY = 10.0


@contextmanager
def steps_shown(label: str, total: int, every: float = EVERY) -> Iterator[Callable[[int], None]]:
    """Hand out ``advance(n)``; shows rate and time left.

    >>> with steps_shown("asking", 2) as advance: advance(1); advance(1)
    """
    label = visible(label)
    if total and (on_terminal(sys.stderr) or _in_notebook()):
        with _bar(label, total) as advance:
            yield advance
    else:
        with _lines(label, total, every) as advance:
            yield advance


@contextmanager
def answers_shown(label: str, total: int) -> Iterator[Callable[[Answer, bool], None]]:
    """Progress of asking: told of each answer, and whether it was there already."""
    with steps_shown(label, total) as advance:
        yield lambda answer, old: advance(1)


def line_shown(line: str) -> None:
    """A line about what is going on, on stderr, where it disturbs no JSON."""
    echo(line, err=True)


def _in_notebook() -> bool:
    shell = sys.modules.get("IPython")
    found = shell.get_ipython() if shell is not None else None
    return type(found).__name__ == "ZMQInteractiveShell"


@contextmanager
def _bar(label: str, total: int) -> Iterator[Callable[[int], None]]:
    from rich import progress
    from rich.console import Console

    columns = (
        progress.TextColumn("{task.description}", markup=False),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TextColumn("{task.fields[rate]}"),
        progress.TimeRemainingColumn(),
    )
    begun = time.monotonic()
    console = Console() if _in_notebook() else Console(stderr=True, width=width())
    with progress.Progress(*columns, console=console) as bar:
        task = bar.add_task(label, total=total, rate="")
        done = 0

        def advance(steps: int) -> None:
            nonlocal done
            done += steps
            rate = done / max(1e-9, time.monotonic() - begun)
            bar.update(task, advance=steps, rate=f"{rate:.1f}/s")

        yield advance


@contextmanager
def _lines(label: str, total: int, every: float) -> Iterator[Callable[[int], None]]:
    begun = last = time.monotonic()
    done = 0

    def advance(steps: int) -> None:
        nonlocal done, last
        done += steps
        now = time.monotonic()
        if now - last >= every:
            last = now
            rate = done / (now - begun)
            left = (total - done) / rate if rate > 0 else 0
            line_shown(f"{label}: {done} of {total}, {rate:.1f}/s, {left:.0f} s left")

    yield advance
