"""Where a request goes, with which key, and whether that is outside this machine."""

from __future__ import annotations

import ipaddress
import os
import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from s3eval.errors import S3EvalError
from s3eval.permission import Permission
from s3eval.remote.secret import Secret

__all__ = ["Endpoint", "Secret", "find_key", "is_local", "is_same_host", "refuse_without_consent"]

KEYRING_SERVICE = "s3eval"
# The whole block 127.0.0.0/8 is this machine where it is given as a number; what a name resolves
# to is held to the two addresses that "localhost" has.
_LOOPBACK = frozenset(("127.0.0.1", "::1"))
# A host name or an address; names in other scripts as well.
_HOST = re.compile(r"[\w.:%-]+")


@dataclass(frozen=True)
class Endpoint:
    """An OpenAI-compatible server and the model asked there.

    Attributes:
        base_url: up to and with ``/v1``, without a trailing slash.
        model: the model id the server knows.
        key: the bearer key, None where the server wants none.
        sends: False where only what requests would take is wanted: `Transfer` then sends nothing,
            whoever asks it, and neither consent nor a key is needed.
        local: whether the address is this machine, checked once, when the endpoint is made.
        addresses: of a name on this machine, the loopback addresses it resolved to; requests go
            to these and nowhere else, whatever the name resolves to later.
    """

    base_url: str
    model: str
    key: Secret | None = field(default=None, compare=False)
    sends: bool = field(default=True, compare=False)
    local: bool = field(init=False, compare=False, repr=False)
    addresses: tuple[str, ...] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.base_url)
            host, _ = parts.hostname or "", parts.port
        except ValueError as error:
            raise S3EvalError("This base_url is no address", why=str(error)) from None
        if parts.scheme not in ("http", "https") or not host:
            raise S3EvalError(
                f"Expected base_url to be an http(s) address, but got '{parts.scheme or '?'}:…'",
                fix="base_url=http://127.0.0.1:8000/v1",
            )
        if parts.username or parts.password or parts.query or parts.fragment:
            raise S3EvalError(
                "A base_url holds no credentials or query",
                why="it is recorded with every run",
                fix="put the key into the environment",
            )
        if not _HOST.fullmatch(host) or not self.base_url.isprintable():
            # Such a host is another one to the next program that reads the address.
            raise S3EvalError("The host of this base_url holds characters that no host has")
        object.__setattr__(self, "base_url", self.base_url.rstrip("/"))
        object.__setattr__(self, "addresses", _loopback_addresses(host))
        object.__setattr__(self, "local", bool(self.addresses) or _is_loopback(host))

    @property
    def host(self) -> str:
        """Host and port, as the record of what was sent names it."""
        return urlsplit(self.base_url).netloc

    @property
    def name(self) -> str:
        """``model at host``, for messages."""
        return f"{self.model} at {self.host}"


def is_local(url: str) -> bool:
    """Whether an address is this machine: a loopback address, or a name that resolves to one.

    Only ``localhost`` and names under it are resolved; every address of theirs must be
    127.0.0.1 or ::1, since a hosts file or a search domain decides what they mean. Any other
    name is another machine, whatever it resolves to.

    >>> [is_local(u) for u in ("http://127.0.0.1:8000/v1", "http://[::1]/v1", "http://10.0.0.2/v1")]
    [True, True, False]
    """
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    return _is_loopback(host) or bool(_loopback_addresses(host))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _loopback_addresses(host: str) -> tuple[str, ...]:
    """What ``localhost`` or a name under it resolves to; empty unless all of it is loopback."""
    name = host.lower().rstrip(".")
    if name != "localhost" and not name.endswith(".localhost"):
        return ()
    if not _HOST.fullmatch(name):
        return ()
    try:
        results = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return ()
    addresses = tuple(dict.fromkeys(str(result[4][0]) for result in results))
    return addresses if {*addresses} <= _LOOPBACK else ()


def is_same_host(one: str, other: str) -> bool:
    """Whether two addresses name the same host, by their letters.

    >>> is_same_host("https://api.openai.com/v1", "https://api.openai.com/v2")
    True
    """
    return (urlsplit(one).hostname or "").lower() == (urlsplit(other).hostname or "").lower()


def refuse_without_consent(endpoint: Endpoint, permission: Permission) -> None:
    """Refuse another machine than this one, unless the user allowed it or nothing is sent.

    Raises:
        S3EvalError: it is another one, and that was not allowed.
    """
    if endpoint.sends and not endpoint.local and not permission.allow_remote:
        raise S3EvalError(
            f"{endpoint.host} is not this machine, and nothing leaves it unless you say so",
            fix="--allow-remote, if that is allowed where you work",
        )


def find_key(
    owner: str, variables: Sequence[str], *, required: bool, called: str = ""
) -> Secret | None:
    """The key from the environment, else from the system keyring (service ``s3eval``).

    Args:
        owner: who needs it ("gpt"); also the keyring's user name.
        variables: environment variables, the first that is set wins.
        called: how the user knows who needs it ("judge 'claude'"), where that is not the owner.
        required: whether to fail when there is none (servers on this machine need none).

    Raises:
        S3EvalError: required and nowhere found.
    """
    for variable in variables:
        value = os.environ.get(variable, "").strip()
        if value:
            return Secret(value)
    value = _from_keyring(owner)
    if value:
        return Secret(value)
    if required:
        raise S3EvalError(
            f"No key for {called or repr(owner)}",
            why="looked in " + ", ".join([*variables, f"keyring {KEYRING_SERVICE}/{owner}"]),
            fix=f"export {variables[0]}=…"
            if variables
            else f"keyring set {KEYRING_SERVICE} {owner}",
        )
    return None


def _from_keyring(owner: str) -> str:
    try:
        import keyring
    except ImportError:
        return ""
    try:
        return keyring.get_password(KEYRING_SERVICE, owner) or ""
    except Exception:  # a keyring without a usable backend raises its own kinds
        return ""
