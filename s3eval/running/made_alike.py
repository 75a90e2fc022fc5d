"""Whether findings that are kept of a run were made as those that join it will be.

A run records its model, settings and judge once, for all its tasks. Findings of tasks that are
not asked now are kept only where what would be recorded holds for them too; otherwise the run
would claim settings that its answers were not made with.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from s3eval.errors import S3EvalError
from s3eval.secrets_in_text import MASK, is_secret
from s3eval.terminal import cut, visible

if TYPE_CHECKING:
    from s3eval.running.runs import RunFacts

__all__ = [
    "SettingDifference",
    "differences_of",
    "is_made_otherwise",
    "later_identity_keys",
    "refuse_other_settings",
    "shown_value",
]

_LONGEST_VALUE = 80
_MOST_SHOWN = 5
_IN_ADDRESS = re.compile(r"(?<=//)[^/\s@]+(?=@)|(?<=[?&])[^\s#]+")


class SettingDifference:
    """A setting with another value than before.

    >>> print(SettingDifference("seed", 0, 1))
    seed: 0 → 1
    >>> print(SettingDifference("identity.api_key", "sk-1", "sk-2"))
    identity.api_key: *** → ***
    """

    def __init__(self, name: str, before: Any, now: Any) -> None:
        self.name, self.before, self.now = name, shown_value(name, before), shown_value(name, now)

    def __str__(self) -> str:
        return f"{self.name}: {self.before} → {self.now}"

    def in_words(self) -> str:
        """Both values for an error."""
        return f"{self.name} is {self.before} there and {self.now} now"


def differences_of(name: str, before: Any, now: Any) -> list[SettingDifference]:
    """What differs between two recorded values, tables compared entry by entry.

    Args:
        name: what the values are of; entries are named after a dot.

    >>> [str(d) for d in differences_of("identity", {"a": 1, "b": 2}, {"a": 1, "b": 3})]
    ['identity.b: 2 → 3']
    """
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        keys = dict.fromkeys((*before, *now))
        return [d for k in keys for d in differences_of(f"{name}.{k}", *_both(k, before, now))]
    # JSON knows lists only.
    same = before == now or (isinstance(now, tuple) and list(now) == before)
    return [] if same else [SettingDifference(name, before, now)]


def refuse_other_settings(
    before: RunFacts,
    now: RunFacts,
    kept: Sequence[str],
    where: str,
    is_loaded: bool = True,
    is_judged: bool = False,
) -> None:
    """Refuse to keep findings that were made otherwise than the run would say.

    Args:
        before: the facts of the run that is there.
        now: those that would be recorded for all tasks.
        kept: the tasks whose findings would be kept.
        where: the run's name.
        is_loaded: whether ``now`` holds what the loaded model says of itself.
        is_judged: whether a judge reads for one of the kept tasks.

    Raises:
        S3EvalError: a setting differs; says which, with both values.
    """
    differences = _settings_differences(before, now)
    if is_loaded:
        differences += _model_differences(before, now)
    judges = _judge(before), _judge(now)
    if is_judged and all(judges):
        differences += differences_of("judge", *judges)
    if not differences:
        return
    shown = [d.in_words() for d in differences[:_MOST_SHOWN]]
    if len(differences) > _MOST_SHOWN:
        shown.append(f"and {len(differences) - _MOST_SHOWN} more")
    every = ",".join(dict.fromkeys((*kept, *now.tasks)))
    raise S3EvalError(
        f"The findings of {', '.join(kept)} in this folder were made with other settings",
        where=where,
        why="; ".join(shown),
        fix=f"--tasks {every}, so that these tasks are asked anew too, another --out, or --replace "
        "to begin this run anew (its answers are kept for reuse)",
    )


def is_made_otherwise(before: RunFacts, now: RunFacts) -> bool:
    """Whether settings or model differ, so that findings made before are not those made now."""
    return bool(_settings_differences(before, now) or _model_differences(before, now))


def later_identity_keys(before: RunFacts, now: RunFacts) -> list[str]:
    """Entries of the model's identity that an earlier version did not record.

    Only where that run was made by another version and with the same options of the model: the
    versions explain the entry then. Otherwise an entry that is new is a setting that differs.
    """
    recorded = before.versions
    shared = [p for p in now.versions if p in recorded and p != "python"]
    is_same_version = bool(shared) and all(now.versions[p] == recorded[p] for p in shared)
    if is_same_version or before.options.get("model", {}) != now.options.get("model", {}):
        return []
    return _added("identity", before.identity, now.identity)


def _settings_differences(before: RunFacts, now: RunFacts) -> list[SettingDifference]:
    differences = differences_of("protocol", before.protocol, now.protocol)
    differences += differences_of("seed", before.seed, now.seed)
    # What an older version did not record tells nothing.
    if "profile" in before.options:
        profiles = before.options["profile"], now.options.get("profile")
        differences += differences_of("profile", *profiles)
    for name in ("sampling", "repeat"):
        values = (before.options.get(name) or {}, now.options.get(name) or {})
        differences += differences_of(name, *values)
    return differences


def _judge(facts: RunFacts) -> str:
    recorded = facts.options.get("judge")
    return str(recorded.get("name", "")) if isinstance(recorded, Mapping) else ""


def _model_differences(before: RunFacts, now: RunFacts) -> list[SettingDifference]:
    senses = sorted(before.senses), sorted(now.senses)
    differences = differences_of("senses", *senses)
    later = set(later_identity_keys(before, now))
    identity = differences_of("identity", before.identity, now.identity)
    return differences + [d for d in identity if d.name not in later]


def _added(name: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    names: list[str] = []
    for key, value in now.items():
        called, earlier = f"{name}.{key}", before.get(key)
        if isinstance(value, Mapping) and (earlier is None or isinstance(earlier, Mapping)):
            names += _added(called, earlier or {}, value)
        elif key not in before:
            names.append(called)
    return names


def _both(key: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[Any, Any]:
    one, two = before.get(key), now.get(key)
    # A table that is absent on one side is empty there.
    if isinstance(one, Mapping) or isinstance(two, Mapping):
        return ({} if one is None else one), ({} if two is None else two)
    return one, two


def shown_value(name: str, value: Any) -> str:
    """A setting's value as messages show it: what may be a secret is masked.

    >>> shown_value("threshold", 0.2), shown_value("api_key", "sk-1")
    ('0.2', '***')
    """
    if value is None:
        return "none"
    if is_secret(name):
        return MASK
    return cut(_IN_ADDRESS.sub(MASK, visible(str(value))), _LONGEST_VALUE)
