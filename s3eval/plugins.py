"""Discovery: which plugins are installed, what they bring, and what is wrong with them."""

from __future__ import annotations

import contextlib
import io
import traceback
from collections.abc import Iterable, Sequence
from dataclasses import MISSING, Field, dataclass, field, fields
from functools import cache
from importlib.metadata import Distribution, EntryPoint, entry_points
from importlib.resources import files
from typing import Any, Generic, Literal, TypeVar, overload

import pluggy

from s3eval.errors import S3EvalError, UnknownNameError, import_failure, suggestion
from s3eval.hooks import GROUP, HOOKS, Hooks
from s3eval.plugin_calls import at_most, plugin_output
from s3eval.specs import (
    CommandSpec,
    DatasetSpec,
    ExecutorSpec,
    ExporterSpec,
    ImporterSpec,
    JudgeSpec,
    ModelSpec,
    PublishedSpec,
    RunEndSpec,
    Spec,
    TaskSpec,
)

__all__ = [
    "BrokenPlugin",
    "Plugin",
    "Registry",
    "advised_distributions",
    "discover",
    "distribution_of",
    "install_command",
    "installed",
]

#: That one hook of a package may return; more is a loop without an end.
_MOST_SPECS = 10_000
S_co = TypeVar("S_co", bound=Spec, covariant=True)


@dataclass(frozen=True)
class Plugin(Generic[S_co]):
    """A spec together with the distribution it came from."""

    kind: str
    spec: S_co
    package: str
    version: str

    @property
    def status(self) -> str:
        """``"ready"`` or ``"missing: torch, transformers"``."""
        missing = self.spec.lacking()
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

    plugins: tuple[Plugin[Spec], ...]
    broken: tuple[BrokenPlugin, ...] = ()
    clashes: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)

    def names(self, kind: str) -> tuple[str, ...]:
        """All usable names of a kind, in listing order."""
        return tuple(p.spec.name for p in self.plugins if p.kind == kind)

    @overload
    def of(self, kind: Literal["model"]) -> tuple[Plugin[ModelSpec], ...]: ...
    @overload
    def of(self, kind: Literal["task"]) -> tuple[Plugin[TaskSpec], ...]: ...
    @overload
    def of(self, kind: Literal["judge"]) -> tuple[Plugin[JudgeSpec], ...]: ...
    @overload
    def of(self, kind: Literal["dataset"]) -> tuple[Plugin[DatasetSpec], ...]: ...
    @overload
    def of(self, kind: Literal["command"]) -> tuple[Plugin[CommandSpec], ...]: ...
    @overload
    def of(self, kind: Literal["importer"]) -> tuple[Plugin[ImporterSpec], ...]: ...
    @overload
    def of(self, kind: Literal["exporter"]) -> tuple[Plugin[ExporterSpec], ...]: ...
    @overload
    def of(self, kind: Literal["executor"]) -> tuple[Plugin[ExecutorSpec], ...]: ...
    @overload
    def of(self, kind: Literal["published"]) -> tuple[Plugin[PublishedSpec], ...]: ...
    @overload
    def of(self, kind: Literal["run end"]) -> tuple[Plugin[RunEndSpec], ...]: ...
    @overload
    def of(self, kind: str) -> tuple[Plugin[Spec], ...]: ...
    def of(self, kind: str) -> tuple[Plugin[Any], ...]:
        """All plugins of a kind, those whose name clashes left out."""
        return tuple(p for p in self.plugins if p.kind == kind)

    @overload
    def get(self, kind: Literal["model"], name: str) -> Plugin[ModelSpec]: ...
    @overload
    def get(self, kind: Literal["task"], name: str) -> Plugin[TaskSpec]: ...
    @overload
    def get(self, kind: Literal["judge"], name: str) -> Plugin[JudgeSpec]: ...
    @overload
    def get(self, kind: Literal["dataset"], name: str) -> Plugin[DatasetSpec]: ...
    @overload
    def get(self, kind: Literal["importer"], name: str) -> Plugin[ImporterSpec]: ...
    @overload
    def get(self, kind: Literal["exporter"], name: str) -> Plugin[ExporterSpec]: ...
    @overload
    def get(self, kind: Literal["executor"], name: str) -> Plugin[ExecutorSpec]: ...
    @overload
    def get(self, kind: Literal["run end"], name: str) -> Plugin[RunEndSpec]: ...
    @overload
    def get(self, kind: str, name: str) -> Plugin[Spec]: ...
    def get(self, kind: str, name: str) -> Plugin[Any]:
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
        raise self._unknown(kind, name)

    def _unknown(self, kind: str, name: str) -> UnknownNameError:
        package = distribution_of(kind, name)
        fix = f"pip install {package}" if package else f"s3eval list {kind}s"
        broken = "; ".join(f"{b.package} ({b.reason})" for b in self.broken)
        why = f"these plugins are broken: {broken}" if broken else ""
        return UnknownNameError(kind, name, self.names(kind), why=why, fix=fix)


def distribution_of(kind: str, name: str) -> str:
    """The distribution of this project that brings a name, "" for names of others."""
    return next((package for k, n, package in _distributions() if (k, n) == (kind, name)), "")


def install_command(kind: str) -> str:
    """The command that installs every package of this project that brings a kind, "" for none.

    >>> install_command("executor")
    'pip install s3eval-executor-ray'
    >>> install_command("nothing of this kind")
    ''
    """
    packages = dict.fromkeys(package for k, _, package in _distributions() if k == kind)
    return f"pip install {' '.join(packages)}" if packages else ""


def advised_distributions() -> dict[str, str]:
    """Every distribution of this project, with what it brings in words.

    >>> advised_distributions()["s3eval-judge-lexicon"]
    'judge lexicon'
    """
    brings: dict[str, list[str]] = {}
    for kind, name, package in _distributions():
        brings.setdefault(package, []).append(f"{kind} {name}")
    return {package: ", ".join(names) for package, names in sorted(brings.items())}


def _distributions() -> list[list[str]]:
    """The rows (kind, name, distribution) that ``distributions.csv`` holds."""
    table = files("s3eval").joinpath("distributions.csv").read_text(encoding="utf-8")
    return [line.split(",") for line in table.splitlines()[1:]]


@cache
def installed() -> Registry:
    """The installed plugins, looked for once in the life of the process."""
    return discover()


def discover(points: Iterable[EntryPoint] | None = None) -> Registry:
    """Find every plugin installed in the group ``s3eval``.

    A plugin that raises, exits or prints while it is imported is listed as broken or silenced;
    it never ends the command.

    Args:
        points: entry points to read instead of the installed ones (tests, embedding).

    >>> "folder" in discover().names("dataset")
    True
    """
    plugins: list[Plugin[Spec]] = []
    broken: list[BrokenPlugin] = []
    chosen = entry_points(group=GROUP) if points is None else points
    for point in sorted(chosen, key=lambda p: (p.name != "core", p.name, p.value)):
        package, version = _origin(point.dist)
        try:
            # What a plugin prints while it is imported would stand in the middle of JSON.
            with plugin_output(), contextlib.redirect_stdout(io.StringIO()):
                plugins += _specs_of(_loaded(point), point, package, version)
        except (KeyboardInterrupt, MemoryError):
            raise
        except BaseException as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
            reason = import_failure(error, point.value, last.filename.rsplit("/", 1)[-1])
            broken.append(BrokenPlugin(package, version, f"{point.name} = {point.value}", reason))
    return _refuse_duplicates(plugins, broken)


def _origin(dist: Distribution | None) -> tuple[str, str]:
    return (dist.name, dist.version) if dist is not None else ("unknown", "0")


def _loaded(point: EntryPoint) -> object:
    module, _, attribute = point.value.partition("[")[0].partition(":")
    parts = [p.strip() for p in (*module.split("."), *(attribute.split(".") if attribute else ()))]
    if not all(p.isidentifier() for p in parts):
        raise TypeError(f"expected the name of a module as entry point, but got '{point.value}'")
    return point.load()


def _specs_of(module: object, point: EntryPoint, package: str, version: str) -> list[Plugin[Spec]]:
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(Hooks)
    manager.register(module, name=point.name)
    _refuse_unknown_hooks(manager)
    plugins = []
    for kind, (hook, expected) in HOOKS.items():
        results: Sequence[Iterable[Spec]] = getattr(manager.hook, hook)()
        for spec in [s for result in results for s in at_most(result, _MOST_SPECS, "specs")]:
            if not isinstance(spec, expected):
                raise TypeError(
                    f"hook {hook}: expected {expected.__name__}, but got {type(spec).__name__}"
                )
            _check_spec(hook, spec)
            plugins.append(Plugin(kind, spec, package, version))
    return plugins


def _refuse_unknown_hooks(manager: pluggy.PluginManager) -> None:
    """What pluggy's `check_pending` refuses, with the nearest name."""
    for name, caller in vars(manager.hook).items():
        if not caller.has_spec() and not all(i.optionalhook for i in caller.get_hookimpls()):
            known = [hook for hook, _ in HOOKS.values()]
            raise TypeError(f"there is no hook '{name}'{suggestion(name, known)}")


def _check_spec(hook: str, spec: Spec) -> None:
    for field_ in fields(spec):
        _check_field(hook, field_, getattr(spec, field_.name))
    if not spec.name.strip():
        raise TypeError(f"hook {hook}: expected a name, but got an empty one")
    if not spec.name.isprintable() or "/" in spec.name or "\\" in spec.name:
        # Runs go into folders of these names, and tables show them.
        raise TypeError(f"hook {hook}: expected a name that can name a folder, got {spec.name!r}")
    module, colon, attribute = spec.adapter.partition(":")
    if not (module and colon and attribute):
        raise TypeError(
            f"hook {hook}: expected the adapter of '{spec.name}' as 'module:attribute', "
            f"but got '{spec.adapter}'"
        )


def _check_field(hook: str, field_: Field[Any], value: object) -> None:
    """A field holds what its default is; those without a default hold text."""
    expected = str if field_.default is MISSING else type(field_.default)
    is_right = type(value) is expected or (expected is str and isinstance(value, str))
    if expected is tuple:
        is_right = isinstance(value, (tuple, list)) and all(isinstance(v, str) for v in value)
    if not is_right:
        wanted = "names" if expected is tuple else "text" if expected is str else expected.__name__
        got = type(value).__name__
        raise TypeError(f"hook {hook}: expected {field_.name} to be {wanted}, but got {got}")


def _refuse_duplicates(plugins: list[Plugin[Spec]], broken: list[BrokenPlugin]) -> Registry:
    owners: dict[tuple[str, str], list[str]] = {}
    for plugin in plugins:
        owners.setdefault((plugin.kind, plugin.spec.name), []).append(plugin.package)
    clashes = {key: tuple(names) for key, names in owners.items() if len(names) > 1}
    usable = tuple(p for p in plugins if (p.kind, p.spec.name) not in clashes)
    return Registry(usable, tuple(broken), clashes)
