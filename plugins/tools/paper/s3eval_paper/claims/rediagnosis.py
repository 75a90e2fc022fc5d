"""Table 2's Task-7 and two-stage columns, done again honestly for every recorded model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from s3eval.errors import S3EvalError
from s3eval.running.loading import load_tasks
from s3eval.statistics.features import FeatureTable, annotated, read_by
from s3eval.statistics.folds import folds_of, within
from s3eval.statistics.table import ScoreRow, rows_of_findings
from s3eval.statistics.two_stage import Fits, Prediction, Setup, TwoStage, two_stage
from s3eval.statistics.two_stage_scores import score_two_stage

if TYPE_CHECKING:
    from s3eval.dataset import Dataset
    from s3eval.task import Finding
    from s3eval_paper.release.runs import Recorded

__all__ = [
    "OWN",
    "PUBLISHED",
    "Depth",
    "Diagnosed",
    "FiveFold",
    "five_folds",
    "own_readings",
    "rediagnose",
]

#: What a second stage of a model's own readings is trained on, and the folds that the release has.
OWN = "own readings"
PUBLISHED = "published"
METRICS = ("precision", "recall", "f1", "accuracy")
TEST_FOLD = 0


@dataclass(frozen=True)
class Depth:
    """How much is computed: resamples, classifiers of the second stage, whether to tune them."""

    resamples: int = 2000
    classifiers: tuple[str, ...] = ("random-forest", "knn", "svm", "logistic-regression")
    tune: bool = True
    seed: int = 0


@dataclass(frozen=True)
class Diagnosed:
    """One way of one model to a diagnosis.

    Attributes:
        model: its published name, "annotation" for the clinicians' own features.
        way: "video only", "video and report" or "two-stage".
        classifier, trained_on, folds: of the second stage, "" otherwise.
        rows: by metric, with interval, chance levels and mark.
        printed: by metric the paper's cell, {} where it has none.
        asked: how many diagnosed test videos were asked about or could have been read.
        note: what the reader must know.
        predictions: the second stage's, () otherwise.
    """

    model: str
    way: str
    rows: Mapping[str, ScoreRow]
    printed: Mapping[str, str]
    asked: int
    classifier: str = ""
    trained_on: str = ""
    folds: str = ""
    note: str = ""
    predictions: tuple[Prediction, ...] = ()


@dataclass(frozen=True)
class FiveFold:
    """The second stage on annotated features, every published fold held out in turn (Table 32).

    Attributes:
        by_fold: F1 (ES) of the held-out fold; ``always`` that of always answering ES there.
        impurity, permutation: importances by feature, of classifiers that have them (Table 33).
    """

    classifier: str
    by_fold: Mapping[int, float | None]
    always: Mapping[int, float | None]
    impurity: Mapping[str, float]
    permutation: Mapping[str, float]


def five_folds(dataset: Dataset, depth: Depth) -> list[FiveFold]:
    """Table 32 again, on the annotated features."""
    truth = annotated(dataset)
    folds, source = folds_of(dataset)
    results = []
    for classifier in depth.classifiers:
        setup = Setup(
            classifier,
            tune=depth.tune,
            seed=depth.seed,
            importances=classifier == depth.classifiers[0],
        )
        done = two_stage(truth, truth, dataset, folds, setup, source)
        by_fold = score_two_stage(done, dataset, 100, depth.seed).by_fold
        results.append(
            FiveFold(
                classifier,
                {fold: own for fold, (own, _, _) in by_fold.items()},
                {fold: always for fold, (_, always, _) in by_fold.items()},
                done.impurity,
                done.permutation,
            )
        )
    return results


def rediagnose(
    dataset: Dataset,
    recorded: Sequence[Recorded],
    depth: Depth,
    on_own: Callable[[], Mapping[str, Sequence[Diagnosed]]] | None = None,
) -> list[Diagnosed]:
    """Every recorded model's three ways, and the second stage on annotated features.

    Args:
        on_own: gives `own_readings` of the same release, where it is computed elsewhere.
    """
    test = [r for r in recorded if r.split == "test"]
    diagnosed: list[Diagnosed] = []
    for run in test:
        diagnosed += _direct(dataset, run, depth)
    truth, fits = annotated(dataset), Fits()
    diagnosed += _stages(dataset, "annotation", truth, truth, depth, fits)
    stages = {}
    for run in test:
        mine = _readings(run.model, run.findings)
        if mine is not None:
            stages[run.model] = _stages(dataset, run.model, mine, truth, depth, fits)
    own = on_own() if on_own else own_readings(dataset, recorded, depth)
    for model, staged in stages.items():
        diagnosed += [*staged, *own.get(model, ())]
    return diagnosed


def own_readings(
    dataset: Dataset, recorded: Sequence[Recorded], depth: Depth
) -> dict[str, list[Diagnosed]]:
    """By model the second stage trained on its own readings."""
    every = {r.model: r for r in recorded if r.split == "all"}
    by_model = {}
    for run in (r for r in recorded if r.split == "test"):
        mine = _readings(run.model, run.findings)
        whole = every.get(run.model)
        own = _readings(run.model, whole.findings) if whole else None
        if mine is not None:
            by_model[run.model] = _on_own(dataset, run.model, mine, own, depth)
    return by_model


def _readings(model: str, findings: Iterable[Finding]) -> FeatureTable | None:
    table = read_by(model, (f for f in findings if f.task == "recognition"))
    return table if table.videos else None


def _direct(dataset: Dataset, run: Recorded, depth: Depth) -> list[Diagnosed]:
    findings = [f for f in run.findings if f.task == "diagnosis"]
    if not findings:
        return []
    rows = rows_of_findings(
        {"diagnosis": findings},
        dataset,
        "release",
        load_tasks(["diagnosis"]),
        depth.resamples,
        depth.seed,
    )
    ways = {"video_only": "video only", "with_report": "video and report"}
    known = {v.name for v in dataset.videos if v.diagnosis}
    diagnosed = []
    for item, way in ways.items():
        mine = {r.metric: r for r in rows if r.item == item and r.metric in METRICS}
        asked = sum(f.item == item and f.video in known for f in findings)
        if mine:
            lost = asked - next(iter(mine.values())).videos
            note = f"{lost} of {asked} answers say neither ES nor NES and are dropped"
            printed = _printed(run.model, item)
            diagnosed.append(
                Diagnosed(run.model, way, mine, printed, asked, note=note if lost else "")
            )
    return diagnosed


def _printed(model: str, item: str) -> dict[str, str]:
    from s3eval_paper.tables import cells, models

    if model not in models():
        return {}
    return {c.metric: c.printed for c in cells("2", model) if c.item == item}


def _stages(
    dataset: Dataset,
    model: str,
    tested: FeatureTable,
    training: FeatureTable,
    depth: Depth,
    fits: Fits,
) -> list[Diagnosed]:
    folds, source = folds_of(dataset)
    diagnosed = []
    for classifier in depth.classifiers:
        setup = Setup(classifier, tune=depth.tune, seed=depth.seed, importances=False)
        done = two_stage(tested, training, dataset, folds, setup, source, [TEST_FOLD], fits)
        diagnosed.append(_staged(dataset, model, done, depth))
    return diagnosed


def _on_own(
    dataset: Dataset,
    model: str,
    test: FeatureTable,
    every: FeatureTable | None,
    depth: Depth,
) -> list[Diagnosed]:
    """Trained on the model's own readings: of the other folds where they were recorded."""
    classifier = depth.classifiers[0]
    setup = Setup(classifier, tune=depth.tune, seed=depth.seed, importances=False)
    if every is not None:
        folds, source = folds_of(dataset)
        try:
            done = two_stage(every, every, dataset, folds, setup, source, [TEST_FOLD])
            return [_staged(dataset, model, done, depth)]
        except S3EvalError:
            pass  # The readings do not reach the other folds after all; cut within instead.
    made, source = within(dataset, set(test.videos), seed=depth.seed)
    # Some twenty patients are too few to choose hyper-parameters on inner folds of theirs.
    done = two_stage(test, test, dataset, made, replace(setup, tune=False), source)
    return [_staged(dataset, model, done, depth)]


def _staged(dataset: Dataset, model: str, done: TwoStage, depth: Depth) -> Diagnosed:
    scores = score_two_stage(done, dataset, depth.resamples, depth.seed)
    first = done.setup.classifier == depth.classifiers[0]
    tests = [v for v in dataset.videos if v.fold == TEST_FOLD and v.diagnosis]
    es = sum(p.truth == "ES" for p in done.predictions) / len(done.predictions)
    notes = [f"{len(done.dropped)} features never read"] if done.dropped else []
    if len(done.predictions) < len(tests):
        notes.append(
            f"readings of {len(done.predictions)} of {len(tests)} test videos, {es:.0%} of them ES"
        )
    note = "; ".join(notes)
    # The paper prints one two-stage column, a random forest's; trained on the models' readings.
    printed = _printed(model, "two_stage") if first else {}
    return Diagnosed(
        model=model,
        way="two-stage",
        rows={r.metric: r for r in scores.rows},
        printed=printed,
        asked=len(tests),
        classifier=done.setup.classifier,
        trained_on=done.trained_on,
        folds=PUBLISHED if "dataset" in done.folds_from else done.folds_from,
        note=note,
        predictions=done.predictions,
    )
