"""Who may ask this server: only a page of its own, on this machine, by somebody with its address.

Other programs and people on the machine, and any page open in the same browser, can reach a
loopback port. Therefore

- the address holds a token (``http://127.0.0.1:PORT/TOKEN/``), without which nothing is answered;
  it is no cookie, since browsers send cookies to every port of a host;
- the ``Host`` header must name this machine, or a foreign name that was made to point here (DNS
  rebinding) would count as the same origin;
- a request that a page of another origin makes is refused, by ``Origin`` and ``Sec-Fetch-Site``;
- pages may load nothing from elsewhere and run no script but the viewer's files (Content Security
  Policy), are shown in no frame, and are kept in no cache.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["HEADERS", "LOOPBACK", "Guard", "new_token", "refusal"]

#: Names of this machine by which a browser on it, or behind SSH forwarding, asks.
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
#: Sent with every answer.
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "media-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    # Not "no-referrer": that makes browsers send "Origin: null" with forms of our own.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
#: A body is a comment or an answer, never a file.
MOST_BYTES = 256 * 1024


def new_token() -> str:
    """A token that cannot be guessed: 192 random bits as letters, digits, "-" and "_".

    >>> len(new_token()), new_token() == new_token()
    (32, False)
    """
    return secrets.token_urlsafe(24)


def refusal(method: str, path: str, headers: Mapping[str, str], token: str) -> tuple[int, str]:
    """Why a request is refused: a status and a sentence; (0, "") for one that is answered.

    Args:
        path: of the address, with the token.
        headers: lower-case names.

    >>> refusal("GET", "/t/", {"host": "127.0.0.1:8000"}, "t")
    (0, '')
    >>> refusal("GET", "/t/", {"host": "rebound.example:8000"}, "t")[0]
    421
    >>> refusal("GET", "/", {"host": "localhost:8000"}, "t")[0]
    403
    """
    host = headers.get("host", "")
    if _hostname(f"//{host}") not in LOOPBACK:
        return 421, "This server answers only to names of its own machine (127.0.0.1, localhost)."
    origin = headers.get("origin")
    if origin is not None and origin.lower() != f"http://{host}".lower():
        return 403, "A page of another origin asked; it gets no answer."
    site, is_navigation = headers.get("sec-fetch-site"), headers.get("sec-fetch-mode") == "navigate"
    follows_link = is_navigation and method in ("GET", "HEAD")
    if site not in (None, "none", "same-origin") and not follows_link:
        return 403, "A page of another origin asked; it gets no answer."
    first = path.split("/", 2)[1] if path.startswith("/") else ""
    if not secrets.compare_digest(first.encode(), token.encode()):
        return 403, (
            "The address lacks this server's token. The command that started the viewer printed "
            "the whole address; every start has a token of its own."
        )
    if method not in ("GET", "HEAD", "POST"):
        return 405, "Only GET, HEAD and POST are answered."
    if method == "POST" and origin is None and site != "same-origin":
        return 403, "What is written must come from a page of this server."
    return 0, ""


def _hostname(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:  # brackets that do not match
        return None


class Guard:
    """The outermost layer of the server: refuses, and sends the headers of `HEADERS`.

    What is inside sees the token as the root path that routes are relative to.
    """

    def __init__(self, app: ASGIApp, token: str) -> None:
        self.app, self.token = app, token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, refuse, or pass on to what is inside."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        headers = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in scope["headers"]}
        status, why = refusal(scope["method"], scope["path"], headers, self.token)
        length = headers.get("content-length", "0")
        if not status and not (length.isdigit() and int(length) <= MOST_BYTES):
            status, why = 413, "That is too much to be written at once."
        if not status and "transfer-encoding" in headers:
            status, why = 411, "Say how long it is (Content-Length)."
        if status:
            await _refuse(status, why, _with_headers(send))
            return
        inside = {**scope, "root_path": f"/{self.token}"}
        await self.app(inside, receive, _with_headers(send))


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            given = {k.lower() for k, _ in message.get("headers", [])}
            added = [(k.lower().encode(), v.encode()) for k, v in HEADERS.items()]
            if b"cache-control" not in given:
                added.append((b"cache-control", b"no-store"))
            message = {**message, "headers": [*message.get("headers", []), *added]}
        await send(message)

    return sending


async def _refuse(status: int, why: str, send: Send) -> None:
    body = f"{why}\n".encode()
    head = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": body})
