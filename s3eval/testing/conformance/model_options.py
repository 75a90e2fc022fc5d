"""Whether every option that changes a model's answers is part of its identity."""

from __future__ import annotations

import dataclasses
import inspect
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin, get_type_hints

from s3eval.errors import S3EvalError
from s3eval.model import Answer, Model, Question
from s3eval.permission import OPTION
from s3eval.running.boundary import checked_identity
from s3eval.testing.conformance.model_subject import Subject, ask_all, checked_answers, differing

__all__ = ["options_checked", "options_in_identity"]

#: Bounds of a field of pydantic, as its metadata names them.
_BOUNDS = ("ge", "le")
_UNCHECKED = getattr(Model.checked_options, "__func__", None)
#: A model's identity, what it was asked, and what it answered.
_Given = tuple[Any, list[Question], list[Answer]]


@dataclass(frozen=True)
class _Option:
    """A typed option with a default.

    Attributes:
        name: as users write it.
        value: the default, or what the author's ``options`` gives.
        choices: the values of a ``Literal``, empty for other types.
        bounds: the least and the greatest value, where the declaration states them.
    """

    name: str
    value: Any
    choices: tuple[Any, ...] = ()
    bounds: tuple[Any, ...] = ()

    def others(self) -> list[Any]:
        """Further values to try, those first that are likely to change an answer."""
        if self.choices:
            values: list[Any] = [*self.choices]
        elif isinstance(self.value, bool):
            values = [not self.value]
        elif isinstance(self.value, int):
            values = [self.value * 10, self.value // 10, self.value * 2, self.value + 1]
            values += self.bounds
        elif isinstance(self.value, float):
            values = [self.value * 10, self.value / 10, self.value * 2, self.value + 1]
            values += self.bounds
        else:
            values = []
        return [v for v in dict.fromkeys(values) if v != self.value]


def options_checked(subject: Subject) -> Iterator[tuple[str, str]]:
    """``checked_options`` gives the options it got, the same again, and refuses unknown ones."""
    adapter: Any = subject.spec.load()
    given = {name: value for name, value in subject.options.items() if name != OPTION}
    checked = adapter.checked_options(subject.spec, dict(given))
    if not isinstance(checked, Mapping) or set(checked) != set(given):
        yield (
            "checked_options() gives other options than it got",
            "return the same keys, each with its typed value; leave out defaults",
        )
        return
    if not _is_json(dict(checked)):
        yield (
            "checked_options() gives a value that JSON does not know",
            "return str, int, float, bool, None, lists and mappings of those: runs record them",
        )
    elif dict(adapter.checked_options(subject.spec, dict(checked))) != dict(checked):
        yield (
            "checked_options() of what it returned gives something else",
            "load() gets the values that it returned: they must mean the same once more",
        )
    is_own = getattr(adapter.checked_options, "__func__", None) is not _UNCHECKED
    with suppress(S3EvalError):
        adapter.checked_options(subject.spec, {**given, "no_such_option": 1})
        if is_own:
            yield (
                "checked_options() accepts an option that it does not know",
                "refuse it there: load() comes when other models have been asked already",
            )


def _is_json(value: Any) -> bool:
    try:
        json.dumps(value)
    except (TypeError, ValueError):
        return False
    return True


def options_in_identity(subject: Subject) -> Iterator[tuple[str, str]]:
    """Load with other values of each typed option; other answers need another identity.

    Options are found where they are declared with a type and a default: as parameters of the
    adapter's ``__init__``, or as fields of a dataclass or a model of pydantic that ``__init__``
    or ``load`` takes. Models that leave the machine or load a checkpoint are not asked: each value
    costs another load.
    """
    if subject.spec.remote or subject.spec.checkpoint or subject.spec.argument:
        return
    options = _declared(subject.spec.load(), subject.options)
    if not options:
        return
    usual = _asked(subject)
    for option in options:
        if _changes_in_secret(subject, option, usual):
            yield (
                f"the option '{option.name}' changes answers, but identity() is the same",
                "add it to identity(): answers are kept under it, and would be taken for those "
                "of another value",
            )


def _declared(adapter: Any, given: Mapping[str, Any]) -> list[_Option]:
    options: dict[str, _Option] = {}
    for function in (adapter.__init__, adapter.load):
        hints = _hints(function)
        for hint in hints.values():
            options |= {o.name: o for o in _fields(hint)}
        if function is adapter.__init__:
            for name, parameter in inspect.signature(function).parameters.items():
                if name in hints and parameter.default is not parameter.empty:
                    options[name] = _Option(name, parameter.default, _choices(hints[name]))
    return [dataclasses.replace(o, value=given.get(o.name, o.value)) for o in options.values()]


def _hints(function: Any) -> dict[str, Any]:
    """The types of the parameters; none where they cannot be looked up, e.g. imported for types."""
    with suppress(Exception):
        return {n: t for n, t in get_type_hints(function).items() if n != "return"}
    return {}


def _choices(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) is Literal else ()


def _fields(hint: Any) -> Iterator[_Option]:
    if not isinstance(hint, type):
        return
    fields = getattr(hint, "model_fields", None)
    if isinstance(fields, Mapping):  # a model of pydantic
        for name, field in fields.items():
            metadata = [getattr(m, bound, None) for m in field.metadata for bound in _BOUNDS]
            bounds = tuple(b for b in metadata if b is not None)
            yield _Option(name, field.default, _choices(field.annotation), bounds)
    elif dataclasses.is_dataclass(hint):
        hints = _hints(hint.__init__)
        for one in dataclasses.fields(hint):
            if one.default is not dataclasses.MISSING:
                yield _Option(one.name, one.default, _choices(hints.get(one.name)))


def _changes_in_secret(subject: Subject, option: _Option, usual: _Given) -> bool:
    """Whether another value gives other answers under the same identity."""
    for value in option.others():
        changed = dataclasses.replace(subject, options={**subject.options, option.name: value})
        # A value that is refused, or that cannot be computed with, says nothing about identity.
        with suppress(Exception):
            identity, asked, answers = _asked(changed)
            if identity != usual[0]:
                return False
            if asked != usual[1] or differing(usual[2], answers, asked):
                return True
    return False


def _asked(subject: Subject) -> _Given:
    with subject.loaded() as model:
        identity = checked_identity(model.identity(), subject.spec.name)
        asked = subject.questions(model)
        given = [
            answer for seed in range(2) for answer in ask_all(model, subject.clip(seed), asked)
        ]
        return identity, asked * 2, checked_answers(given, asked * 2)
