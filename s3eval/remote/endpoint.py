"""Where a request goes, with which key, and whether that is outside this machine."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NoReturn
from urllib.parse import urlsplit

from s3eval.errors import S3EvalError
from s3eval.permission import Permission

__all__ = ["Endpoint", "Secret", "find_key", "is_local", "is_same_host", "refuse_without_consent"]

KEYRING_SERVICE = "s3eval"


class Secret:
    """A key that shows itself nowhere: not in repr, str, formatting, pickles or copies of state.

    >>> Secret("sk-very-secret")
    Secret(***)
    >>> f"{Secret('sk-very-secret')}"
    '***'
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The key itself; call only where the request is signed."""
        return self._value

    def scrub(self, text: str) -> str:
        """``text`` with every occurrence of the key replaced (servers echo keys in errors)."""
        return text.replace(self._value, "***") if self._value else text

    def __repr__(self) -> str:
        return "Secret(***)"

    def __str__(self) -> str:
        return "***"

    def __reduce__(self) -> NoReturn:
        raise TypeError("A Secret is never pickled")


@dataclass(frozen=True)
class Endpoint:
    """An OpenAI-compatible server and the model asked there.

    Attributes:
        base_url: up to and with ``/v1``, without a trailing slash.
        model: the model id the server knows.
        key: the bearer key, None where the server wants none.
    """

    base_url: str
    model: str
    key: Secret | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        parts = urlsplit(self.base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise S3EvalError(
                f"Expected base_url to be an http(s) address, but got '{parts.scheme or '?'}:…'",
                fix="base_url=http://127.0.0.1:8000/v1",
            )
        if parts.username or parts.password or parts.query:
            raise S3EvalError(
                "A base_url holds no credentials or query",
                why="it is recorded with every run",
                fix="put the key into the environment",
            )
        object.__setattr__(self, "base_url", self.base_url.rstrip("/"))

    @property
    def host(self) -> str:
        """Host and port, as the record of what was sent names it."""
        return urlsplit(self.base_url).netloc

    @property
    def local(self) -> bool:
        """Whether this address is this machine."""
        return is_local(self.base_url)

    @property
    def name(self) -> str:
        """``model at host``, for messages."""
        return f"{self.model} at {self.host}"


def is_local(url: str) -> bool:
    """Whether an address is this machine: a loopback address or ``localhost``, by its letters.

    Names are not resolved: what a name resolves to can change between the check and the call.

    >>> [is_local(u) for u in ("http://127.0.0.1:8000/v1", "http://[::1]/v1", "http://10.0.0.2/v1")]
    [True, True, False]
    """
    host = (urlsplit(url).hostname or "").lower().rstrip(".")
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_same_host(one: str, other: str) -> bool:
    """Whether two addresses name the same host, by their letters.

    >>> is_same_host("https://api.openai.com/v1", "https://api.openai.com/v2")
    True
    """
    return (urlsplit(one).hostname or "").lower() == (urlsplit(other).hostname or "").lower()


def refuse_without_consent(endpoint: Endpoint, permission: Permission) -> None:
    """Refuse another machine than this one, unless the user allowed it.

    Raises:
        S3EvalError: it is another one, and that was not allowed.
    """
    if not endpoint.local and not permission.allow_remote:
        raise S3EvalError(
            f"{endpoint.host} is not this machine, and nothing leaves it unless you say so",
            fix="--allow-remote, if that is allowed where you work",
        )


def find_key(owner: str, variables: Sequence[str], *, required: bool) -> Secret | None:
    """The key from the environment, else from the system keyring (service ``s3eval``).

    Args:
        owner: who needs it ("gpt"); also the keyring's user name.
        variables: environment variables, the first that is set wins.
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
            f"No key for '{owner}'",
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
