"""What a model or a judge says it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from s3eval.errors import S3EvalError

__all__ = ["LARGEST", "checked_identity"]

#: Characters of an identity as JSON: it is part of the key of every answer.
LARGEST = 1_000_000


def checked_identity(given: Any, name: str, package: str = "") -> dict[str, Any]:
    """What a model or judge says it is, as it goes into keys and records.

    Raises:
        S3EvalError: it is no mapping, larger than any identity, or not JSON: then a key of it
            would not be the same twice.
    """
    where = f"{package}: {name}" if package else name
    if not isinstance(given, Mapping):
        raise S3EvalError(
            "Expected identity() to give a mapping", where=where, why=f"got {type(given).__name__}"
        )
    try:
        text = json.dumps(dict(given), sort_keys=True, allow_nan=False, ensure_ascii=False)
        text.encode("utf-8")
    except (TypeError, ValueError, RecursionError) as error:
        raise S3EvalError(
            "identity() is not JSON-able",
            where=where,
            why=str(error),
            fix="give names and numbers (str, int, float, bool, lists and mappings of those)",
        ) from error
    if len(text) > LARGEST:
        raise S3EvalError(
            f"identity() has {len(text):,} characters (at most {LARGEST:,})",
            where=where,
            fix="give a digest of what is large",
        )
    identity: dict[str, Any] = json.loads(text)
    return identity
