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
    from rich.console import Console

__all__ = ["EVERY", "STYLES", "duration_text", "line_shown", "live_console", "steps_shown"]

#: Seconds between two lines where there is no terminal.
EVERY = 10.0
#: How progress is shown: bars on a terminal or in a notebook and lines elsewhere, always bars,
#: always lines (for logs and CI), or not at all.
STYLES = ("auto", "bars", "lines", "none")


@contextmanager
def steps_shown(
    label: str, total: int, every: float = EVERY, style: str = "auto"
) -> Iterator[Callable[[int], None]]:
    """Hand out ``advance(n)``; shows rate and time left.

    Args:
        every: seconds between two lines.
        style: one of `STYLES`.

    >>> with steps_shown("asking", 2) as advance: advance(1); advance(1)
    """
    label = visible(label)
    if style == "none":
        yield lambda steps: None
    elif total and shows_bars(style):
        with _bar(label, total) as advance:
            yield advance
    else:
        with _lines(label, total, every) as advance:
            yield advance


def line_shown(line: str) -> None:
    """A line about what is going on, on stderr, where it disturbs no JSON."""
    echo(line, err=True)


def duration_text(seconds: float) -> str:
    """A time to wait, as people say it.

    >>> duration_text(42.3), duration_text(200), duration_text(3 * 3600 + 125)
    ('42 s', '3 min', '3 h 02 min')
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def shows_bars(style: str) -> bool:
    """Whether progress of this style is bars here."""
    return style == "bars" or (style == "auto" and (on_terminal(sys.stderr) or _in_notebook()))


def live_console() -> Console:
    """Where bars are drawn: standard error, or the cell of a notebook."""
    from rich.console import Console

    return Console() if _in_notebook() else Console(stderr=True, width=width())


def _in_notebook() -> bool:
    shell = sys.modules.get("IPython")
    ipython = shell.get_ipython() if shell is not None else None
    return type(ipython).__name__ == "ZMQInteractiveShell"


@contextmanager
def _bar(label: str, total: int) -> Iterator[Callable[[int], None]]:
    from rich import progress

    columns = (
        progress.TextColumn("{task.description}", markup=False),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TextColumn("{task.fields[rate]}"),
        progress.TimeRemainingColumn(),
    )
    begun = time.monotonic()
    with progress.Progress(*columns, console=live_console()) as bar:
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
            waiting = duration_text(left)
            line_shown(f"{label}: {done} of {total}, {rate:.1f}/s, {waiting} left")

    yield advance
