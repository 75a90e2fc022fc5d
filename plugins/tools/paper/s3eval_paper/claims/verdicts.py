"""The paper's claims, held against what its release lets one compute.

Each verdict follows from a rule that is printed with it, so another release, or another seed,
gives its own verdict; the margins stand in `margins`, with their sources.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from s3eval_paper.claims.answering import judges, says_yes
from s3eval_paper.claims.claim import Claim
from s3eval_paper.claims.diagnosis import two_stage_gain, two_stage_score
from s3eval_paper.claims.groups import groups
from s3eval_paper.claims.perception import weaknesses
from s3eval_paper.claims.rediagnosis import Depth, Diagnosed
from s3eval_paper.claims.reports import report_index
from s3eval_paper.claims.tuning import fine_tuning
from s3eval_paper.claims.with_report import report_gain
from s3eval_paper.release.ratings import Rated

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
    rated: Sequence[Rated] = (),
    step: Callable[[str], None] = lambda words: None,
) -> list[Claim]:
    """Every claim, the abstract's first.

    Args:
        scores: by recorded model its rows under the protocol `paper`.
        diagnosed: from `rediagnosis.rediagnose`.
        rated: the rated reports, where the release has the file.
        step: told what is begun.
    """
    test = [r for r in recorded if r.split == "test"]
    step("claims 1 and 2: weaknesses, agreement with experts")
    all_claims = [weaknesses(test, scores), *report_index(depth, rated)]
    step("claim 3: fine-tuning")
    all_claims += fine_tuning(dataset, test, depth)
    step("claims 4 and 5: two-stage diagnosis")
    all_claims += [two_stage_score(diagnosed), two_stage_gain(dataset, test, diagnosed, depth)]
    step("claims 6 to 11: sizes, families, senses, reports, yes, judges")
    all_claims += groups(dataset, test, depth)
    return [
        *all_claims,
        report_gain(dataset, test, depth),
        says_yes(dataset, test, depth),
        judges(),
    ]
