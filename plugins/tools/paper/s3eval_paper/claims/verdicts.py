"""The paper's five headline claims, held against what its release lets one compute.

Each verdict follows from a rule that is printed with it, so another release, or another seed,
gives its own verdict.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from s3eval_paper.claims.claim import Claim
from s3eval_paper.claims.diagnosis import two_stage_gain, two_stage_score
from s3eval_paper.claims.perception import fine_tuning, weaknesses
from s3eval_paper.claims.rediagnosis import Depth, Diagnosed
from s3eval_paper.claims.reports import report_index

if TYPE_CHECKING:
    from s3eval.dataset import Dataset
    from s3eval.statistics.table import ScoreRow
    from s3eval_paper.release.runs import Recorded

__all__ = ["claims"]


def claims(
    dataset: Dataset,
    recorded: Sequence[Recorded],
    scores: Mapping[str, Sequence[ScoreRow]],
    diagnosed: Sequence[Diagnosed],
    depth: Depth,
) -> list[Claim]:
    """The five claims in the order of the abstract.

    Args:
        scores: by recorded model its rows under the protocol `paper`.
        diagnosed: from `rediagnosis.rediagnose`.
    """
    test = [r for r in recorded if r.split == "test"]
    return [
        weaknesses(scores),
        report_index(depth),
        fine_tuning(dataset, test, depth),
        two_stage_score(diagnosed),
        two_stage_gain(dataset, test, diagnosed, depth),
    ]
