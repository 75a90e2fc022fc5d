"""The verbs that installed packages add to the command line."""

from __future__ import annotations

from collections.abc import Collection

from s3eval.plugins import distribution_of, installed
from s3eval.specs import CommandSpec

__all__ = ["added_verbs", "package_of_verb"]


def added_verbs(group: str = "", taken: Collection[str] = ()) -> dict[str, CommandSpec]:
    """The verbs that packages add to a group, by name; nothing of them is imported.

    Args:
        group: "data" for ``s3eval data``; "" for the top.
        taken: verbs of the group's own, which no package replaces.

    >>> "view" in added_verbs() and "view" in added_verbs(taken=["view"])
    False
    """
    added: dict[str, CommandSpec] = {}
    for plugin in installed().of("command"):
        *before, verb = plugin.spec.name.split(" ")
        if " ".join(before) == group and verb not in taken:
            added[verb] = plugin.spec
    return added


def package_of_verb(group: str, verb: str) -> str:
    """The package of this project that brings a verb, "" for verbs that none brings.

    >>> package_of_verb("data", "synth"), package_of_verb("", "dance")
    ('s3eval-synth', '')
    """
    return distribution_of("command", f"{group} {verb}".strip())
