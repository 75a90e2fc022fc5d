"""How far a model's probabilities can be trusted, and whether fitting a threshold helps.

Probabilities of the windows are combined over a video by their maximum (any-yes) or by
noisy-or, 1 - prod(1 - p); which of the two is named. Thresholds, Platt scaling and isotonic
regression are fitted on training folds only and applied to the test fold, patients whole, and
stand beside the raw decision on the same videos.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from s3eval.statistics import ranking
from s3eval.statistics.resampling import Cohort, interval, intervals, patient_draws
from s3eval.statistics.splits import refuse_leaks

if TYPE_CHECKING:
    from s3eval.facts.videos import Dataset
    from s3eval.task import Finding, Task, TruthContext

__all__ = [
    "METHODS",
    "Calibration",
    "Case",
    "Decision",
    "Measured",
    "Windows",
    "calibrate",
    "cases_of",
    "measure",
]

Floats = NDArray[np.float64]
Labels = NDArray[np.bool_]
Windows = Literal["max", "noisy-or"]
#: What is fitted; "raw" is the model's own word.
METHODS = ("raw", "threshold", "platt", "isotonic")
_MEASURES: Mapping[str, Callable[[Labels, Floats, Floats], Floats]] = {
    "auroc": ranking.auroc,
    "average_precision": ranking.average_precision,
    "brier": ranking.brier,
    "calibration_error": ranking.calibration_error,
}


@dataclass(frozen=True)
class Case:
    """One video of one item: truth, probability of the positive class, the model's own word."""

    video: str
    truth: bool
    probability: float
    answer: bool


@dataclass(frozen=True)
class Measured:
    """A score with its interval by patient bootstrap; None where undefined."""

    value: float | None
    low: float | None
    high: float | None
    note: str = ""


@dataclass(frozen=True)
class Decision:
    """A yes/no decision on the test folds' videos.

    Attributes:
        method: one of `METHODS`; ``fitted_on`` how many training videos it was fitted on.
        thresholds: by test fold, the probability from which on it says yes.
        scores: precision, recall, f1, accuracy; brier and calibration_error of its probability.
    """

    method: str
    fitted_on: int
    thresholds: Mapping[int, float]
    scores: Mapping[str, Measured]
    note: str = ""


@dataclass(frozen=True)
class Calibration:
    """What the probabilities of one item are worth; `dataclasses.asdict` of it is JSON-able.

    ``chance`` holds what probabilities without knowledge get: AUROC 0.5, average precision the
    share of positives, Brier p(1 - p).
    """

    run: str
    task: str
    item: str
    positive: str
    windows: Windows
    videos: int
    patients: int
    positives: int
    measures: Mapping[str, Measured]
    chance: Mapping[str, float]
    curve: Sequence[Mapping[str, float | int | None]]
    tested_on: str
    decisions: Sequence[Decision]
    without: int = 0


def cases_of(
    findings: Iterable[Finding],
    tasks: Mapping[str, Task],
    dataset: Dataset,
    context_of: Callable[[str], TruthContext],
    windows: Windows = "max",
) -> dict[tuple[str, str], list[Case]]:
    """By (task, item) the videos with a probability, a word and a two-valued truth.

    A finding without a probability is left out; with ``windows`` "noisy-or" one without it too.
    """
    cases: dict[tuple[str, str], list[Case]] = {}
    for f in findings:
        item = tasks[f.task].item(f.item) if f.task in tasks else None
        labels = item.two_valued if item else None
        if labels is None or f.state != "answered" or f.video not in dataset.annotations:
            continue
        given = f.probability if windows == "max" else f.detail.get("noisy_or")
        video, annotation = dataset.video(f.video), dataset.annotation(f.video)
        truth = tasks[f.task].truth(video, annotation, f.item, context_of(f.task))
        if given is None or truth not in labels or f.value not in labels:
            continue
        case = Case(f.video, truth == labels[0], float(given), f.value == labels[0])
        cases.setdefault((f.task, f.item), []).append(case)
    return {key: sorted(some, key=lambda c: c.video) for key, some in sorted(cases.items())}


def _positive(tasks: Mapping[str, Task], task: str, item: str) -> str:
    known = tasks[task].item(item)
    return known.positive if known else ""


def measure(
    truth: Labels,
    probability: Floats,
    videos: Sequence[str],
    patients: Mapping[str, str],
    resamples: int = 2000,
    seed: int = 0,
    measures: Sequence[str] = tuple(_MEASURES),
) -> dict[str, Measured]:
    """AUROC, average precision, Brier and calibration error with intervals by patient."""
    if not len(videos):
        return {m: Measured(None, None, None, "no video") for m in measures}
    cohort = Cohort.of(patients, videos)
    n = len(cohort)
    weights = np.concatenate([np.ones((1, n)), patient_draws(n, resamples, seed), 1.0 - np.eye(n)])[
        :, [cohort.place[v] for v in videos]
    ]
    measured = {}
    for name in measures:
        values = _MEASURES[name](truth, probability, weights)
        value = None if np.isnan(values[0]) else float(values[0])
        around = interval(value, values[1 : 1 + resamples], values[1 + resamples :])
        measured[name] = Measured(value, around.low, around.high, around.note)
    return measured


def calibrate(
    run: str,
    findings: Iterable[Finding],
    tasks: Mapping[str, Task],
    dataset: Dataset,
    context_of: Callable[[str], TruthContext],
    folds: Mapping[str, int],
    windows: Windows = "max",
    test_folds: Sequence[int] = (0,),
    resamples: int = 2000,
    seed: int = 0,
) -> list[Calibration]:
    """Every item of a run that has probabilities.

    Args:
        tasks: by name; their items say which label is positive.
        context_of: by the name of a task what its truth depends on, its options among that.
        folds: fold by video; patients whole.
        test_folds: decisions are fitted on the other folds and applied to these.

    Raises:
        S3EvalError: a patient is on both sides of the folds.
    """
    refuse_leaks(folds, dataset.patients)
    rows = list(findings)
    calibrations = []
    for (task, item), cases in cases_of(rows, tasks, dataset, context_of, windows).items():
        truth = np.array([c.truth for c in cases])
        chances = np.array([c.probability for c in cases])
        videos = [c.video for c in cases]
        share = float(truth.mean())
        asked = sum(f.task == task and f.item == item for f in rows)
        decisions = _decisions(cases, dataset.patients, folds, test_folds, resamples, seed)
        calibrations.append(
            Calibration(
                run=run,
                task=task,
                item=item,
                positive=_positive(tasks, task, item),
                windows=windows,
                videos=len(cases),
                patients=len({dataset.patients[v] for v in videos}),
                positives=int(truth.sum()),
                measures=measure(truth, chances, videos, dataset.patients, resamples, seed),
                chance={
                    "auroc": 0.5,
                    "average_precision": share,
                    "brier": share * (1 - share),
                    "calibration_error": 0.0,
                },
                curve=ranking.reliability(truth, chances),
                tested_on=f"fold {', '.join(map(str, test_folds))}",
                decisions=decisions,
                without=asked - len(cases),
            )
        )
    return calibrations


def _decisions(
    cases: Sequence[Case],
    patients: Mapping[str, str],
    folds: Mapping[str, int],
    test_folds: Sequence[int],
    resamples: int,
    seed: int,
) -> list[Decision]:
    """The raw decision and each fitted one, all on the same held-out videos."""
    applied: dict[str, list[tuple[Case, bool, float]]] = {m: [] for m in METHODS}
    thresholds: dict[str, dict[int, float]] = {m: {} for m in METHODS}
    fitted_on = 0
    for fold in test_folds:
        held = [c for c in cases if folds.get(c.video) == fold]
        rest = [c for c in cases if folds.get(c.video, fold) != fold]
        if not held or len({c.truth for c in rest}) < 2:
            continue
        fitted_on += len(rest)
        for method in METHODS:
            adjust, limit = _fit(method, rest)
            new = adjust(np.array([c.probability for c in held]))
            thresholds[method][fold] = limit
            for case, chance in zip(held, new, strict=True):
                says = case.answer if method == "raw" else bool(chance >= limit)
                applied[method].append((case, says, float(chance)))
    if not applied["raw"]:
        return []
    return [
        Decision(
            method,
            0 if method == "raw" else fitted_on,
            {} if method == "raw" else thresholds[method],
            _scores(applied[method], patients, resamples, seed),
        )
        for method in METHODS
    ]


def _fit(method: str, cases: Sequence[Case]) -> tuple[Callable[[Floats], Floats], float]:
    """What turns a probability into a fitted one, and the threshold on it."""
    truth = np.array([c.truth for c in cases])
    chances = np.array([c.probability for c in cases])
    if method == "raw":
        return lambda p: p, 0.5
    if method == "threshold":
        return lambda p: p, best_threshold(truth, chances)
    if method == "platt":
        from sklearn.linear_model import LogisticRegression

        # Almost unpenalised: two parameters need no shrinking, and separable data some.
        fitted: Any = LogisticRegression(C=1e4, max_iter=1000).fit(_odds(chances), truth)
        return lambda p: np.asarray(fitted.predict_proba(_odds(p))[:, 1]), 0.5
    from sklearn.isotonic import IsotonicRegression

    steps: Any = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip")
    steps.fit(chances, truth.astype(float))
    return lambda p: np.asarray(steps.predict(p)), 0.5


def _odds(probability: Floats) -> Floats:
    p = np.clip(probability, 1e-6, 1 - 1e-6)
    return np.log(p / (1 - p))[:, None]


def best_threshold(truth: Labels, probability: Floats) -> float:
    """The threshold with the highest F1 on these videos; the highest such one.

    Halfway between neighbouring probabilities, so that it does not sit on a value.

    >>> best_threshold(np.array([True, True, False]), np.array([0.9, 0.6, 0.2]))
    0.4
    """
    levels = np.unique(probability)
    cuts = np.concatenate([levels[:1], (levels[:-1] + levels[1:]) / 2])
    says = probability[None, :] >= cuts[:, None]
    hits = (says & truth).sum(axis=1)
    f1 = 2 * hits / np.maximum(says.sum(axis=1) + truth.sum(), 1)
    return float(cuts[np.flatnonzero(f1 >= f1.max() - 1e-12)[-1]])


def _scores(
    applied: Sequence[tuple[Case, bool, float]],
    patients: Mapping[str, str],
    resamples: int,
    seed: int,
) -> dict[str, Measured]:
    from s3eval.metrics.tallies import binary

    videos = [case.video for case, _, _ in applied]
    words = {True: "yes", False: "no"}
    truth = [words[case.truth] for case, _, _ in applied]
    tallies = binary("", "", videos, truth, [words[says] for _, says, _ in applied], "yes")
    scores = {
        t.metric: Measured(t.value, i.low, i.high, i.note)
        for t, i in zip(tallies, intervals(tallies, patients, resamples, seed), strict=True)
    }
    labels = np.array([case.truth for case, _, _ in applied])
    chances = np.array([chance for _, _, chance in applied])
    kept = ("brier", "calibration_error")
    return {**scores, **measure(labels, chances, videos, patients, resamples, seed, kept)}
