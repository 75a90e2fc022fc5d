"""A run as trackers of experiments keep it: short facts, and numbers by name.

No text, no name of a video and no path is among them: a tracker may be another machine.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from s3eval.version import __version__

if TYPE_CHECKING:
    from s3eval.running.runs import Run
    from s3eval.statistics.table import ScoreRow

__all__ = ["Tracked", "tracked"]

#: What stands beside a score, by the ending of its name.
_BESIDE = ("low", "high", "chance_value", "scored", "asked")


@dataclass(frozen=True)
class Tracked:
    """What a tracker gets of one run.

    Attributes:
        name: the run's, by which tables call it.
        facts: model, tasks, protocol and the like; each a short text.
        values: every defined score as ``task.item.metric``, and beside it the same name with
            ``.low``, ``.high`` (95 % by patient), ``.chance_value``, ``.scored``, ``.asked``.
    """

    name: str
    facts: dict[str, str]
    values: dict[str, float]


def tracked(run: Run, scores: Sequence[ScoreRow]) -> Tracked:
    """The facts and numbers of a run that has been scored."""
    facts = run.facts
    known = {
        "model": facts.model,
        "tasks": " ".join(facts.tasks),
        "protocol": facts.protocol,
        "profile": facts.profile,
        "dataset_digest": facts.digest[:12],
        "judge": str(facts.judge.get("judge", "none")),
        "seed": str(facts.seed),
        "s3eval": __version__,
    }
    # A checkpoint may be a folder of this machine, whose path may name somebody.
    for name in ("checkpoint", "revision", "dtype"):
        value = facts.identity.get(name)
        if isinstance(value, str) and re.fullmatch(r"[\w.-]+(/[\w.-]+)?", value):
            known[name] = value
    values: dict[str, float] = {}
    for row in scores:
        if row.value is None:
            continue
        name = re.sub(r"[^\w. /-]", "_", f"{row.task}.{row.item}.{row.metric}")
        values[name] = row.value
        beside = {key: getattr(row, key) for key in _BESIDE}
        values |= {f"{name}.{key}": float(v) for key, v in beside.items() if v is not None}
    return Tracked(run.name, known, values)
