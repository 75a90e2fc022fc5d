"""Reading ``--model-option key=value`` pairs, and the clip of what is being watched."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from s3eval import Clip, S3EvalError
from s3eval.errors import nearest

__all__ = ["clip_of", "typed_options", "whole_number"]


def typed_options(
    model: str, options: Mapping[str, Any], readers: Mapping[str, Callable[[Any], Any]]
) -> dict[str, Any]:
    """The options that were given, each as its reader makes it.

    Args:
        readers: by option what makes a typed value of it, or raises a `ValueError` that says what
            was expected.

    Raises:
        S3EvalError: an option that this model does not have, or a value that does not fit.

    >>> typed_options("prevalence", {"seed": "4"}, {"seed": whole_number})
    {'seed': 4}
    """
    for key in sorted(set(options) - set(readers)):
        close = nearest(key, readers)
        raise S3EvalError(
            f"Model '{model}' has no option '{key}'" + (f"; did you mean '{close}'?" * bool(close)),
            fix=f"one of {', '.join(readers)}",
        )
    typed: dict[str, Any] = {}
    for key, value in options.items():
        try:
            typed[key] = readers[key](value)
        except ValueError as error:
            raise S3EvalError(
                f"Expected option '{key}' of '{model}' to be {error}, but got {value!r}"
            ) from None
    return typed


def whole_number(value: Any) -> int:
    """A whole number, also where it was written as a text or with a point (``2.0``).

    Raises:
        ValueError: it is none; 1.5 is not rounded.
    """
    try:
        whole = int(value)
        if isinstance(value, bool) or (isinstance(value, float) and whole != value):
            raise ValueError
    except (TypeError, ValueError, OverflowError):
        raise ValueError("a whole number") from None
    return whole


def clip_of(watched: Any) -> Clip | None:
    """The clip of a Footage (or of a bare Clip); None when nothing says which it is."""
    clip = watched if isinstance(watched, Clip) else getattr(watched, "clip", None)
    return clip if isinstance(clip, Clip) else None
