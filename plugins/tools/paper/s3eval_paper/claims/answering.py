"""Claims 10 and 11: the bias towards yes, and whether the judge matters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from s3eval.facts.tally import Tally
from s3eval_paper.claims.claim import (
    SUPPORTED,
    UNTESTABLE,
    Claim,
    Table,
    Verdict,
    around,
    by_interval,
    by_majority,
)
from s3eval_paper.claims.drawing import Draws
from s3eval_paper.claims.tuning import tuned_and_base
from s3eval_paper.tables import cells

if TYPE_CHECKING:
    from s3eval.dataset import Dataset
    from s3eval_paper.claims.rediagnosis import Depth
    from s3eval_paper.release.runs import Recorded

__all__ = ["judges", "says_yes"]


def says_yes(dataset: Dataset, test: Sequence[Recorded], depth: Depth) -> Claim:
    """Claim 10: whether models say yes more often than the annotation does."""
    rows, verdicts = [], []
    for run in test:
        tally = _excess(dataset, run)
        if tally is None:
            continue
        draws = Draws.of(dataset, [tally], depth.resamples, depth.seed)
        excess = draws.around(draws.values([tally])[0], [tally])
        yes, annotated_yes, n = (float(x) for x in tally.rows.sum(axis=0))
        verdicts.append(by_interval(excess.low, excess.high))
        shares = (f"{yes / n:.2f}", f"{annotated_yes / n:.2f}", around(excess), f"{n:.0f}")
        rows.append((run.model, *shares, str(excess.videos), str(excess.patients)))
    finding = "No recorded model answers Task 1 on the test set."
    if rows:
        more = sum(v == SUPPORTED for v in verdicts)
        finding = f"{more} of {len(rows)} models are shown to say yes more often than is annotated."
    columns = ("model", "says yes", "annotated yes", "excess", "answers", "videos", "patients")
    return Claim(
        "10",
        "Models are biased towards yes",
        "“the confusion matrices reveal a consistent positive prediction bias” (Figure 8, of one "
        "model; tested here for every recorded one)",
        by_majority(verdicts),
        "For every recorded model: supported if the interval of its share of yes minus the "
        "annotated share, on the same videos and features, is above 0, contradicted if below; the "
        "verdict is that of more than half of the models.",
        finding,
        (Table("How often Task 1 is answered with yes", columns, tuple(rows)),) if rows else (),
    )


def _excess(dataset: Dataset, run: Recorded) -> Tally | None:
    """By video (yes said, yes annotated, answers), where both are yes or no."""
    counts: dict[str, list[float]] = {}
    for f in run.findings:
        if f.task != "recognition" or f.value not in ("yes", "no"):
            continue
        annotated = dataset.annotation(f.video).features.get(f.item)
        if annotated is None or annotated.presence not in ("yes", "no"):
            continue
        at = counts.setdefault(f.video, [0.0, 0.0, 0.0])
        at[0] += f.value == "yes"
        at[1] += annotated.presence == "yes"
        at[2] += 1
    if not counts:
        return None
    rows = np.array([*counts.values()])
    return Tally("recognition", "yes", "excess", tuple(counts), rows, _difference)


def _difference(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(sums[..., 2] > 0, (sums[..., 0] - sums[..., 1]) / sums[..., 2], np.nan)


def judges() -> Claim:
    """Claim 11: Table 25's three judges; only one of them has readings in the release."""
    rqi = [c.value for c in cells("25") if c.metric == "rqi"]
    tuned, _ = tuned_and_base()
    models = [c.value for c in cells("2") if c.item == "report" and c.model not in tuned]
    spread, between = max(rqi) - min(rqi), max(models) - min(models)
    verdict: Verdict = UNTESTABLE
    return Claim(
        "11",
        "Scores hardly depend on the judge",
        "“LLM sensitivity … only small differences in Task 6 RQI scores (38.70–42.26)” (Sections "
        "4.1 and 4.3, Table 25)",
        verdict,
        "Testable where readings of one set of texts by several judges are released: supported if "
        "the interval of the largest difference between judges excludes the smallest difference "
        "between models that the paper interprets.",
        f"The release has readings of one judge only. On the print itself: three judges' RQI "
        f"differ by {spread:.2f} points, and the {len(models)} untuned models of Table 2 differ by "
        f"{between:.2f} in all: the difference between judges is {spread / between:.0%} of the "
        "whole span of models.",
    )
