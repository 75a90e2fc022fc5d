"""Serving an application on this machine until it is interrupted."""

from __future__ import annotations

import contextlib
import os
import socket
from typing import TYPE_CHECKING

from s3eval.errors import S3EvalError

if TYPE_CHECKING:
    from starlette.types import ASGIApp

__all__ = ["address_of", "listening", "serve"]

HOST = "127.0.0.1"


def listening(port: int) -> socket.socket:
    """A socket on the loopback interface only.

    Args:
        port: 0 for any that is free.

    Raises:
        S3EvalError: the port is taken, or not for this user.
    """
    opened = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if os.name == "posix":  # elsewhere it would let others listen on the same port
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        opened.bind((HOST, port))
    except (OSError, OverflowError) as error:
        opened.close()
        raise S3EvalError(
            f"Port {port} cannot be used", why=str(error), fix="--port 0 takes one that is free"
        ) from error
    opened.listen(128)
    return opened


def address_of(opened: socket.socket, token: str) -> str:
    """The whole address: with it, the pages can be read."""
    return f"http://{HOST}:{opened.getsockname()[1]}/{token}/"


def serve(app: ASGIApp, opened: socket.socket) -> None:
    """Serve until interrupted (Ctrl+C). Nothing is logged: addresses hold the token."""
    import uvicorn

    config = uvicorn.Config(
        app, log_config=None, log_level="critical", access_log=False, ws="none", lifespan="off",
        server_header=False, timeout_graceful_shutdown=1,
    )  # fmt: skip
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[opened])
