"""One HTTP exchange with limits on everything a server decides: time, size, packing, direction.

The deadline counts for the whole exchange, whatever the server does between its bytes. It is kept
by an event loop in a thread of its own, since a blocking read can only limit the wait for the
next byte.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
import weakref
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from s3eval.errors import S3EvalError
from s3eval.remote.endpoint import Endpoint
from s3eval.remote.failures import CallError

if TYPE_CHECKING:
    import httpx

__all__ = ["Exchange", "Transfer"]

INSTALL = "pip install 's3eval-core[remote]'"
CONNECT_SECONDS = 15.0
# An error's text is shown in one line; a page of HTML around it is read no further.
ERROR_BYTES = 65_536
#: From a key the headers that carry it.
Signed = Callable[[str], Mapping[str, str]]
_PACKED = ("gzip", "x-gzip", "deflate")


@dataclass(frozen=True)
class Exchange:
    """What came back: the status, the headers that ask to wait, and the body, unpacked.

    Of a failure's body no more than 64 KiB.
    """

    status: int
    wait: Mapping[str, str]
    body: bytes


class Transfer:
    """Exchanges with one endpoint; safe to use from many threads.

    Args:
        endpoint: where. One on this machine is reached without proxies, and a name only at the
            loopback addresses it was checked for.
        timeout: seconds, the default of one whole exchange.
        connections: at once.
        signed: the headers that carry a key.
        transport: an httpx transport, for tests.

    Raises:
        S3EvalError: httpx or tenacity is missing.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        timeout: float,
        connections: int,
        signed: Signed,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._endpoint, self._timeout = endpoint, timeout
        self._http = _http_client(endpoint, timeout, connections, signed, transport)
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._closed = False

    def exchange(
        self,
        method: str,
        path: str,
        *,
        content: bytes = b"",
        max_bytes: int,
        seconds: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Exchange:
        """Send a request and read its whole response.

        Args:
            method: GET or POST.
            path: below the endpoint's address.
            content: the JSON to send.
            max_bytes: the longest body taken, packed and unpacked.
            seconds: for the whole exchange; the transfer's own time where not given.
            headers: further ones, a content type other than JSON's among them.

        Raises:
            S3EvalError: the endpoint is one to which nothing is sent.
            CallError: nobody answers, too late, too much, packed in another way than asked for,
                or a redirect.
        """
        if not self._endpoint.sends:
            raise S3EvalError(
                f"Nothing is sent to {self._endpoint.host}",
                why="no call was allowed, so that only what calls would take is shown",
            )
        limit = self._timeout if seconds is None else min(seconds, self._timeout)
        work = self._limited(method, path, content, max_bytes, limit, headers)
        with self._lock:
            if self._closed:
                work.close()
                raise CallError("down", "stopped")
            future = asyncio.run_coroutine_threadsafe(work, self._running())
        try:
            # The second limit is for a loop that does not come round to the first one.
            return future.result(limit + CONNECT_SECONDS)
        except concurrent.futures.CancelledError:
            raise CallError("down", "stopped") from None
        except concurrent.futures.TimeoutError:
            raise _too_late(limit) from None
        finally:
            future.cancel()

    def close(self) -> None:
        """End what is under way and close the connections."""
        with self._lock:
            self._closed = True
            if self._thread is not None:
                self._stop()
                self._thread.join(timeout=5.0)

    def _running(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            loop = asyncio.new_event_loop()
            self._thread = threading.Thread(
                target=_run, args=(loop,), name="s3eval-http", daemon=True
            )
            self._thread.start()
            self._loop = loop
            self._stop = weakref.finalize(self, _stop, loop, self._http)
        return self._loop

    async def _limited(
        self,
        method: str,
        path: str,
        content: bytes,
        max_bytes: int,
        seconds: float,
        headers: Mapping[str, str] | None,
    ) -> Exchange:
        import httpx

        host = self._endpoint.host
        try:
            work = self._exchange(method, path, content, max_bytes, headers)
            return await asyncio.wait_for(work, seconds)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            why = str(error) or type(error).__name__
            raise CallError("connection", f"no server answers at {host}: {why}") from None
        except (asyncio.TimeoutError, httpx.TimeoutException):
            raise _too_late(seconds) from None
        except (httpx.HTTPError, httpx.InvalidURL, zlib.error) as error:
            why = str(error) or type(error).__name__
            raise CallError("connection", why, billed=True) from None

    async def _exchange(
        self,
        method: str,
        path: str,
        content: bytes,
        max_bytes: int,
        headers: Mapping[str, str] | None,
    ) -> Exchange:
        url = f"{self._endpoint.base_url}{path}"
        sent = self._http.stream(method, url, content=content or None, headers=headers)
        async with sent as response:
            if response.is_redirect:
                # Following it could carry the text to a host nobody allowed.
                raise CallError("access", f"HTTP {response.status_code}: the server redirects")
            failed = not response.is_success
            body = _Body(response.headers.get("content-encoding", ""), max_bytes)
            if failed:
                body.limit = min(ERROR_BYTES, max_bytes)
            else:
                body.expect(response.headers.get("content-length", ""))
            async for chunk in response.aiter_raw():
                if not body.take(chunk):
                    break
            if body.over and not failed:
                raise _too_much(max_bytes)
            wait = {n: v for n, v in response.headers.items() if n.startswith("retry-after")}
            return Exchange(response.status_code, wait, bytes(body.unpacked))


class _Body:
    """A response's body as it comes in, unpacked no further than its limit."""

    def __init__(self, encoding: str, limit: int) -> None:
        packed = encoding.strip().lower()
        if packed not in ("", "identity", *_PACKED):
            raise CallError("server", "the reply is packed in a way not asked for", billed=True)
        self.limit, self.over, self.unpacked = limit, False, bytearray()
        self._taken = 0
        self._packed = packed in _PACKED
        self._unpack = zlib.decompressobj(47)

    def expect(self, length: str) -> None:
        """Refuse by the length the server states, before anything is read."""
        if length.isdecimal() and (len(length) > 15 or int(length) > self.limit):
            raise _too_much(self.limit)

    def take(self, chunk: bytes) -> bool:
        """Add a chunk; False when there is more than the limit."""
        self._taken += len(chunk)
        self.over = self._taken > self.limit
        if not self._packed:
            self.unpacked += chunk[: self.limit - len(self.unpacked)]
            return not self.over
        while chunk and not self.over:
            self.unpacked += self._unpack.decompress(chunk, self.limit - len(self.unpacked) + 1)
            self.over = len(self.unpacked) > self.limit
            # A packed body may hold several members one after the other.
            chunk = self._unpack.unused_data if self._unpack.eof else self._unpack.unconsumed_tail
            if self._unpack.eof:
                self._unpack = zlib.decompressobj(47)
        return not self.over


def _too_much(limit: int) -> CallError:
    reason = f"the reply is longer than any answer ({limit / 2**20:.0f} MiB), not read"
    return CallError("oversized", reason, billed=True)


def _too_late(seconds: float) -> CallError:
    return CallError("timeout", f"no whole answer within {seconds:g} s", billed=True)


def _http_client(
    endpoint: Endpoint,
    timeout: float,
    connections: int,
    signed: Signed,
    transport: httpx.AsyncBaseTransport | None,
) -> httpx.AsyncClient:
    try:
        import httpx
        import tenacity  # noqa: F401
    except ImportError as error:
        raise S3EvalError(
            f"Asking a server needs {error.name}, not installed here", fix=INSTALL
        ) from None

    def sign(request: httpx.Request) -> httpx.Request:
        if endpoint.key is not None:
            request.headers.update(signed(endpoint.key.reveal()))
        return request

    limits = httpx.Limits(max_connections=connections + 1, max_keepalive_connections=connections)
    if transport is None and endpoint.addresses:
        # A proxy from the environment would carry "local" requests off this machine.
        inner = httpx.AsyncHTTPTransport(limits=limits, trust_env=False)
        transport = _pinned(inner, endpoint.addresses)
    return httpx.AsyncClient(
        auth=sign,
        headers={"Accept-Encoding": "gzip", "Content-Type": "application/json"},
        timeout=httpx.Timeout(timeout, connect=min(CONNECT_SECONDS, timeout)),
        limits=limits,
        trust_env=not endpoint.local,
        follow_redirects=False,
        transport=transport,
    )


def _pinned(inner: httpx.AsyncBaseTransport, addresses: Sequence[str]) -> httpx.AsyncBaseTransport:
    """A transport that connects to these addresses, whatever the name resolves to by now."""
    import httpx

    class Pinned(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            name, url = request.url.host, request.url
            request.extensions = {**request.extensions, "sni_hostname": name}
            for address in addresses[:-1]:
                request.url = url.copy_with(host=address)
                try:
                    return await inner.handle_async_request(request)
                except httpx.ConnectError:
                    continue  # a server may listen at only one of 127.0.0.1 and ::1
            request.url = url.copy_with(host=addresses[-1])
            return await inner.handle_async_request(request)

        async def aclose(self) -> None:
            await inner.aclose()

    return Pinned()


def _run(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
    finally:
        loop.close()


def _stop(loop: asyncio.AbstractEventLoop, http: httpx.AsyncClient) -> None:
    async def end() -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await http.aclose()
        loop.stop()

    if not loop.is_closed():
        asyncio.run_coroutine_threadsafe(end(), loop)
