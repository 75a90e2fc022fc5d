"""Two-stage diagnosis: the 20 features to ES or NES by an ordinary classifier (paper, 3.4.2).

Folds are always whole patients; hyper-parameters are chosen by inner folds of whole patients
within the training folds; what was trained on what is named in every result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from s3eval.errors import S3EvalError, UnknownNameError
from s3eval.statistics import importances
from s3eval.statistics.features import FeatureTable
from s3eval.statistics.splits import patient_folds, refuse_leaks

if TYPE_CHECKING:
    from s3eval.dataset import Dataset

__all__ = ["CLASSIFIERS", "MISSING", "Fits", "Prediction", "Setup", "TwoStage", "two_stage"]

Missing = Literal["indicator", "most-frequent", "no"]
#: How an unknown feature enters a classifier: as 0 with a column that says it was unknown, as
#: the training folds' most frequent value, or as "no".
MISSING: tuple[Missing, ...] = ("indicator", "most-frequent", "no")
TREES = 500
# Enough to choose a leaf size by; the chosen forest is grown whole.
SEARCH_TREES = 150
INNER_FOLDS = 4
# scikit-learn's own default.
NEIGHBOURS = 5
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Setup:
    """How the second stage is trained.

    Attributes:
        classifier: one of `CLASSIFIERS`.
        missing: one of `MISSING`.
        tune: choose hyper-parameters on inner folds; False takes the defaults.
        tune_by: scikit-learn's name of the score they are chosen by.
        seed: of every random step.
        importances: whether to compute them (the slow part).
    """

    classifier: str = "random-forest"
    missing: Missing = "indicator"
    tune: bool = True
    tune_by: str = "balanced_accuracy"
    seed: int = 0
    importances: bool = True


@dataclass(frozen=True)
class Prediction:
    """One held-out video: its truth, what was predicted, and how surely.

    ``probability`` is of ES, None for classifiers that give none; ``score`` grows with ES.
    """

    video: str
    patient: str
    fold: int
    truth: str
    predicted: str
    probability: float | None
    score: float


@dataclass(frozen=True)
class TwoStage:
    """A finished second stage.

    Attributes:
        tested_on: whose readings were classified; ``trained_on`` what the training features
            were: "annotation" or "own readings"; ``folds_from`` where the folds come from.
        predictions: one a held-out video, by fold and name.
        parameters: by test fold the chosen hyper-parameters; without a choice what differs from
            the defaults (a neighbourhood larger than the training videos is cut to them).
        dropped: features the tested readings never have, left out of training too.
        further: what was read beside the 20 features and is not classified by.
        missing: unknown values by feature among the tested videos.
        impurity: mean decrease in impurity by feature over folds (sum 1), {} where the
            classifier has none; ``permutation`` mean loss of balanced accuracy on the held-out
            videos when the feature is shuffled.
        untested: folds that could not be tested, with the reason.
    """

    tested_on: str
    trained_on: str
    folds_from: str
    setup: Setup
    predictions: tuple[Prediction, ...]
    parameters: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    dropped: tuple[str, ...] = ()
    further: tuple[str, ...] = ()
    missing: Mapping[str, int] = field(default_factory=dict)
    impurity: Mapping[str, float] = field(default_factory=dict)
    permutation: Mapping[str, float] = field(default_factory=dict)
    untested: Mapping[int, str] = field(default_factory=dict)


def _forest(seed: int) -> Any:
    from s3eval.statistics.forest import Forest

    return Forest(n_estimators=TREES, random_state=seed)


def _neighbours(seed: int) -> Any:
    from sklearn.neighbors import KNeighborsClassifier

    return KNeighborsClassifier(n_neighbors=NEIGHBOURS)


def _vectors(seed: int) -> Any:
    from sklearn.svm import SVC

    return SVC(random_state=seed)


def _logistic(seed: int) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(max_iter=5000, random_state=seed)


#: name -> (how to make it, whether features are scaled, what is searched)
CLASSIFIERS: Mapping[str, tuple[Callable[[int], Any], bool, Mapping[str, Sequence[Any]]]] = {
    "random-forest": (_forest, False, {"min_samples_leaf": (1, 3, 5)}),
    "knn": (_neighbours, False, {"n_neighbors": (3, 5, 9, 15), "weights": ("uniform", "distance")}),
    "svm": (_vectors, True, {"C": (0.1, 1.0, 10.0), "gamma": ("scale", 0.01)}),
    "logistic-regression": (_logistic, True, {"C": (0.01, 0.1, 1.0, 10.0)}),
}


def pipeline(setup: Setup) -> Any:
    """The scikit-learn pipeline of a setup: fill gaps, scale where it matters, classify.

    Raises:
        UnknownNameError: no such classifier.
    """
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler

    if setup.classifier not in CLASSIFIERS:
        raise UnknownNameError(
            "classifier", setup.classifier, CLASSIFIERS, fix=f"one of {', '.join(CLASSIFIERS)}"
        )
    make, scaled, _ = CLASSIFIERS[setup.classifier]
    fills: dict[str, dict[str, Any]] = {
        "indicator": {"strategy": "constant", "fill_value": 0.0, "add_indicator": True},
        "most-frequent": {"strategy": "most_frequent"},
        "no": {"strategy": "constant", "fill_value": 0.0},
    }
    # A feature unknown in all training videos keeps its column: it may be known when tested.
    steps = [("fill", SimpleImputer(keep_empty_features=True, **fills[setup.missing]))]
    steps += [("scale", StandardScaler())] if scaled else []
    return Pipeline([*steps, ("classify", make(setup.seed))])


class Fits:
    """Fitted classifiers, kept by everything that their fitting depends on.

    Runs that are trained on the same annotation share their classifiers.

    >>> fits = Fits()
    >>> x, y = np.array([[1.0], [0.0]]), np.array([True, False])
    >>> setup = Setup("logistic-regression", tune=False)
    >>> fits.of(x, y, ["P1", "P2"], setup)[0] is fits.of(x.copy(), y, ["P1", "P2"], setup)[0]
    True
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[Any, ...], tuple[Any, dict[str, Any]]] = {}

    def of(
        self, x: Floats, y: NDArray[np.bool_], patients: Sequence[str], setup: Setup
    ) -> tuple[Any, dict[str, Any]]:
        """The pipeline fitted on these videos, and its chosen parameters.

        Args:
            x: (videos, features); ``y`` whether each is ES; ``patients`` whose each is.
        """
        # Importances are computed afterwards and change no fit.
        alike = replace(setup, importances=False)
        key = (alike, x.shape, x.tobytes(), y.tobytes(), tuple(patients))
        if key not in self._kept:
            self._kept[key] = _fitted(x, y, patients, setup)
        return self._kept[key]


def two_stage(
    tested: FeatureTable,
    training: FeatureTable,
    dataset: Dataset,
    folds: Mapping[str, int],
    setup: Setup | None = None,
    folds_from: str = "",
    only: Sequence[int] | None = None,
    fits: Fits | None = None,
) -> TwoStage:
    """Classify every fold's videos by a classifier trained on the other folds.

    Args:
        tested: the features that are classified (a run's, or the annotation).
        training: the features it is trained on: ``tested`` again, or the annotation.
        folds: fold by video name, whole patients.
        only: test these folds only; the others still train.
        fits: what earlier calls fitted; a classifier with the same training is not fitted again.

    Raises:
        S3EvalError: a patient is on both sides, or there is nothing to train or test on.
    """
    setup = setup or Setup()
    refuse_leaks(folds, dataset.patients, folds_from)
    truth = {v.name: v.diagnosis for v in dataset.videos if v.diagnosis}
    features = [f for f in tested.features if f not in tested.never_known()]
    if not features:
        raise S3EvalError("No feature was read", where=tested.source)
    state = _State(tested, training, dataset.patients, truth, features, setup, fits or Fits())
    untested: dict[int, str] = {}
    done: list[_Fold] = []
    with _steady():
        for fold in sorted(set(folds.values()) if only is None else set(only)):
            held = [v for v in tested.videos if folds.get(v) == fold and v in truth]
            rest = [v for v in training.videos if folds.get(v, fold) != fold and v in truth]
            reason = _why_not(held, rest, truth)
            if reason:
                untested[fold] = reason
            else:
                done.append(_one_fold(state, fold, held, rest))
    if not done:
        why = "; ".join(f"fold {f}: {reason}" for f, reason in untested.items())
        raise S3EvalError("No fold could be tested", where=tested.source, why=why)
    return TwoStage(
        tested_on=tested.source,
        trained_on="annotation" if training.source == "annotation" else "own readings",
        folds_from=folds_from,
        setup=setup,
        predictions=tuple(p for fold in done for p in fold.predictions),
        parameters={fold.fold: fold.parameters for fold in done},
        dropped=tuple(f for f in tested.features if f not in features),
        further=tested.further,
        missing={f: n for f, n in tested.missing().items() if f in features},
        impurity=importances.averaged([fold.impurity for fold in done]),
        permutation=importances.averaged([fold.permutation for fold in done]),
        untested=untested,
    )


@contextmanager
def _steady() -> Iterator[None]:
    """One thread: which of equally near neighbours counts would depend on how many there are.

    What scikit-learn checks of every tree's parameters and input is left out: all are ours.
    """
    import sklearn
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    checks = {"skip_parameter_validation": True, "assume_finite": True}
    with threadpool_limits(limits=1), sklearn.config_context(**checks):
        yield


def _why_not(held: Sequence[str], rest: Sequence[str], truth: Mapping[str, str]) -> str:
    if not held:
        return "no video of it was read"
    if len({truth[v] for v in rest}) < 2:
        return "the other folds have no readings of both diagnoses to train on"
    return ""


@dataclass(frozen=True, eq=False)
class _State:
    tested: FeatureTable
    training: FeatureTable
    patients: Mapping[str, str]
    truth: Mapping[str, str]
    features: Sequence[str]
    setup: Setup
    fits: Fits


@dataclass(frozen=True)
class _Fold:
    fold: int
    predictions: tuple[Prediction, ...]
    parameters: Mapping[str, Any]
    impurity: Mapping[str, float]
    permutation: Mapping[str, float]


def _one_fold(state: _State, fold: int, held: Sequence[str], rest: Sequence[str]) -> _Fold:
    setup = state.setup
    x, y = state.training.rows(rest, state.features), [state.truth[v] == "ES" for v in rest]
    fitted, parameters = state.fits.of(x, np.array(y), [state.patients[v] for v in rest], setup)
    unseen = state.tested.rows(held, state.features)
    predicted = fitted.predict(unseen)
    chances: Floats | None = None
    if hasattr(fitted, "predict_proba"):
        chances = fitted.predict_proba(unseen)[:, list(fitted.classes_).index(True)]
    scores = chances if chances is not None else fitted.decision_function(unseen)
    predictions = tuple(
        Prediction(
            video=video,
            patient=state.patients[video],
            fold=fold,
            truth=state.truth[video],
            predicted="ES" if predicted[i] else "NES",
            probability=None if chances is None else float(chances[i]),
            score=float(scores[i]),
        )
        for i, video in enumerate(held)
    )
    impurity: dict[str, float] = {}
    permutation: dict[str, float] = {}
    if setup.importances:
        impurity = importances.impurity(fitted, state.features)
        answers = np.array([state.truth[v] == "ES" for v in held])
        permutation = importances.permutation(fitted, unseen, answers, state.features, setup.seed)
    return _Fold(fold, predictions, parameters, impurity, permutation)


def _fitted(
    x: Floats, y: NDArray[np.bool_], patients: Sequence[str], setup: Setup
) -> tuple[Any, dict[str, Any]]:
    """The pipeline fitted on the training folds, its parameters chosen on inner folds."""
    made = pipeline(setup)
    grid = CLASSIFIERS[setup.classifier][2]
    smallest = min(
        len({p for p, label in zip(patients, y, strict=True) if label == c}) for c in (True, False)
    )
    inner = min(INNER_FOLDS, smallest)
    if not setup.tune or inner < 2:
        fewer = _fewer(setup.classifier, len(y))
        made.set_params(**{f"classify__{k}": v for k, v in fewer.items()})
        return made.fit(x, y), fewer
    from sklearn.model_selection import GridSearchCV

    cuts = patient_folds(list(y), list(patients), inner, setup.seed)
    tried = pipeline(setup)
    if setup.classifier == "random-forest":
        tried.set_params(classify__n_estimators=min(TREES, SEARCH_TREES))
    grid = _possible(grid, min(len(train) for train, _ in cuts))
    named = {f"classify__{k}": list(v) for k, v in grid.items()}
    search = GridSearchCV(tried, named, scoring=setup.tune_by, cv=cuts, refit=False)
    search.fit(x, y)
    chosen = {k.removeprefix("classify__"): v for k, v in sorted(search.best_params_.items())}
    return made.set_params(**search.best_params_).fit(x, y), chosen


def _fewer(classifier: str, videos: int) -> dict[str, Any]:
    """What the defaults must change for so few training videos: a smaller neighbourhood.

    >>> _fewer("knn", 4), _fewer("knn", 9), _fewer("svm", 4)
    ({'n_neighbors': 4}, {}, {})
    """
    if classifier == "knn" and videos < NEIGHBOURS:
        return {"n_neighbors": videos}
    return {}


def _possible(grid: Mapping[str, Sequence[Any]], videos: int) -> dict[str, Sequence[Any]]:
    """A grid without neighbourhoods larger than the training videos of an inner fold.

    >>> _possible({"n_neighbors": (3, 5, 9), "weights": ("uniform",)}, 6)
    {'n_neighbors': [3, 5], 'weights': ('uniform',)}
    """
    possible = dict(grid)
    if "n_neighbors" in possible:
        possible["n_neighbors"] = [k for k in possible["n_neighbors"] if k <= videos] or [videos]
    return possible
