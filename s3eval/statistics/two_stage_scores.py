"""The scores of a second stage, beside the always-ES line, with intervals by patient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from s3eval.metrics.tallies import binary
from s3eval.statistics.calibration import Measured, measure
from s3eval.statistics.table import ScoreRow, beside
from s3eval.statistics.two_stage import Prediction, TwoStage

if TYPE_CHECKING:
    from s3eval.dataset import Dataset

__all__ = ["TwoStageScores", "as_json", "score_two_stage"]


@dataclass(frozen=True)
class TwoStageScores:
    """A second stage's scores over all its held-out videos, and each fold's F1.

    Attributes:
        rows: precision, recall, f1 (positive ES) and accuracy, with chance levels.
        measures: AUROC and average precision of its score; with probabilities also Brier and
            calibration error.
        by_fold: fold -> (F1, F1 of always-ES, videos).
    """

    rows: Sequence[ScoreRow]
    measures: dict[str, Measured]
    by_fold: dict[int, tuple[float | None, float | None, int]]

    def row(self, metric: str) -> ScoreRow:
        """The row of that metric."""
        return next(r for r in self.rows if r.metric == metric)


def score_two_stage(
    result: TwoStage, dataset: Dataset, resamples: int = 2000, seed: int = 0
) -> TwoStageScores:
    """Score a second stage's predictions; intervals hold for these fitted classifiers.

    They resample the tested patients, not the training ones: how much another training set would
    have changed the classifier shows in the spread over folds.
    """
    item = f"two-stage {result.setup.classifier}"
    mine = _tallies(item, result.predictions, None)
    lines = {d: _tallies(item, result.predictions, d) for d in ("ES", "NES")}
    rows = beside(
        mine,
        {f"always-{d}": tallies for d, tallies in lines.items()},
        lambda tally: ([p.truth for p in result.predictions], "ES"),
        dataset.patients,
        "two-stage",
        resamples,
        seed,
    )
    truth = np.array([p.truth == "ES" for p in result.predictions])
    surely = [p.probability for p in result.predictions]
    videos = [p.video for p in result.predictions]
    wanted = ["auroc", "average_precision"]
    scores = np.array([p.score for p in result.predictions])
    if all(p is not None for p in surely):
        wanted += ["brier", "calibration_error"]
    measures = measure(truth, scores, videos, dataset.patients, resamples, seed, wanted)
    by_fold = {}
    for fold in sorted({p.fold for p in result.predictions}):
        part = [p for p in result.predictions if p.fold == fold]
        own, always = (_f1(_tallies(item, part, d)) for d in (None, "ES"))
        by_fold[fold] = (own, always, len(part))
    return TwoStageScores(rows, measures, by_fold)


def _tallies(item: str, predictions: Sequence[Prediction], constant: str | None) -> list[Any]:
    videos = [p.video for p in predictions]
    predicted = [constant or p.predicted for p in predictions]
    return binary("diagnosis", item, videos, [p.truth for p in predictions], predicted, "ES")


def _f1(tallies: Sequence[Any]) -> float | None:
    score: float | None = next(t.value for t in tallies if t.metric == "f1")
    return score


def as_json(result: TwoStage, scores: TwoStageScores) -> dict[str, Any]:
    """Everything about a second stage, JSON-able."""
    return {
        **asdict(result),
        "scores": [asdict(r) for r in scores.rows],
        "measures": {k: asdict(m) for k, m in scores.measures.items()},
        "by_fold": {
            str(k): {"f1": own, "always_es_f1": always, "videos": n}
            for k, (own, always, n) in scores.by_fold.items()
        },
        "parameters": {str(k): dict(v) for k, v in result.parameters.items()},
        "untested": {str(k): v for k, v in result.untested.items()},
    }
