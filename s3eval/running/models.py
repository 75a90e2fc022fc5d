"""Calling what a model does beside answering: loading, what it perceives, says and closes."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import replace
from numbers import Real
from typing import TYPE_CHECKING, Any

from s3eval.errors import MachineError, S3EvalError, StopRunError
from s3eval.model import Model
from s3eval.plugin_calls import adapter_of, call_plugin, load_adapter
from s3eval.terminal import cut

if TYPE_CHECKING:
    from s3eval.plugins import Plugin
    from s3eval.specs import ModelSpec
    from s3eval.vocabulary import Sense

__all__ = [
    "checked_options",
    "load_model",
    "loaded_senses",
    "notice_of",
    "spent_by",
    "temperature_of",
    "trouble_of_closing",
]

_LONGEST_NOTICE = 2_000
_SENSES: frozenset[Sense] = frozenset({"sight", "hearing"})


def load_model(plugin: Plugin[ModelSpec], options: Mapping[str, Any]) -> Model:
    """Load a model's adapter and make it ready.

    Raises:
        S3EvalError: the adapter is none, or loading failed; says what to do.
    """
    model = load_adapter(plugin, Model, options)
    what = f"uses_footage of model '{plugin.spec.name}'"
    given: Any = call_plugin(what, plugin.package, lambda: model.uses_footage)
    if not isinstance(given, bool):
        # NumPy's is called "bool" as well.
        got = f"{type(given).__module__}.{type(given).__qualname__}".removeprefix("builtins.")
        raise S3EvalError(f"Expected {what} to be a bool, but got {got}", where=plugin.package)
    return model


def checked_options(plugin: Plugin[ModelSpec], options: Mapping[str, Any]) -> dict[str, Any]:
    """The options as the model's adapter types them (`Model.checked_options`).

    Nothing is loaded. The adapter's module is imported; where a package that it needs is missing,
    and it cannot be imported without, the options stay as they are, since the model can be
    planned all the same. A whole number that the adapter returns as an equal float stays whole.

    Args:
        options: the user's, without a permission.

    Raises:
        S3EvalError: the adapter refuses them, is none, or gives something else back.
    """
    adapter = _adapter_of(plugin)
    if adapter is None:
        return dict(options)
    what = f"checked_options() of model '{plugin.spec.name}'"
    checked: Any = call_plugin(
        what, plugin.package, lambda: adapter.checked_options(plugin.spec, dict(options))
    )
    if not isinstance(checked, Mapping) or set(checked) != set(options):
        raise S3EvalError(f"Expected {what} to give the options it got", where=plugin.package)
    try:
        json.dumps(dict(checked))
    except (TypeError, ValueError) as error:
        raise S3EvalError(
            f"Expected {what} to give values that JSON knows", where=plugin.package, why=str(error)
        ) from error
    return {name: _as_given(value, checked[name]) for name, value in options.items()}


def _adapter_of(plugin: Plugin[ModelSpec]) -> type[Model] | None:
    """The adapter; None where it cannot be imported without a package that is missing."""
    if not plugin.spec.missing():
        return adapter_of(plugin, Model)
    try:
        return adapter_of(replace(plugin, spec=replace(plugin.spec, needs=())), Model)
    except S3EvalError:
        return None


def _as_given(given: Any, checked: Any) -> Any:
    """The checked value; 8 stays 8 where 8.0 came back, so that a run repeats in the same bytes."""
    same = type(given) is int and type(checked) is float and given == checked
    return given if same else checked


def loaded_senses(model: Model, plugin: Plugin[ModelSpec]) -> frozenset[Sense] | None:
    """What the loaded model says that it perceives; None for all that its spec states.

    Raises:
        S3EvalError: it cannot be had, or is no set of senses.
    """
    what = f"senses of model '{plugin.spec.name}'"

    def senses() -> frozenset[Sense] | None:
        given: Any = model.senses
        if given is None:
            return None
        if not isinstance(given, (set, frozenset)) or not given <= _SENSES:
            raise S3EvalError(
                f"Expected {what} to be a set of 'sight' and 'hearing', or None",
                why=f"got {given!r}"[:200],
            )
        return frozenset(given)

    return call_plugin(what, plugin.package, senses)


def notice_of(model: Model, plugin: Plugin[ModelSpec]) -> str:
    """What the model has to say to the user; where that fails, this, since answers need none."""
    try:
        what = f"notice() of model '{plugin.spec.name}'"
        given: Any = call_plugin(what, plugin.package, model.notice)
    except (MachineError, StopRunError):
        raise
    except S3EvalError as error:
        return str(error)
    if given is None:
        return ""
    if not isinstance(given, str):
        return f"notice() gave {type(given).__name__} instead of text ({plugin.package})"
    return cut(given, _LONGEST_NOTICE)


def temperature_of(model: Model, plugin: Plugin[ModelSpec]) -> float:
    """The temperature that answers are drawn at, 0 where they are not.

    Raises:
        S3EvalError: it cannot be had, or is no number from 0 on.
    """
    what = f"temperature of model '{plugin.spec.name}'"

    def temperature() -> float:
        given: Any = model.temperature
        number = float(given) if isinstance(given, Real) and not isinstance(given, bool) else -1.0
        if not 0 <= number < math.inf:
            raise S3EvalError(
                f"Expected the {what} to be a number from 0 on", why=f"got {given!r}"[:200]
            )
        return number

    return call_plugin(what, plugin.package, temperature)


def spent_by(model: Model, plugin: Plugin[ModelSpec]) -> float | None:
    """The dollars that a model says it spent; None where it does not know, or cannot tell."""
    try:
        given: Any = call_plugin(
            f"spent() of model '{plugin.spec.name}'", plugin.package, model.spent
        )
    except S3EvalError:
        return None
    if isinstance(given, bool) or not isinstance(given, (int, float)):
        return None
    return float(given) if 0 <= given < math.inf else None


def trouble_of_closing(model: Model, plugin: Plugin[ModelSpec]) -> str:
    """Close the model; "" or what went wrong. Its answers are there, so that nothing is lost."""
    try:
        call_plugin(f"close() of model '{plugin.spec.name}'", plugin.package, model.close)
    except S3EvalError as error:
        return str(error)
    return ""
