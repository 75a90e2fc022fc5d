"""What is checked of verbs, importers, exporters, executors, publications and ends of runs."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from s3eval.errors import S3EvalError
from s3eval.published import Published
from s3eval.running.executing import Executor
from s3eval.specs import (
    CommandSpec,
    ExecutorSpec,
    ExporterSpec,
    ImporterSpec,
    PublishedSpec,
    RunEndSpec,
    Spec,
)
from s3eval.testing.conformance.problems import (
    Check,
    Problem,
    package_of,
    run_checks,
    shown_error,
)
from s3eval.testing.conformance.specs import adapter_is, spec_fields

__all__ = ["TOOLS", "check_tool"]

#: The kinds that are checked here.
TOOLS = (CommandSpec, ExecutorSpec, ExporterSpec, ImporterSpec, PublishedSpec, RunEndSpec)
#: What a function of each kind is called with.
_CALLED_WITH: Mapping[type[Spec], tuple[str, ...]] = {
    ImporterSpec: ("source", "out"),
    ExporterSpec: ("runs", "out"),
    RunEndSpec: ("run", "scores"),
}
_OF = ("runs", "dataset")


@dataclass(frozen=True)
class _Subject:
    spec: Spec


def check_tool(spec: Spec) -> list[Problem]:
    """Everything that is wrong with such a plugin; it is imported, and not run.

    Args:
        spec: the spec, as the hook returns it.
    """
    return run_checks(_CHECKS, _Subject(spec))


def _spec(subject: _Subject) -> Iterator[tuple[str, str]]:
    spec = subject.spec
    yield from spec_fields(spec)
    if isinstance(spec, ExporterSpec) and spec.of not in _OF:
        yield f"it exports of '{spec.of}'", f"use one of {', '.join(_OF)}"


def _adapter(subject: _Subject) -> Iterator[tuple[str, str]]:
    spec = subject.spec
    if isinstance(spec, ExecutorSpec):
        yield from adapter_is(spec, Executor)  # type: ignore[type-abstract]
        return
    if isinstance(spec, PublishedSpec):
        yield from adapter_is(spec, Published)  # type: ignore[type-abstract]
        return
    adapter = spec.load()
    if isinstance(spec, CommandSpec):
        import click

        if not isinstance(adapter, click.Command):
            got = type(adapter).__name__
            yield (
                f"the adapter {spec.adapter} is no command but {got}",
                "decorate it @click.command",
            )
        return
    yield from _callable(spec, adapter)


def _callable(spec: Spec, adapter: Any) -> Iterator[tuple[str, str]]:
    """Whether a function takes what it will be called with."""
    arguments: Sequence[str] = _CALLED_WITH[type(spec)]
    if isinstance(spec, ExporterSpec) and spec.of == "dataset":
        arguments = ("dataset", "out")
    if isinstance(spec, RunEndSpec) and spec.remote:
        arguments = (*arguments, "permission")
    if not callable(adapter):
        yield f"the adapter {spec.adapter} cannot be called", "name a function"
        return
    try:
        inspect.signature(adapter).bind(*arguments)
    except TypeError as error:
        name = spec.adapter.partition(":")[2]
        yield (
            f"{name}() cannot be called with {len(arguments)} arguments: {error}",
            f"write def {name}({', '.join(arguments)})",
        )
    except ValueError:
        return  # written in C: it does not say what it takes


def _options(subject: _Subject) -> Iterator[tuple[str, str]]:
    """An executor refuses an option that it does not know, by name."""
    spec = subject.spec
    if not isinstance(spec, ExecutorSpec):
        return
    try:
        spec.load().of({"no_such_option": 1})
    except S3EvalError as error:
        if "no_such_option" not in str(error):
            yield "the error about an unknown option does not name it", "name it in the message"
    except Exception as error:
        yield (
            f"of() answers an unknown option with {shown_error(error, package_of(spec))}",
            "raise S3EvalError that names the option",
        )
    else:
        yield (
            "of() accepts an option that it does not know",
            "refuse unknown options, or a misspelt one is ignored in silence",
        )


_CHECKS: Sequence[Check[_Subject]] = (
    Check("spec", _spec),
    Check("adapter", _adapter),
    Check("options", _options, ("adapter",)),
)
