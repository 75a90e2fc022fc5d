"""Loading the judge a user named, behind the privacy gate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from s3eval.errors import S3EvalError
from s3eval.permission import LOCAL_ONLY, Permission, permitted_options

if TYPE_CHECKING:
    from s3eval.judge import Judge

__all__ = ["load_judge"]


def load_judge(
    name: str,
    options: Mapping[str, Any] | None = None,
    permission: Permission = LOCAL_ONLY,
    *,
    needed: bool = True,
) -> Judge | None:
    """The judge of that name, or None for "none" or when nothing needs one.

    Args:
        name: as ``s3eval list judges`` shows it.
        options: the ``--judge-option`` pairs.
        permission: what may leave this machine, and at what cost.
        needed: False when no task of the run reads free text.

    Raises:
        S3EvalError: unknown; or it sends text off this machine and that was not allowed.
    """
    if name == "none" or not needed:
        return None
    from s3eval.plugins import installed

    spec = installed().get("judge", name).spec
    judge: Judge = spec.load().load(spec, permitted_options(spec, options or {}, permission))
    # A judge of a third party may forget the gate.
    if judge.remote and not permission.allow_remote:
        raise S3EvalError(
            f"Judge '{name}' sends text off this machine",
            fix="--allow-remote, if that is allowed where you work, or --judge lexicon",
        )
    return judge
