"""Plugins that are not installed, for tests: invented entry points and the registry of them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from importlib.metadata import EntryPoint
from types import ModuleType
from typing import Any

from s3eval import plugins
from s3eval.hooks import hookimpl
from s3eval.plugins import Plugin, Registry, discover, installed
from s3eval.specs import Spec

__all__ = [
    "InventedPoint",
    "beside_installed",
    "in_place_of_installed",
    "module_with",
    "registry_of",
]


class InventedPoint:
    """Stands for an installed entry point; ``load`` gives the module or raises."""

    group = "s3eval"

    def __init__(self, name: str, package: str, loaded: object) -> None:
        self.name, self.value = name, f"{name}_module"
        self.dist = type("Dist", (), {"name": package, "version": "1.0"})()
        self._loaded = loaded

    def load(self) -> object:
        """The module, or the exception importing it would raise."""
        if isinstance(self._loaded, Exception):
            raise self._loaded
        return self._loaded


def module_with(**hooks: object) -> ModuleType:
    """A plugin module whose hooks return the given values.

    >>> module_with(s3eval_models=[]).s3eval_models()
    []
    """
    module = ModuleType("invented")
    for name, value in hooks.items():

        def hook(_value: object = value) -> object:
            return _value

        setattr(module, name, hookimpl(hook))
    return module


def registry_of(*points: tuple[str, str, object]) -> Registry:
    """The registry of invented (entry point, package, module or exception) triples."""
    invented: Any = [InventedPoint(*point) for point in points]
    return discover(invented)


@contextlib.contextmanager
def in_place_of_installed(registry: Registry) -> Iterator[Registry]:
    """Whatever asks :func:`s3eval.plugins.installed` is given this registry.

    >>> mine = registry_of(("mine", "my-package", module_with(s3eval_models=[])))
    >>> with in_place_of_installed(mine):
    ...     installed().names("task")
    ()
    """
    # What `installed` calls is replaced, not the names that modules have for it.
    real = plugins.discover

    def discovered(points: Iterable[EntryPoint] | None = None) -> Registry:
        return registry if points is None else real(points)

    plugins.discover = discovered
    installed.cache_clear()
    try:
        yield registry
    finally:
        plugins.discover = real
        installed.cache_clear()


@contextlib.contextmanager
def beside_installed(*more: Plugin[Spec]) -> Iterator[Registry]:
    """Whatever asks :func:`s3eval.plugins.installed` is given these plugins, too.

    >>> from s3eval import ModelSpec
    >>> mine = Plugin("model", ModelSpec("mine", adapter="my_package:Mine"), "my-package", "1.0")
    >>> with beside_installed(mine):
    ...     "mine" in installed().names("model")
    True
    >>> "mine" in installed().names("model")
    False
    """
    here = installed()
    with in_place_of_installed(replace(here, plugins=(*here.plugins, *more))) as registry:
        yield registry
