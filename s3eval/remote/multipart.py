"""Several parts as one body, as services take files."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence

__all__ = ["multipart"]


def multipart(
    parts: Sequence[tuple[Mapping[str, str], bytes]], kind: str = "form-data"
) -> tuple[str, bytes]:
    """The content type and the body of several parts.

    Args:
        parts: headers and content of each.

    >>> kind, body = multipart([({"Content-Type": "text/plain"}, b"a")])
    >>> kind.startswith("multipart/form-data; boundary="), b"\\r\\n\\r\\na\\r\\n" in body
    (True, True)
    """
    boundary = uuid.uuid4().hex
    pieces: list[bytes] = []
    for headers, data in parts:
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        pieces += (f"--{boundary}\r\n{lines}\r\n".encode(), data, b"\r\n")
    pieces.append(f"--{boundary}--\r\n".encode())
    return f"multipart/{kind}; boundary={boundary}", b"".join(pieces)
