"""The gate: what leaves this machine passes here, or does not leave.

An address of this machine (`s3eval.remote.endpoint.is_local`) needs no gate. Any other needs the
user's ``--allow-remote``; texts are then checked and redacted (or blocked), and every dispatch is
recorded without its content.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from s3eval.errors import S3EvalError
from s3eval.permission import LOCAL_ONLY, Permission, Phi
from s3eval.privacy.detector import Detector, counts, find_detector, redact
from s3eval.remote.endpoint import Endpoint, refuse_without_consent

__all__ = ["Blocked", "Cleared", "Gate"]


class Blocked(Exception):  # noqa: N818 - a verdict, not a mistake
    """This one text may not leave, and why (kinds and counts, no content)."""


@dataclass(frozen=True)
class Cleared:
    """A text as it may be sent, with how many spans of each kind were replaced."""

    text: str
    redactions: Mapping[str, int] = field(default_factory=dict)


class Gate:
    """Decides what goes to one endpoint.

    Args:
        endpoint: the destination.
        permission: whether anything may be sent off this machine, and what is done to texts that
            may identify somebody.
        record: JSONL file of dispatches; None for ``sent.jsonl`` in the cache folder.
        detector: makes the detector; loaded only when a text would leave.

    Raises:
        S3EvalError: the endpoint is not this machine and that was not allowed, or text would
            leave and no detector is installed.

    >>> Gate(Endpoint("http://localhost:8000/v1", "m")).clear("Anna is awake").text
    'Anna is awake'
    """

    def __init__(
        self,
        endpoint: Endpoint,
        permission: Permission = LOCAL_ONLY,
        *,
        record: Path | None = None,
        detector: Callable[[], Detector] = find_detector,
    ) -> None:
        self.endpoint = endpoint
        self.phi: Phi = permission.phi
        self._record = record
        self._lock = threading.Lock()
        self._detector: Detector | None = None
        refuse_without_consent(endpoint, permission)
        if endpoint.local:
            return
        if self.phi != "off":
            self._detector = detector()

    @property
    def identity(self) -> Mapping[str, str]:
        """What this gate does to a text, as part of every record; empty where it does nothing."""
        if self.endpoint.local or self._detector is None:
            return {} if self.endpoint.local else {"phi": "off"}
        return {"phi": self.phi, "detector": self._detector.name}

    def clear(self, text: str) -> Cleared:
        """The text as it may be sent to the endpoint.

        Raises:
            Blocked: it holds identifying spans and ``phi`` is "block".
        """
        if self._detector is None:
            return Cleared(text)
        with self._lock:  # spaCy pipelines are not promised to be thread-safe
            spans = self._detector.find(text)
        replaced = counts(spans)
        if spans and self.phi == "block":
            listed = ", ".join(f"{n} {kind}" for kind, n in replaced.items())
            raise Blocked(f"not sent: it may identify somebody ({listed})")
        return Cleared(redact(text, spans), replaced)

    def clear_media(self, kind: str) -> None:
        """Whether frames or sound may be sent; they cannot be redacted.

        Raises:
            S3EvalError: ``phi`` is "block": faces and voices identify.
        """
        if not self.endpoint.local and self.phi == "block":
            raise S3EvalError(
                f"The {kind} of a patient may not be sent to {self.endpoint.host}",
                why="--phi block lets nothing pass that may identify, and faces and voices do",
                fix="a server on this machine, or --phi redact (texts only; media go as they are)",
            )

    def sending(self, kind: str, content: str | bytes, redactions: Mapping[str, int]) -> None:
        """Record that something is about to be sent. Nothing is written for this machine."""
        if self.endpoint.local:
            return
        raw = content.encode() if isinstance(content, str) else content
        line = {
            "time": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
            "host": self.endpoint.host,
            "model": self.endpoint.model,
            "kind": kind,
            "sha256": hashlib.sha256(raw).hexdigest(),
            "length": len(raw),
            "redactions": dict(redactions),
            "phi": self.phi,
        }
        path = self._record or _default_record()
        with self._lock:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            with os.fdopen(handle, "a", encoding="utf-8") as file:
                file.write(json.dumps(line, sort_keys=True) + "\n")


def _default_record() -> Path:
    from s3eval.remote.cache import cache_dir

    return cache_dir() / "sent.jsonl"
