"""Reading ``--model-option key=value`` pairs, and the clip of what is being watched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from s3eval import Clip, S3EvalError
from s3eval.errors import nearest

__all__ = ["clip_of", "number", "refuse_unknown"]


def refuse_unknown(model: str, options: Mapping[str, Any], known: Sequence[str]) -> None:
    """Raise an S3EvalError for the first option this model does not have."""
    for key in sorted(set(options) - set(known)):
        close = nearest(key, known)
        hint = f"did you mean '{close}'?" if close else f"it has {', '.join(known) or 'none'}"
        raise S3EvalError(f"Model '{model}' has no option '{key}'; {hint}")


def number(model: str, options: Mapping[str, Any], key: str, default: int) -> int:
    """A whole-number option."""
    try:
        return int(options.get(key, default))
    except (TypeError, ValueError):
        raise S3EvalError(
            f"Expected option '{key}' of '{model}' to be a whole number, but got {options[key]!r}"
        ) from None


def clip_of(watched: Any) -> Clip | None:
    """The clip of a Footage (or of a bare Clip); None when nothing says which it is."""
    clip = watched if isinstance(watched, Clip) else getattr(watched, "clip", None)
    return clip if isinstance(clip, Clip) else None
