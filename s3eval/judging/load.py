"""Loading the judge a user named, behind the privacy gate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from s3eval.errors import S3EvalError

if TYPE_CHECKING:
    from s3eval.judge import Judge

__all__ = ["load_judge"]


def load_judge(
    name: str,
    options: Mapping[str, Any] | None = None,
    *,
    allow_remote: bool = False,
    needed: bool = True,
) -> Judge | None:
    """The judge of that name, or None for "none" or when nothing needs one.

    Raises:
        S3EvalError: unknown; or it sends text off this machine and that was not allowed.
    """
    if name == "none" or not needed:
        return None
    from s3eval.plugins import discover

    spec = discover().get("judge", name).spec
    adapter = spec.load()
    judge: Judge = adapter.load(spec, dict(options or {}))
    if judge.remote and not allow_remote:
        raise S3EvalError(
            f"Judge '{name}' sends text off this machine",
            fix="--allow-remote, if that is allowed where you work, or --judge lexicon",
        )
    return judge
