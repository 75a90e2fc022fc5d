"""Loading the judge a user named, behind the privacy gate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from s3eval.errors import S3EvalError
from s3eval.facts.identity import checked_identity
from s3eval.permission import LOCAL_ONLY, Permission, permitted_options
from s3eval.plugin_calls import call_plugin, load_adapter

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
    remote = call_plugin(f"remote of judge '{name}'", plugin.package, lambda: judge.remote)
    if remote and not permission.allow_remote:
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

    judge = load_adapter(plugin, Judge, options)  # type: ignore[type-abstract]
    name, package = plugin.spec.name, plugin.package
    # Recorded with every run: what cannot be written is told before anything is asked.
    called = f"identity() of judge '{name}'"
    call_plugin(called, package, lambda: checked_identity(judge.identity(), name, package))
    return judge
