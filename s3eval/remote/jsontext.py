"""Reading JSON out of what a chat model wrote around it."""

from __future__ import annotations

import json
import re
from typing import Any

__all__ = ["json_objects"]

_THOUGHTS = re.compile(r"<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL | re.IGNORECASE)


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
    decoder = json.JSONDecoder()
    stripped = _THOUGHTS.sub(" ", text)
    found: list[dict[str, Any]] = []
    position = 0
    while (start := stripped.find("{", position)) >= 0:
        try:
            value, end = decoder.raw_decode(stripped, start)
        except RecursionError:
            return found
        except json.JSONDecodeError as error:
            if _ran_out(error):
                return found  # what stands inside an unfinished object is not an answer
            position = start + 1
            continue
        position = end
        if isinstance(value, dict):
            found.append(value)
    return found


def _ran_out(error: json.JSONDecodeError) -> bool:
    """Whether decoding failed because the text ended."""
    return error.pos >= len(error.doc.rstrip()) or error.msg.startswith("Unterminated string")
