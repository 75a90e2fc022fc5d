"""What is done when a run has been written and scored: tell a tracker, a colleague, a file."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator, Sequence
from typing import TYPE_CHECKING

from s3eval.permission import LOCAL_ONLY, Permission
from s3eval.plugin_calls import fault_of, plugin_output
from s3eval.plugins import installed

if TYPE_CHECKING:
    from s3eval.statistics.scored import Scored

__all__ = ["check_run_ends", "end_run"]


def check_run_ends(names: Sequence[str]) -> None:
    """Refuse unknown names before anything is asked.

    Raises:
        UnknownNameError: the nearest is suggested.
    """
    for name in names:
        installed().get("run end", name)


def end_run(
    scored: Scored,
    names: Sequence[str],
    notify: Callable[[str], None],
    permission: Permission = LOCAL_ONLY,
) -> list[str]:
    """Do what was chosen for a run's end; the run is on disk already and stays as it is.

    Args:
        permission: whether anything may leave this machine, for those that may send something.

    Returns:
        what went wrong, a line each; the others were done.
    """
    wrong: list[str] = []
    for name in names:
        plugin = installed().get("run end", name)
        try:
            given = (permission,) if plugin.spec.remote else ()
            ended = plugin.spec.load()
            with plugin_output():  # trackers print; ``--json -`` has standard output for itself
                # Its own list, which it may empty.
                done: object = ended(scored.run, list(scored.rows), *given)
            if isinstance(done, (Coroutine, Generator)):
                done.close()
                raise TypeError(f"it gave a {type(done).__name__}, of which nothing was run")
        except (KeyboardInterrupt, MemoryError):
            raise
        except BaseException as error:  # a plugin may raise anything, SystemExit included
            who = f"{scored.run.name}: {name} ({plugin.package})"
            wrong.append(f"{who} failed: {fault_of(error)}")
    for line in wrong:
        notify(line)
    return wrong
