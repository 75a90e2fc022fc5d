"""Reading JSON out of what a chat model wrote around it."""

from __future__ import annotations

import json
import re
from typing import Any

__all__ = ["json_objects"]

_MARK = re.compile(r"<(/?)think(?:ing)?>", re.IGNORECASE)


def json_objects(text: str) -> list[dict[str, Any]]:
    """Every complete outermost JSON object in a text, in order.

    Prose, code fences and ``<think>`` blocks around them are passed over. Nothing is repaired:
    an object cut off half way is no object, since completing it would invent what the model
    did not say (a list of features would lose its tail and score as if it were whole).

    >>> json_objects('Sure! ```json\\n{"a": 1}\\n``` Anything else?')
    [{'a': 1}]
    >>> json_objects('{"a": [1, 2'), json_objects('{"a": {"b": 1}, "c')
    ([], [])
    """
    stripped = _without_thoughts(text)
    objects: list[dict[str, Any]] = []
    start = stripped.find("{")
    while start >= 0:
        end = _closing(stripped, start)
        if end is None:
            break  # what stands inside an unfinished object is not an answer
        try:
            value = json.loads(stripped[start:end], parse_constant=_no_json)
        except (ValueError, RecursionError):
            pass  # braces of prose
        else:
            objects.append(value)
        start = stripped.find("{", end)
    return objects


def _without_thoughts(text: str) -> str:
    """The text with each ``<think>`` up to its ``</think>`` replaced by a space, in one pass."""
    kept, position, opened = [], 0, -1
    for mark in _MARK.finditer(text):
        if not mark.group(1):
            opened = mark.start() if opened < 0 else opened
        elif opened >= 0:
            kept.append(text[position:opened])
            position, opened = mark.end(), -1
    return " ".join([*kept, text[position:]])


def _no_json(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _closing(text: str, start: int) -> int | None:
    """The position after the brace that closes the one at ``start``; None when none does."""
    depth, inside, position = 0, False, start
    while position < len(text):
        character = text[position]
        if inside and character == "\\":
            position += 1  # the escaped character cannot end the string
        elif character == '"':
            inside = not inside
        elif not inside and character == "{":
            depth += 1
        elif not inside and character == "}":
            depth -= 1
            if depth == 0:
                return position + 1
        position += 1
    return None
