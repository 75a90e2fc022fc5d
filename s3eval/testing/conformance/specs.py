"""What is checked of every spec, whatever its kind."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from s3eval.errors import S3EvalError
from s3eval.facts.clips import PROFILES
from s3eval.specs import CommandSpec, JudgeSpec, ModelSpec, Spec, TaskSpec
from s3eval.testing.conformance.problems import package_of, shown_error

__all__ = ["adapter_is", "loads_again", "refuses_unknown_options", "spec_fields"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")
#: Of a verb: its group and itself.
_WORDS = 2
T = TypeVar("T")


def spec_fields(spec: Spec) -> Iterator[tuple[str, str]]:
    """Name, summary, needs, install, and what the kind adds."""
    words = spec.name.split(" ") if isinstance(spec, CommandSpec) else [spec.name]
    if len(words) > _WORDS or not all(_NAME.fullmatch(word) for word in words):
        yield (
            f"the name '{spec.name}' cannot be typed as --model NAME or NAME:PATH",
            "use letters, digits and . _ + - only, beginning with a letter or digit",
        )
    if not spec.summary.strip() or "\n" in spec.summary:
        yield f"'{spec.name}' has no summary of one line", "say in one line what it is"
    for module in spec.needs:
        if not module.isidentifier():
            yield (
                f"needs names '{module}'",
                "name top-level modules as they are imported, not distributions",
            )
    if isinstance(spec, ModelSpec):
        yield from _model_fields(spec)
    if isinstance(spec, TaskSpec):
        yield from _task_fields(spec)
    if isinstance(spec, JudgeSpec) and spec.remote and not spec.model:
        yield "a remote judge names no model", "state model=, the model that it asks"


def _model_fields(spec: ModelSpec) -> Iterator[tuple[str, str]]:
    if not spec.senses:
        yield "the model neither sees nor hears", "state sees=True, hears=True or both"
    if spec.profile not in PROFILES:
        known = ", ".join(PROFILES)
        yield f"there is no sampling profile '{spec.profile}'", f"use one of {known}"
    if spec.parameters < 0:
        yield f"parameters is {spec.parameters}", "state how many there are, 0 where unknown"


def _task_fields(spec: TaskSpec) -> Iterator[tuple[str, str]]:
    if spec.number < 0:
        yield f"number is {spec.number}", "leave it 0: only the paper's tasks have numbers"
    if not isinstance(spec.provides, tuple) or not all(isinstance(p, str) for p in spec.provides):
        yield "provides is no tuple of words", 'write provides=("word",)'


def adapter_is(spec: Spec, base: type[T]) -> Iterator[tuple[str, str]]:
    """The adapter imports and is a class of its contract."""
    adapter = spec.load()
    if not (isinstance(adapter, type) and issubclass(adapter, base)):
        got = adapter.__name__ if isinstance(adapter, type) else type(adapter).__name__
        yield (
            f"the adapter {spec.adapter} is {got}, no subclass of {base.__name__}",
            f"name a class that inherits from s3eval.{base.__name__}",
        )


def loads_again(
    spec: Spec, loaded: Callable[[], AbstractContextManager[object]], base: type
) -> Iterator[tuple[str, str]]:
    """What is loaded is of its contract, can be closed, and then be loaded a second time.

    Args:
        loaded: loads with the author's options, and closes at the end.
    """
    with loaded() as first:
        if not isinstance(first, base):
            yield (
                f"load() returned {type(first).__name__}",
                f"return an instance of a class that inherits from s3eval.{base.__name__}",
            )
            return
    try:
        with loaded():
            pass
    except Exception as error:
        yield (
            f"loaded and closed a second time, it raised {shown_error(error, package_of(spec))}",
            "keep nothing outside what load() returns, and free in close() what it holds",
        )


def refuses_unknown_options(
    spec: ModelSpec | JudgeSpec, options: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """``load`` refuses an option that it does not know, by name."""
    try:
        spec.load().load(spec, {**options, "no_such_option": 1}).close()
    except S3EvalError as error:
        if "no_such_option" not in str(error):
            yield "the error about an unknown option does not name it", "name it in the message"
    except Exception as error:
        yield (
            f"load() answers an unknown option with {shown_error(error, package_of(spec))}",
            "raise S3EvalError that names the option",
        )
    else:
        yield (
            "load() accepts an option that it does not know",
            "refuse unknown options, or a misspelt one is ignored in silence",
        )
