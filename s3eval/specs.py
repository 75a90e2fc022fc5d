"""Specs: what a plugin says about each thing it brings, without importing it."""

from __future__ import annotations

import importlib
import importlib.util
from dataclasses import dataclass, field
from typing import Any

from s3eval.errors import S3EvalError, import_failure, nearest
from s3eval.plugin_calls import plugin_output
from s3eval.vocabulary import Sense

__all__ = [
    "CommandSpec",
    "DatasetSpec",
    "ExecutorSpec",
    "ExporterSpec",
    "ImporterSpec",
    "JudgeSpec",
    "ModelSpec",
    "PublishedSpec",
    "RunEndSpec",
    "Spec",
    "TaskSpec",
]


def _is_installed(module: str) -> bool:
    """Whether a module is found; what is no name of a module is not."""
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError, AttributeError):
        return False


@dataclass(frozen=True)
class Spec:
    """What every plugin thing says about itself without being imported.

    Attributes:
        name: what users call it.
        adapter: ``"module:attribute"``, imported when the thing is used.
        summary: one line for lists and help.
        needs: top-level modules the adapter imports.
        wants: top-level modules that it works with here, unless an option says where else they
            are: `s3eval list` shows that they are missing, and it is loaded all the same.
        install: the command that brings them when they are missing.
    """

    name: str
    adapter: str
    summary: str = ""
    needs: tuple[str, ...] = ()
    install: str = ""
    wants: tuple[str, ...] = field(default=(), kw_only=True)

    def missing(self) -> tuple[str, ...]:
        """The needed modules that are not installed (found, not imported)."""
        return tuple(m for m in self.needs if not _is_installed(m))

    def lacking(self) -> tuple[str, ...]:
        """The needed and the wanted modules that are not installed (found, not imported)."""
        return tuple(m for m in (*self.needs, *self.wants) if not _is_installed(m))

    def load(self) -> Any:
        """Import the adapter.

        Raises:
            S3EvalError: a needed module is missing, or the adapter does not import.
        """
        missing = self.missing()
        if missing:
            raise S3EvalError(
                f"'{self.name}' needs {', '.join(missing)}, not installed here",
                fix=self.install or f"pip install {' '.join(missing)}",
            )
        module, _, attribute = self.adapter.partition(":")
        try:
            with plugin_output():  # what a library prints while it is imported is no document
                imported = importlib.import_module(module)
            if hasattr(imported, attribute):
                return getattr(imported, attribute)
        except (KeyboardInterrupt, MemoryError):
            raise
        except BaseException as error:
            # A plugin may raise anything while it is imported, SystemExit included.
            raise S3EvalError(
                f"The adapter of '{self.name}' does not import",
                where=self.adapter,
                why=import_failure(error, module),
                fix=_mend(error, module),
            ) from error
        own = [n for n, v in vars(imported).items() if getattr(v, "__module__", "") == module]
        close = nearest(attribute, own)
        raise S3EvalError(
            f"The adapter of '{self.name}' does not exist",
            where=self.adapter,
            why=f"the module {module} has no '{attribute}'",
            fix="correct `adapter=` in its spec" + (f': "{module}:{close}"' if close else ""),
        )


def _mend(error: BaseException, module: str) -> str:
    """What the author of a module does about an error while it is imported."""
    missing = error.name if isinstance(error, ModuleNotFoundError) and error.name else ""
    if missing and f"{module}.".startswith(f"{missing}."):
        return f"correct `adapter=` in its spec: there is no module '{missing}'"
    return f"install what brings '{missing}', or mend the module" if missing else "mend the module"


@dataclass(frozen=True)
class ModelSpec(Spec):
    """A model: what it perceives, where its weights come from, how it samples.

    ``remote`` is true when a clip leaves this machine; ``profile`` names a sampling profile
    (`s3eval.facts.clips`); ``checkpoint`` is the default repository id and ``parameters`` how
    many of its parameters are loaded (to a hundredth of a billion), 0 where there are none or it
    is not known: what cannot fit is refused by it before anything is fetched. ``argument`` is the
    option that a value after the name sets: ``hf:/weights/x`` where it is "checkpoint".
    ``tokens`` is a dotted path ("module:function") of a function that says, without loading
    anything, how many tokens a clip takes: ``(ClipSize, options) -> int``
    (`s3eval.facts.tokens`); "" where nobody knows.
    """

    sees: bool = False
    hears: bool = False
    remote: bool = False
    checkpoint: str = ""
    profile: str = "standard"
    parameters: int = 0
    argument: str = ""
    tokens: str = ""

    @property
    def senses(self) -> frozenset[Sense]:
        """The senses of the model, a subset of {"sight", "hearing"}."""
        senses: set[Sense] = set()
        if self.sees:
            senses.add("sight")
        if self.hears:
            senses.add("hearing")
        return frozenset(senses)


@dataclass(frozen=True)
class TaskSpec(Spec):
    """A task.

    Attributes:
        number: the paper's (1-7), 0 for others.
        judged: whether a judge merges its texts or reads them for its scores.
        provides: what it offers to others, by which they find it whatever it is called:
            ``"features"`` (findings that say which features a video shows, two-stage diagnosis
            learns from them), ``"diagnosis"`` (ES or NES), ``"justification"`` (its questions
            ask for reasons), ``"report"``, ``"timing"``, ``"sequence"``; a third party's may
            offer anything.
    """

    number: int = 0
    judged: bool = False
    provides: tuple[str, ...] = ()


@dataclass(frozen=True)
class JudgeSpec(Spec):
    """A judge; ``remote`` is true when text leaves this machine, ``model`` the model it asks."""

    remote: bool = False
    model: str = ""


@dataclass(frozen=True)
class DatasetSpec(Spec):
    """A dataset or a dataset format; the adapter is ``open(path: str) -> Dataset``."""


@dataclass(frozen=True)
class CommandSpec(Spec):
    """A verb of the command line; the adapter is a click command, imported when it is used.

    ``name`` may have two words: ``"data synth"`` adds the verb ``synth`` to the group ``data``.
    ``summary`` is its line in ``--help``.
    """


@dataclass(frozen=True)
class ImporterSpec(Spec):
    """A format that ``s3eval data import NAME SOURCE OUT`` reads.

    The adapter is ``convert(source: Path, out: Path) -> ImportReport``
    (`s3eval.facts.reports`): it writes a dataset folder, and recorded answers as runs below it.
    """


@dataclass(frozen=True)
class ExporterSpec(Spec):
    """A format that ``s3eval export RUN… --to NAME`` or ``s3eval data export --to NAME`` writes.

    Attributes:
        of: ``"runs"`` (the adapter is ``write(runs: Sequence[Run], out: Path) -> None``) or
            ``"dataset"`` (``write(dataset: Dataset, out: Path) -> None``).
    """

    of: str = "runs"


@dataclass(frozen=True)
class ExecutorSpec(Spec):
    """A way of putting a run's questions: ``s3eval run --executor NAME``.

    The adapter is a class, a `s3eval.running.executing.Executor`; its ``of`` takes the options.
    """


@dataclass(frozen=True)
class PublishedSpec(Spec):
    """Published results, shown beside a run's own (``s3eval show --published MODEL``).

    The adapter is a class without arguments, a `s3eval.published.Published`.
    """


@dataclass(frozen=True)
class RunEndSpec(Spec):
    """What is done when a run has been written and scored.

    The adapter is ``ended(run: Run, scores: Sequence[ScoreRow]) -> None``. It is called only for
    names the user chose (``--at-end NAME``). ``remote`` is true where something may leave this
    machine; the adapter then gets a third argument, the `s3eval.permission.Permission`.
    """

    remote: bool = False
