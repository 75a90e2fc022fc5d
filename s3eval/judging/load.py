"""Loading the judge a user named, behind the privacy gate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from s3eval.errors import S3EvalError
from s3eval.facts.identity import checked_identity
from s3eval.permission import LOCAL_ONLY, Permission, permitted_options

if TYPE_CHECKING:
    from s3eval.judge import Judge
    from s3eval.plugins import Plugin
    from s3eval.specs import JudgeSpec

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
        S3EvalError: unknown; its adapter is none or fails; or it sends text off this machine and
            that was not allowed.
    """
    if name == "none" or not needed:
        return None
    from s3eval.plugins import installed

    plugin = installed().get("judge", name)
    judge = _loaded(plugin, permitted_options(plugin.spec, options or {}, permission))
    # A judge of a third party may forget the gate.
    if judge.remote and not permission.allow_remote:
        judge.close()
        raise S3EvalError(
            f"Judge '{name}' sends text off this machine",
            fix="--allow-remote, if that is allowed where you work, or --judge lexicon",
        )
    return judge


def _loaded(plugin: Plugin[JudgeSpec], options: Mapping[str, Any]) -> Judge:
    """The judge of a plugin, which may raise anything.

    Raises:
        S3EvalError: names the plugin.
    """
    from s3eval.judge import Judge

    spec = plugin.spec
    adapter = spec.load()
    if not (isinstance(adapter, type) and issubclass(adapter, Judge)):
        got = adapter.__name__ if isinstance(adapter, type) else type(adapter).__name__
        raise S3EvalError(
            f"Expected the adapter of judge '{spec.name}' to be a subclass of Judge, but got {got}",
            where=f"{plugin.package}: {spec.adapter}",
        )
    try:
        judge = adapter.load(spec, options)
        if isinstance(judge, Judge):
            checked_identity(judge.identity(), spec.name, plugin.package)
    except (S3EvalError, MemoryError, KeyboardInterrupt):
        raise
    except BaseException as error:
        raise S3EvalError(
            f"Judge '{spec.name}' could not be loaded",
            where=plugin.package,
            why=f"{type(error).__name__}: {error}",
        ) from error
    if not isinstance(judge, Judge):
        raise S3EvalError(
            f"Expected load() of judge '{spec.name}' to give a Judge, "
            f"but got {type(judge).__name__}",
            where=plugin.package,
        )
    return judge
