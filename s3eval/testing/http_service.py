"""A local HTTP server that answers as a function says, for tests of clients."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

__all__ = ["Handle", "http_service"]

#: Method, path, headers in lower case and body of a request; gives the status, the body as text
#: or as what becomes JSON, and headers. "drop" as status cuts the connection, "half" cuts it
#: half way through the body.
Handle = Callable[[str, str, Mapping[str, str], bytes], tuple[Any, Any, Mapping[str, str]]]


@contextmanager
def http_service(handle: Handle) -> Iterator[str]:
    """A server on loopback, and its address; requests are handled at the same time.

    >>> import urllib.request
    >>> with http_service(lambda method, path, headers, body: (200, {"path": path}, {})) as address:
    ...     urllib.request.urlopen(f"{address}/models").read()
    b'{"path": "/models"}'
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *arguments: Any) -> None:
            pass

        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, answer, more = handle(self.command, self.path, headers, body)
            if status == "drop":
                self.close_connection = True
                self.connection.close()
                return
            raw = (answer if isinstance(answer, str) else json.dumps(answer)).encode()
            is_cut = status == "half"
            self.send_response(200 if is_cut else status)
            for name, value in {**more, "Content-Length": str(len(raw))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(raw[: len(raw) // 2] if is_cut else raw)
            self.close_connection = self.close_connection or is_cut

        do_GET = do_POST = do_DELETE = _any  # noqa: N815 - the library looks for these names

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            pass  # clients that time out close their end

    httpd = Quiet(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{httpd.server_address[1]}"
    finally:
        httpd.shutdown()
        httpd.server_close()
        thread.join()
