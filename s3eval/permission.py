"""What the user allows to leave this machine, and at what cost: one value, made by the caller.

A file cannot give it: what is read from TOML or from ``key=value`` options are texts, numbers and
tables, and none of these is a `Permission`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from s3eval.errors import S3EvalError
from s3eval.specs import JudgeSpec, ModelSpec, Spec

__all__ = ["LOCAL_ONLY", "OPTION", "PHI_MODES", "Permission", "Phi", "permitted_options"]

Phi = Literal["redact", "block", "off"]
PHI_MODES: tuple[Phi, ...] = ("redact", "block", "off")
#: The key under which a remote plugin finds the `Permission` among its options.
OPTION = "permission"
_FLAGS = {OPTION: "--allow-remote", "allow_remote": "--allow-remote", "phi": "--phi"}
_LIMIT_FLAGS = {"max_cost": "--max-judge-cost", "max_calls": "--max-judge-calls"}


@dataclass(frozen=True)
class Permission:
    """What may leave this machine.

    Attributes:
        allow_remote: whether texts, frames and sound may be sent to another machine at all.
        phi: what happens to texts that may identify somebody: "redact" what does, "block" the
            whole text, or send it as it is ("off").
        max_cost: dollars that may be spent, at least 0; None without limit.
        max_calls: calls that may be made, at least 0; None without limit.

    Raises:
        S3EvalError: a value of another kind or range.

    >>> Permission()
    Permission(allow_remote=False, phi='redact', max_cost=None, max_calls=None)
    >>> Permission(allow_remote="yes")
    Traceback (most recent call last):
    s3eval.errors.S3EvalError: Expected allow_remote to be True or False, but got 'yes'.
    """

    allow_remote: bool = False
    phi: Phi = "redact"
    max_cost: float | None = None
    max_calls: int | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.allow_remote, bool):
            raise S3EvalError(
                f"Expected allow_remote to be True or False, but got {self.allow_remote!r}"
            )
        if self.phi not in PHI_MODES:
            raise S3EvalError(f"Expected phi to be one of {', '.join(PHI_MODES)}, got {self.phi!r}")
        for name in ("max_cost", "max_calls"):
            limit = getattr(self, name)
            if limit is not None and not limit >= 0:  # NaN is no limit either
                raise S3EvalError(f"Expected {name} to be at least 0, but got {limit}")

    @property
    def is_preview(self) -> bool:
        """Whether only what would be sent is wanted: with no call allowed, nothing is.

        >>> Permission(max_calls=0).is_preview, Permission().is_preview
        (True, False)
        """
        return self.max_calls == 0

    def without_limits(self) -> Permission:
        """The same, without limits: those of the flags are the judge's, not the model's."""
        return replace(self, max_cost=None, max_calls=None)


#: Nothing leaves this machine: the permission where the user gave none.
LOCAL_ONLY = Permission()


def permitted_options(
    spec: Spec, options: Mapping[str, Any], permission: Permission
) -> dict[str, Any]:
    """A judge's or model's options, with the permission where its spec says ``remote=True``.

    Raises:
        S3EvalError: consent given as an option. It is a flag, seen in the command.

    >>> remote = ModelSpec("server", adapter="", remote=True)
    >>> permitted_options(remote, {"seed": 1}, Permission(allow_remote=True))["permission"].phi
    'redact'
    >>> permitted_options(remote, {"allow_remote": True}, Permission())
    Traceback (most recent call last):
    s3eval.errors.S3EvalError: 'allow_remote' is not an option of 'server'. Try: --allow-remote
    """
    # A model's limits have no flags of their own: they are options like any other.
    flags = {**_FLAGS, **_LIMIT_FLAGS} if isinstance(spec, JudgeSpec) else _FLAGS
    for name in options:
        plain = name.lower().replace("-", "_")
        if plain in flags:
            raise S3EvalError(f"'{name}' is not an option of '{spec.name}'", fix=flags[plain])
    if not (isinstance(spec, (JudgeSpec, ModelSpec)) and spec.remote):
        return dict(options)
    given = permission if isinstance(spec, JudgeSpec) else permission.without_limits()
    return {**options, OPTION: given}
