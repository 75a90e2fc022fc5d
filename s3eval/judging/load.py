"""Loading the judge a user named, behind the privacy gate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from s3eval.errors import S3EvalError
from s3eval.specs import ModelSpec

if TYPE_CHECKING:
    from s3eval.judge import Judge
    from s3eval.specs import Spec

__all__ = ["load_judge", "remote_options"]

_FLAGS = {
    "allow_remote": "--allow-remote",
    "phi": "--phi",
    "max_cost": "--max-judge-cost",
    "max_calls": "--max-judge-calls",
}


def remote_options(
    spec: Spec,
    options: Mapping[str, Any],
    *,
    allow_remote: bool = False,
    phi: str = "redact",
    max_cost: float | None = None,
    max_calls: int | None = None,
) -> dict[str, Any]:
    """A judge's or model's options with what the user's flags say about leaving this machine.

    Only specs that say ``remote=True`` are given the flags; the others get ``options`` as it is.

    Raises:
        S3EvalError: a flag given as an option: consent is a flag, seen in the command.
    """
    # A model's budget has no flag of its own: there it is an option like any other.
    flagged = ("allow_remote", "phi") if isinstance(spec, ModelSpec) else tuple(_FLAGS)
    for name in options:
        if name in flagged:
            raise S3EvalError(f"'{name}' is not an option of '{spec.name}'", fix=_FLAGS[name])
    if not getattr(spec, "remote", False):
        return dict(options)
    flags: dict[str, Any] = {"allow_remote": allow_remote, "phi": phi}
    limits = {"max_cost": max_cost, "max_calls": max_calls}
    return {**options, **flags, **{k: v for k, v in limits.items() if v is not None}}


def load_judge(
    name: str,
    options: Mapping[str, Any] | None = None,
    *,
    allow_remote: bool = False,
    needed: bool = True,
    phi: str = "redact",
    max_cost: float | None = None,
    max_calls: int | None = None,
) -> Judge | None:
    """The judge of that name, or None for "none" or when nothing needs one.

    Args:
        name: as ``s3eval list judges`` shows it.
        options: the ``--judge-option`` pairs.
        allow_remote, phi, max_cost, max_calls: the flags of the same names.
        needed: False when no task of the run reads free text.

    Raises:
        S3EvalError: unknown; or it sends text off this machine and that was not allowed.
    """
    if name == "none" or not needed:
        return None
    from s3eval.plugins import discover

    spec = discover().get("judge", name).spec
    given = remote_options(
        spec,
        options or {},
        allow_remote=allow_remote,
        phi=phi,
        max_cost=max_cost,
        max_calls=max_calls,
    )
    judge: Judge = spec.load().load(spec, given)
    # A judge of a third party may forget the gate.
    if judge.remote and not allow_remote:
        raise S3EvalError(
            f"Judge '{name}' sends text off this machine",
            fix="--allow-remote, if that is allowed where you work, or --judge lexicon",
        )
    return judge
