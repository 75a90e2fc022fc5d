"""Calling the code of plugins: what it prints, raises and changes of the process is contained.

A plugin's code runs within this process. It may raise anything, `SystemExit` included, print to
standard output, close it, or change the working folder; none of that may end a command or stand
in what it writes. What cannot be contained: `os._exit`, a signal, a crash of native code.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

from s3eval.errors import MachineError, S3EvalError, StopRunError, message_of, place_of
from s3eval.signals import restore_signal_handlers, signal_handlers
from s3eval.terminal import cut, visible, without_paths

if TYPE_CHECKING:
    from s3eval.plugins import Plugin

__all__ = [
    "adapter_of",
    "at_most",
    "call_plugin",
    "described",
    "described_at",
    "fault_of",
    "is_out_of_memory",
    "load_adapter",
    "no_memory",
    "plugin_output",
    "strays_in_one_line",
]

T = TypeVar("T")
#: What a message may have where the place follows, which a bound on the whole must not cut off.
_LONGEST_DESCRIBED = 400


class _Diverted(io.TextIOBase):
    """Stands for standard output while a plugin's code runs: writes to standard error.

    Escape sequences are made visible, since what a plugin prints may quote data. Closing it
    closes nothing.
    """

    encoding = "utf-8"

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if sys.stderr is not None:
            sys.stderr.write(visible(text, lines=True))
        return len(text)

    def flush(self) -> None:
        if sys.stderr is not None and not sys.stderr.closed:
            sys.stderr.flush()

    def fileno(self) -> int:
        return sys.stderr.fileno()

    def close(self) -> None:
        """Nothing: the next plugin prints too."""

    @property
    def buffer(self) -> object:
        """What takes bytes."""
        return sys.stderr.buffer


class _Containment:
    """Counts the calls of plugins that are under way in any thread.

    The standard streams and the working folder belong to the process. The first call diverts
    standard output and remembers the others, and the last one to end restores all: were each call
    to restore what was there when it began, overlapping calls would leave the output of another
    diverted for good.

    Signals are handled in the main thread alone, which may change their handlers while calls of
    other threads last. They are remembered by the outermost call of the main thread and restored
    when that call ends.
    """

    def __init__(self) -> None:
        self._lock, self._calls = threading.Lock(), 0
        self._redirection: contextlib.redirect_stdout[_Diverted] | None = None
        self._folder = ""
        self._errors: TextIO | None = None
        self._main_calls = 0
        self._handlers: Mapping[signal.Signals, Any] = {}

    def enter(self) -> bool:
        """Begin a call; whether it is one of the main thread, for `leave`."""
        is_main = threading.current_thread() is threading.main_thread()
        with self._lock:
            if is_main:
                self._main_calls += 1
                if self._main_calls == 1:
                    self._handlers = signal_handlers()
            self._calls += 1
            if self._calls == 1:
                self._folder, self._errors = _folder(), sys.stderr
                self._redirection = contextlib.redirect_stdout(_Diverted())
                self._redirection.__enter__()
        return is_main

    def leave(self, is_main: bool) -> None:
        """End a call.

        Args:
            is_main: what `enter` gave.
        """
        with self._lock:
            self._calls -= 1
            if not self._calls:
                self._restore_process()
            if is_main:
                self._main_calls -= 1
                if not self._main_calls:
                    # Ctrl-C and SIGTERM end a run in order, whatever a library would rather do.
                    # Last, since an interruption may be raised as soon as its handler is back.
                    restore_signal_handlers(self._handlers)

    def _restore_process(self) -> None:
        """Standard streams and working folder as before."""
        if self._redirection is not None:
            self._redirection.__exit__(None, None, None)
        now: Any = sys.stderr
        # Only where nobody would read it: a display of progress that ended meanwhile has put
        # another stream there, and the one remembered would be the display's.
        if now is None or getattr(now, "closed", False) or isinstance(now, io.StringIO):
            sys.stderr = self._errors
        if self._folder and _folder() != self._folder:
            # Relative paths of a command are those of the folder it was called in.
            with contextlib.suppress(OSError):
                os.chdir(self._folder)


_containment = _Containment()


@contextlib.contextmanager
def plugin_output() -> Iterator[None]:
    """While it lasts, what is printed goes to standard error; afterwards the folder is as before.

    May be used from several threads at once.

    >>> with plugin_output():
    ...     print("loading")
    """
    is_main = _containment.enter()
    try:
        yield
    finally:
        _containment.leave(is_main)


def _folder() -> str:
    try:
        return os.getcwd()
    except OSError:  # it was removed
        return ""


def at_most(given: Any, most: int, what: str) -> list[Any]:
    """What a plugin gives one after the other, as a list.

    Args:
        what: what is given, in words ("findings about one video").

    >>> at_most(iter("ab"), 2, "letters")
    ['a', 'b']

    Raises:
        S3EvalError: there are more, as where the plugin never stops giving.
    """
    some = list(islice(given, most + 1))
    if len(some) > most:
        raise S3EvalError(f"Expected at most {most:,} {what}")
    return some


def call_plugin(what: str, where: str, work: Callable[[], T]) -> T:
    """What ``work`` returns; what it raises is an error that names the plugin.

    Args:
        what: what is called, in words ("load() of model 'gait'").
        where: the package.

    >>> call_plugin("load() of 'gait'", "gait-models", lambda: 1 / 0)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    s3eval.errors.S3EvalError: load() of 'gait' failed (gait-models): ZeroDivisionError: division...

    Raises:
        S3EvalError: ``work`` raised something. MachineError: the machine has no memory left.
    """
    try:
        with plugin_output():
            return work()
    except (MachineError, StopRunError, KeyboardInterrupt):
        raise
    except S3EvalError as error:
        error.where = error.where or where
        raise
    except BaseException as error:  # a plugin may raise anything, SystemExit included
        if is_out_of_memory(error):
            raise no_memory() from error
        text = described_at(error)
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise MachineError(f"{what} failed: the disk is full", where=where, why=text) from error
        raise S3EvalError(f"{what} failed", where=where, why=text) from error


def adapter_of(plugin: Plugin[Any], base: type[T]) -> type[T]:
    """The plugin's adapter, imported: a class of its contract.

    Raises:
        S3EvalError: names the plugin; it does not import, or is something else.
    """
    spec, called = plugin.spec, f"{plugin.kind} '{plugin.spec.name}'"
    adapter: Any = call_plugin(f"Importing {called}", plugin.package, spec.load)
    if not (isinstance(adapter, type) and issubclass(adapter, base)):
        got = adapter.__name__ if isinstance(adapter, type) else type(adapter).__name__
        raise S3EvalError(
            f"Expected the adapter of {called} to be a subclass of {base.__name__}, but got {got}",
            where=f"{plugin.package}: {spec.adapter}",
        )
    return adapter


def load_adapter(plugin: Plugin[Any], base: type[T], options: Mapping[str, Any]) -> T:
    """A model or judge, made by the ``load`` of its adapter.

    Raises:
        S3EvalError: as `adapter_of`; loading failed, or gave something else.
    """
    adapter: Any = adapter_of(plugin, base)
    called = f"load() of {plugin.kind} '{plugin.spec.name}'"
    made: Any = call_plugin(called, plugin.package, lambda: adapter.load(plugin.spec, options))
    if not isinstance(made, base):
        raise S3EvalError(
            f"Expected {called} to give a {base.__name__}, but got {type(made).__name__}",
            where=plugin.package,
        )
    return made


def described(error: BaseException) -> str:
    """An exception in one line, whatever its own code does.

    >>> described(ValueError("no rows"))
    'ValueError: no rows'
    """
    return f"{type(error).__name__}: {message_of(error)}"


def described_at(error: BaseException) -> str:
    """An exception in one line, with the last line of the plugin's own code that it passed.

    For people who mend the plugin; paths and names of media files are left out, which a terminal
    or a log may keep (``--debug`` shows all). Reasons of answers are `described` without the line:
    they are stored, and equal failures would read differently after every change of the plugin.

    >>> described_at(ValueError("no rows"))  # it was not raised, so there is no line
    'ValueError: no rows'
    """
    text, place = without_paths(described(error)), _plugin_line(error)
    if not place:
        return text
    return f"{cut(text, _LONGEST_DESCRIBED)} ({place})"


def fault_of(error: BaseException) -> str:
    """What a plugin's code raised, for people: our own errors as they are, others `described_at`.

    >>> fault_of(S3EvalError("No table")), fault_of(ValueError("no rows"))
    ('No table.', 'ValueError: no rows')
    """
    return str(error) if isinstance(error, S3EvalError) else described_at(error)


def _plugin_line(error: BaseException) -> str:
    """``module.py:LINE`` of the last frame in the package that the core called; "" for none.

    The package is that of the first frame which belongs neither to the core nor to Python.
    """
    for frame, _ in traceback.walk_tb(error.__traceback__):
        top = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        # click stands between the command line and a verb.
        if top not in ("", "s3eval", "click") and top not in sys.stdlib_module_names:
            return place_of(error, top)
    return ""


@contextlib.contextmanager
def strays_in_one_line(tell: Callable[[str], None]) -> Iterator[None]:
    """While it lasts, what nobody can catch is told in a line: of threads and of destructors.

    Python would print a traceback, with the paths that an exception's message may hold.

    >>> with strays_in_one_line(print):
    ...     thread = threading.Thread(target=lambda: 1 / 0)
    ...     thread.start()
    ...     thread.join()  # doctest: +ELLIPSIS
    A thread failed: ZeroDivisionError: division by zero...
    """
    before = threading.excepthook, sys.unraisablehook

    def describe_stray(what: str, error: BaseException | None) -> None:
        if error is not None and not isinstance(error, SystemExit):
            tell(f"{what} failed: {described_at(error)}")

    threading.excepthook = lambda given: describe_stray("A thread", given.exc_value)
    sys.unraisablehook = lambda given: describe_stray(
        "Code whose errors are ignored", given.exc_value
    )
    try:
        yield
    finally:
        threading.excepthook, sys.unraisablehook = before


def is_out_of_memory(error: BaseException) -> bool:
    """Whether the machine, or its accelerator, has no memory left."""
    if isinstance(error, MemoryError):
        return True
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    # torch's, known by name: the core imports no torch.
    return type(error).__name__ == "OutOfMemoryError" or (
        isinstance(error, RuntimeError)
        and "DefaultCPUAllocator: can't allocate memory" in described(error)
    )


def no_memory() -> MachineError:
    """The error of a machine without memory, exit code 4."""
    return MachineError(
        "The machine has no memory left; every answer so far is kept",
        fix="a smaller model or frame budget, or --on-memory smaller, then the same command again",
    )
