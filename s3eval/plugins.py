"""Hook specifications and discovery.

A plugin is a module named by an entry point in the group ``s3eval``; it implements any of the
hooks below and returns *specs*, small frozen facts that name an adapter by dotted path. The
adapter itself is imported only when the thing is used, so listing every plugin stays instant.

>>> from s3eval import ModelSpec, hookimpl
>>> @hookimpl
... def s3eval_models():
...     return [ModelSpec("mine", adapter="my_package.adapter:Mine", sees=True)]
"""

from __future__ import annotations

import importlib
import importlib.util
import traceback
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import Distribution, EntryPoint, entry_points
from typing import Any

import pluggy

from s3eval.errors import S3EvalError, UnknownNameError
from s3eval.vocabulary import Sense

__all__ = [
    "BrokenPlugin",
    "DatasetSpec",
    "JudgeSpec",
    "ModelSpec",
    "Plugin",
    "Registry",
    "Spec",
    "TaskSpec",
    "discover",
    "hookimpl",
    "hookspec",
]

GROUP = "s3eval"
KINDS = ("model", "task", "judge", "dataset")
hookspec = pluggy.HookspecMarker(GROUP)
hookimpl = pluggy.HookimplMarker(GROUP)


@dataclass(frozen=True)
class Spec:
    """What every plugin thing says about itself without being imported.

    ``adapter`` is ``"module:attribute"``; ``needs`` are top-level modules the adapter imports;
    ``install`` is the command that brings them when they are missing.
    """

    name: str
    adapter: str
    summary: str = ""
    needs: tuple[str, ...] = ()
    install: str = ""

    def missing(self) -> tuple[str, ...]:
        """The needed modules that are not installed (found, not imported)."""
        return tuple(m for m in self.needs if importlib.util.find_spec(m) is None)

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
            return getattr(importlib.import_module(module), attribute)
        except (ImportError, AttributeError) as error:
            raise S3EvalError(
                f"The adapter of '{self.name}' does not import",
                where=self.adapter,
                why=f"{type(error).__name__}: {error}",
            ) from error


@dataclass(frozen=True)
class ModelSpec(Spec):
    """A model: what it perceives, where its weights come from, how it samples.

    ``remote`` is true when a clip leaves this machine; ``profile`` names a sampling profile
    (`s3eval.footage.clips`); ``checkpoint`` is the default repository id and ``parameters`` how
    many of its parameters are loaded (to a hundredth of a billion), 0 where there are none or it
    is not known: what cannot fit is refused by it before anything is fetched.
    """

    sees: bool = False
    hears: bool = False
    remote: bool = False
    checkpoint: str = ""
    profile: str = "standard"
    parameters: int = 0

    @property
    def senses(self) -> frozenset[Sense]:
        """The senses of the model, a subset of {"sight", "hearing"}."""
        found: set[Sense] = set()
        if self.sees:
            found.add("sight")
        if self.hears:
            found.add("hearing")
        return frozenset(found)


@dataclass(frozen=True)
class TaskSpec(Spec):
    """A task; ``number`` is the paper's (1-7), 0 for others."""

    number: int = 0


@dataclass(frozen=True)
class JudgeSpec(Spec):
    """A judge; ``remote`` is true when text leaves this machine, ``model`` the model it asks."""

    remote: bool = False
    model: str = ""


@dataclass(frozen=True)
class DatasetSpec(Spec):
    """A dataset or a dataset format; the adapter is ``open(path) -> Dataset``."""


class Hooks:
    """The hooks a plugin may implement."""

    @hookspec
    def s3eval_models(self) -> Iterable[ModelSpec]:  # type: ignore[empty-body]
        """The models this plugin brings."""

    @hookspec
    def s3eval_tasks(self) -> Iterable[TaskSpec]:  # type: ignore[empty-body]
        """The tasks this plugin brings."""

    @hookspec
    def s3eval_judges(self) -> Iterable[JudgeSpec]:  # type: ignore[empty-body]
        """The judges this plugin brings."""

    @hookspec
    def s3eval_datasets(self) -> Iterable[DatasetSpec]:  # type: ignore[empty-body]
        """The dataset formats this plugin brings."""


_SPEC_TYPES: dict[str, type[Spec]] = {
    "model": ModelSpec,
    "task": TaskSpec,
    "judge": JudgeSpec,
    "dataset": DatasetSpec,
}


@dataclass(frozen=True)
class Plugin:
    """A spec together with the distribution it came from."""

    kind: str
    spec: Any
    package: str
    version: str

    @property
    def status(self) -> str:
        """``"ready"`` or ``"missing: torch, transformers"``."""
        missing = self.spec.missing()
        return "ready" if not missing else "missing: " + ", ".join(missing)


@dataclass(frozen=True)
class BrokenPlugin:
    """An entry point that could not be used, and why."""

    package: str
    version: str
    entry_point: str
    reason: str


@dataclass(frozen=True)
class Registry:
    """Everything the installed plugins bring. Names claimed twice belong to nobody."""

    plugins: tuple[Plugin, ...]
    broken: tuple[BrokenPlugin, ...] = ()
    clashes: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)

    def names(self, kind: str) -> tuple[str, ...]:
        """All usable names of a kind, in listing order."""
        return tuple(p.spec.name for p in self.plugins if p.kind == kind)

    def of(self, kind: str) -> tuple[Plugin, ...]:
        """All plugins of a kind, clashing ones left out."""
        return tuple(p for p in self.plugins if p.kind == kind)

    def get(self, kind: str, name: str) -> Plugin:
        """The plugin of that kind and name.

        Raises:
            S3EvalError: two distributions claim the name, or (UnknownNameError) none does; a
                broken plugin is mentioned, since it may be the one that was meant.
        """
        if (kind, name) in self.clashes:
            owners = " and ".join(self.clashes[kind, name])
            raise S3EvalError(
                f"The {kind} name '{name}' is claimed by {owners}",
                fix=f"pip uninstall {self.clashes[kind, name][-1]}",
            )
        for plugin in self.plugins:
            if plugin.kind == kind and plugin.spec.name == name:
                return plugin
        error = UnknownNameError(kind, name, self.names(kind), fix=f"s3eval list {kind}s")
        if self.broken:
            error.why = "these plugins are broken: " + "; ".join(
                f"{b.package} ({b.reason})" for b in self.broken
            )
        raise error


def discover(points: Iterable[EntryPoint] | None = None) -> Registry:
    """Find every plugin installed in the group ``s3eval``.

    Args:
        points: entry points to read instead of the installed ones (tests, embedding).

    >>> "folder" in discover().names("dataset")
    True
    """
    found: list[Plugin] = []
    broken: list[BrokenPlugin] = []
    chosen = entry_points(group=GROUP) if points is None else points
    for point in sorted(chosen, key=lambda p: (p.name != "core", p.name, p.value)):
        package, version = _origin(point.dist)
        try:
            found += _specs_of(point.load(), point, package, version)
        except Exception as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
            reason = f"{type(error).__name__}: {error} [{last.filename.rsplit('/', 1)[-1]}]"
            broken.append(BrokenPlugin(package, version, f"{point.name} = {point.value}", reason))
    return _refuse_duplicates(found, broken)


def _origin(dist: Distribution | None) -> tuple[str, str]:
    return (dist.name, dist.version) if dist is not None else ("unknown", "0")


def _specs_of(module: object, point: EntryPoint, package: str, version: str) -> list[Plugin]:
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(Hooks)
    manager.register(module, name=point.name)
    manager.check_pending()
    plugins = []
    for kind, expected in _SPEC_TYPES.items():
        results: Sequence[Iterable[Spec]] = getattr(manager.hook, f"s3eval_{kind}s")()
        for spec in [s for result in results for s in result]:
            if not isinstance(spec, expected):
                raise TypeError(
                    f"hook s3eval_{kind}s: expected {expected.__name__}, "
                    f"but got {type(spec).__name__}"
                )
            plugins.append(Plugin(kind, spec, package, version))
    return plugins


def _refuse_duplicates(found: list[Plugin], broken: list[BrokenPlugin]) -> Registry:
    owners: dict[tuple[str, str], list[str]] = {}
    for plugin in found:
        owners.setdefault((plugin.kind, plugin.spec.name), []).append(plugin.package)
    clashes = {key: tuple(names) for key, names in owners.items() if len(names) > 1}
    usable = tuple(p for p in found if (p.kind, p.spec.name) not in clashes)
    return Registry(usable, tuple(broken), clashes)
