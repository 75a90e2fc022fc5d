"""Clips as files of a service: sent once, waited for, named in requests, deleted afterwards."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence

from s3eval.remote.endpoint import Endpoint
from s3eval.remote.failures import CallError, one_line
from s3eval.remote.pause import Pause
from s3eval.remote.retrying import Retries, RetryPolicy
from s3eval.remote.transfer import Exchange, Transfer
from s3eval_model_hosted.media import Piece
from s3eval_model_hosted.service import SentFile, Service

__all__ = ["Files"]

_REPLY_BYTES = 2**20
_TRIES = 4
_log = logging.getLogger(__name__)


class Files:
    """The files of one service.

    Args:
        service: how it takes files.
        endpoint: its address; files go to the same host.
        timeout: seconds, of one exchange and for the processing of a file.
        first_wait: seconds before the first look whether a file is ready, doubled each time.
        max_wait: a service that asks for a longer wait ends the sending.
    """

    def __init__(
        self,
        service: Service,
        endpoint: Endpoint,
        timeout: float,
        first_wait: float,
        max_wait: float,
    ) -> None:
        self._service, self._endpoint = service, endpoint
        self._timeout, self._first_wait = timeout, first_wait
        policy = RetryPolicy(first_wait=first_wait, max_wait=max_wait)
        self._retries = Retries(policy, Pause())
        self._lock = threading.Lock()
        # At the service now, of all clips that are open.
        self._there: dict[str, SentFile] = {}
        address = service.upload_address(endpoint.base_url)
        uploads = Endpoint(address, endpoint.model, endpoint.key)
        self._uploads = Transfer(uploads, timeout, 4, signed=service.headers)
        self._files = Transfer(endpoint, timeout, 4, signed=service.headers)

    def send(self, pieces: Sequence[Piece]) -> list[SentFile]:
        """Send each piece and wait until it can be used; all or none.

        Raises:
            CallError: one cannot be sent or used; those that were sent are deleted.
        """
        sent: list[SentFile] = []
        try:
            for piece in pieces:
                sent.append(self._sent(piece))
                with self._lock:
                    self._there[sent[-1].name] = sent[-1]
                sent[-1] = self._ready(sent[-1])
        except BaseException:
            self.delete(sent)
            raise
        return sent

    def delete(self, files: Sequence[SentFile]) -> None:
        """Delete files; what cannot be deleted now is tried once more in the end."""
        for file in files:
            if not self._deleted(file):
                return
            with self._lock:
                self._there.pop(file.name, None)

    def close(self) -> None:
        """Delete what clips that were not asked to their end left, and close the connections."""
        with self._lock:
            left = list(self._there.values())
        self.delete(left)
        if self._there:
            _log.warning(
                "%d files of clips could not be deleted at %s; delete them there",
                len(self._there),
                self._endpoint.host,
            )
        self._uploads.close()
        self._files.close()

    def _deleted(self, file: SentFile) -> bool:
        """Whether a file is not at the service any more."""
        try:
            path = self._service.file_path(file)
            self._retries(_TRIES, self._exchanged, "DELETE", path)
        except CallError as error:
            return error.kind == "access"  # no such file
        return True

    def _sent(self, piece: Piece) -> SentFile:
        path, headers, body = self._service.upload(piece)

        def send() -> SentFile:
            exchange = self._uploads.exchange(
                "POST", path, content=body, max_bytes=_REPLY_BYTES, headers=headers
            )
            return self._service.sent_file(self._text(exchange))

        return self._retries(_TRIES, send)

    def _exchanged(self, method: str, path: str) -> str:
        return self._text(self._files.exchange(method, path, max_bytes=_REPLY_BYTES))

    def _ready(self, file: SentFile) -> SentFile:
        """The file, once the service has processed it."""
        end, wait = time.monotonic() + self._timeout, self._first_wait
        path = self._service.file_path(file)

        def look() -> SentFile:
            return self._service.sent_file(self._exchanged("GET", path))

        while not file.is_ready:
            if time.monotonic() > end:
                raise CallError("timeout", "the service did not process the clip's file in time")
            time.sleep(wait)
            wait = min(10.0, 2 * wait)
            file = self._retries(_TRIES, look)
        return file

    def _text(self, exchange: Exchange) -> str:
        text = exchange.body.decode("utf-8-sig", "replace")
        key = self._endpoint.key
        if 200 <= exchange.status < 300:
            return text
        scrubbed = key.scrub(text) if key else text
        failure = self._service.failure(
            exchange.status, exchange.wait, scrubbed, key.scrub if key else str
        )
        raise CallError(failure.kind, one_line(failure.reason), retry_after=failure.retry_after)
