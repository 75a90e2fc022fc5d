"""The baselines of Task 1: what a model must beat to have seen anything.

The coin that says yes as often as a feature occurs is not among them: its exact expectation is
computed for every classification task by `s3eval.statistics.chance`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from s3eval.tasks.baselines import answered_alike, majority, training_values
from s3eval.tasks.items import asked_of

if TYPE_CHECKING:
    from s3eval.task import Finding, ScoringContext

__all__ = ["baselines"]


def baselines(
    findings: Sequence[Finding], context: ScoringContext
) -> Mapping[str, Sequence[Finding]]:
    """Each baseline's findings on the same videos and items.

    "majority" says of a feature what most training videos show (`s3eval.tasks.baselines`).
    """
    asked = asked_of(findings, context)
    training = training_values(asked, context, _presence)
    learnt = [(f, values) for f in asked if (values := training[f.video, f.item])]
    return {
        "always-yes": [answered_alike(f, "yes") for f in asked],
        "always-no": [answered_alike(f, "no") for f in asked],
        "majority": [answered_alike(f, majority(values)) for f, values in learnt],
    }


def _presence(context: ScoringContext, video: str, item: str) -> str | None:
    label = context.dataset.annotation(video).presence(item)
    return label if label in ("yes", "no", "na") else None
