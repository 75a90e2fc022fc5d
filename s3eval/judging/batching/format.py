"""What a service's batches are to the rest: submit, look, collect, delete."""

from __future__ import annotations

import json
import logging
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from s3eval.remote.client import ChatClient, ChatRequest
from s3eval.remote.envelope import decoded
from s3eval.remote.failures import CallError

__all__ = ["MOST_RESULT_BYTES", "BatchFormat", "Ended", "Outcome", "SentBatch"]

_log = logging.getLogger(__name__)

#: No results are taken that are longer, whatever was asked.
MOST_RESULT_BYTES = 2**28
#: The longest of all other responses.
_REPLY_BYTES = 2**20
# What stands in an address as the name of a batch or a file, and nothing else.
_NAME = re.compile(r"[A-Za-z0-9_.:-]{1,200}")


@dataclass(frozen=True)
class SentBatch:
    """A batch as it is remembered until all it brought was handed out.

    Attributes:
        id: its name at the service. file: of its requests, where they were sent as one.
        keys: of its requests, in their order.
        open_keys: of these, what was not handed out yet.
        max_bytes: no results of it are longer.
    """

    id: str
    keys: tuple[str, ...]
    file: str = ""
    open_keys: tuple[str, ...] = ()
    max_bytes: int = MOST_RESULT_BYTES


@dataclass(frozen=True)
class Ended:
    """A batch that has ended.

    Attributes:
        facts: the service's description of it.
        failure: why nothing of it was carried out, "" where something was.
        is_expired: what it brought no outcome of was not carried out, nor charged.
    """

    facts: Mapping[str, Any] = field(default_factory=dict)
    failure: str = ""
    is_expired: bool = False


@dataclass(frozen=True)
class Outcome:
    """What became of one request.

    Attributes:
        key: the request's.
        status: of HTTP, as if it had been asked by itself.
        body: the response's, as JSON.
        is_expired: it was not carried out, nor charged.
    """

    key: str
    status: int = 200
    body: str = ""
    is_expired: bool = False


class BatchFormat(ABC):
    """One service's format.

    Args:
        client: asks the service; closing it ends every wait.
    """

    #: In records and messages.
    name: ClassVar[str]
    #: Of one batch.
    most_requests: ClassVar[int] = 50_000
    most_bytes: ClassVar[int]

    def __init__(self, client: ChatClient) -> None:
        self.client = client

    @abstractmethod
    def submit(self, requests: Mapping[str, ChatRequest]) -> SentBatch:
        """Send requests as one batch; one try, since a lost response may be a batch that is paid.

        Raises:
            CallError: the service does not take it.
        """

    @abstractmethod
    def look(self, batch: SentBatch) -> Ended | None:
        """Whether it has ended; None while it is under way.

        Raises:
            CallError: the service does not say.
        """

    @abstractmethod
    def outcomes(self, batch: SentBatch, ended: Ended) -> Iterator[Outcome]:
        """What became of its requests, in any order; what cannot be read is left out.

        Raises:
            CallError: the results cannot be had.
        """

    def delete(self, batch: SentBatch, ended: Ended) -> None:
        """Leave nothing of it at the service, as far as the service deletes."""

    def deleted(self, path: str) -> None:
        """Delete what lies there; a service that does not is told of, and nothing more."""
        try:
            attempts = self.client.retry.attempts
            self.client.text_of("DELETE", path, max_bytes=_REPLY_BYTES, attempts=attempts)
        except CallError as error:
            if not error.stops_all:  # what is not there any more is deleted
                _log.warning("a batch's texts could not be deleted at the service (%s)", error)

    def exchanged(
        self,
        method: str,
        path: str,
        content: bytes = b"",
        headers: Mapping[str, str] | None = None,
        max_bytes: int = _REPLY_BYTES,
    ) -> dict[str, Any]:
        """The JSON object of a response; one try.

        Raises:
            CallError: there is none.
        """
        text = self.client.text_of(method, path, content, max_bytes=max_bytes, headers=headers)
        # A look at a batch, or its creation: what the answers cost is charged as they come.
        return decoded(text, billed=False)

    def downloaded(self, path: str, max_bytes: int) -> str:
        """Results; tried again over what passes, as often as requests are.

        Raises:
            CallError: they cannot be had, or are longer than ``max_bytes``.
        """
        attempts = self.client.retry.attempts
        return self.client.text_of("GET", path, max_bytes=max_bytes, attempts=attempts)


def json_lines(text: str) -> Iterator[dict[str, Any]]:
    """The JSON objects of a text, one a line; lines that are none are left out.

    >>> list(json_lines('{"a": 1}\\n{no json\\n[2]\\n'))
    [{'a': 1}]
    """
    # Not splitlines(): JSON may hold the line ends of other scripts as they are.
    for line in text.split("\n"):
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            yield value


def name_in(value: Any, what: str) -> str:
    """A name that the service gave, fit to stand in an address.

    Raises:
        CallError: it is none.

    >>> name_in("batch-1", "batch")
    'batch-1'
    """
    if not isinstance(value, str) or not _NAME.fullmatch(value) or not value.strip("."):
        raise CallError("server", f"the service gave no usable id for the {what}")
    return value
