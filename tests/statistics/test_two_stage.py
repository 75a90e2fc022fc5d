"""Two-stage diagnosis and splits: whole patients, nothing leaks, what is trained is named."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from s3eval.errors import S3EvalError, UnknownNameError
from s3eval.reporting.two_stage import remarks
from s3eval.statistics.features import annotated, read_by
from s3eval.statistics.folds import folds_of, within
from s3eval.statistics.splits import (
    Split,
    check_split,
    fold_facts,
    leaks,
    make_split,
    read_split,
    write_split,
)
from s3eval.statistics.two_stage import CLASSIFIERS, Setup, pipeline, two_stage
from s3eval.statistics.two_stage_scores import as_json, score_two_stage

QUICK = Setup("logistic-regression", tune=False, importances=False)


def folds(dataset):
    return {v.name: v.fold for v in dataset.videos}


@pytest.fixture(scope="module")
def few_trees():
    from s3eval.statistics import two_stage as module

    before, module.TREES = module.TREES, 40
    yield
    module.TREES = before


@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_every_classifier_learns_what_can_be_learnt(dataset, classifier, few_trees):
    truth = annotated(dataset)
    setup = Setup(classifier, tune=classifier != "random-forest", importances=False)
    found = two_stage(truth, truth, dataset, folds(dataset), setup, "here", [0, 1])
    scores = score_two_stage(found, dataset, resamples=200)
    assert scores.row("f1").value > 0.8
    assert scores.row("f1").chance["always-ES"] < scores.row("f1").value
    assert scores.measures["auroc"].value > 0.75
    assert ("brier" in scores.measures) == (classifier != "svm")
    assert set(found.parameters) == {0, 1}
    assert set(scores.by_fold) == {0, 1}
    as_json(found, scores)


def test_a_held_out_patient_trains_nothing(dataset):
    """Turning the test patients' diagnoses around changes no prediction for them."""
    truth = annotated(dataset)
    turned = replace(
        dataset,
        videos=tuple(
            replace(v, diagnosis={"ES": "NES", "NES": "ES"}[v.diagnosis]) if v.fold == 0 else v
            for v in dataset.videos
        ),
    )
    setup = Setup("logistic-regression", tune=True, importances=False)
    one, two = (
        two_stage(truth, truth, d, folds(dataset), setup, only=[0]) for d in (dataset, turned)
    )
    assert [p.score for p in one.predictions] == [p.score for p in two.predictions]
    assert [p.truth for p in one.predictions] != [p.truth for p in two.predictions]


def test_inner_folds_are_whole_patients(dataset, monkeypatch):
    import s3eval.statistics.two_stage as room

    seen = []
    original = room.patient_folds

    def watched(labels, patients, parts, seed):
        cuts = original(labels, patients, parts, seed)
        for train, held in cuts:
            seen.append({patients[i] for i in train} & {patients[i] for i in held})
        return cuts

    monkeypatch.setattr(room, "patient_folds", watched)
    truth = annotated(dataset)
    two_stage(truth, truth, dataset, folds(dataset), replace(QUICK, tune=True), only=[0])
    assert seen and not any(seen)


def test_a_patient_on_both_sides_is_refused(dataset):
    truth, mine = annotated(dataset), folds(dataset)
    patients = list(dataset.patients.values())
    video = next(v for v, p in dataset.patients.items() if patients.count(p) > 1)
    with pytest.raises(S3EvalError, match=r"1 patient\(s\) on both sides"):
        two_stage(truth, truth, dataset, {**mine, video: (mine[video] + 1) % 5}, QUICK)


def test_what_it_is_trained_on_is_named_and_matters(dataset, runs):
    read = read_by("good", runs["good"]["recognition"])
    on_truth = two_stage(read, annotated(dataset), dataset, folds(dataset), QUICK)
    on_own = two_stage(read, read, dataset, folds(dataset), QUICK)
    assert (on_truth.trained_on, on_own.trained_on) == ("annotation", "own readings")
    assert on_truth.tested_on == on_own.tested_on == "good"
    assert [p.score for p in on_truth.predictions] != [p.score for p in on_own.predictions]


def test_a_deaf_models_missing_features_are_left_out_of_training_and_said(dataset, runs):
    heard = ("verbal_responsiveness", "ictal_vocalization")
    seen = [f for f in runs["good"]["recognition"] if f.item not in heard]
    found = two_stage(read_by("deaf", seen), annotated(dataset), dataset, folds(dataset), QUICK)
    assert found.dropped == heard
    assert found.missing["tonic"] > 0


def test_what_is_read_beside_the_20_features_is_said(dataset, runs):
    findings = runs["good"]["recognition"]
    more = [replace(f, item="eye roll") for f in findings if f.item == "tonic"]
    read = read_by("more", [*findings, *more])
    found = two_stage(read, annotated(dataset), dataset, folds(dataset), QUICK)
    assert found.further == ("eye roll",) and "eye roll" not in found.dropped
    scores = score_two_stage(found, dataset, 20, 0)
    assert "read, but none of the 20 features (eye roll): more" in "".join(remarks([found]))
    assert as_json(found, scores)["further"] == ("eye roll",)


@pytest.mark.parametrize(
    ("missing", "columns"), [("indicator", 3), ("most-frequent", 2), ("no", 2)]
)
def test_missing_features_enter_as_named(missing, columns):
    x = np.array([[1.0, np.nan], [0.0, 1.0], [1.0, 1.0], [0.0, 0.0]])
    filled = pipeline(Setup("knn", missing=missing))["fill"].fit_transform(x)
    assert filled.shape[1] == columns
    assert filled[0, 1] == (1.0 if missing == "most-frequent" else 0.0)
    if missing == "indicator":
        assert filled[:, 2].tolist() == [1, 0, 0, 0]


def test_an_unreadable_answer_is_unknown_not_no(runs):
    table = read_by("good", runs["good"]["recognition"])
    lost = [f for f in runs["good"]["recognition"] if f.state == "unreadable"]
    for f in lost:
        assert np.isnan(table.rows([f.video], [f.item])[0, 0])


def test_importances_find_what_tells(dataset, few_trees):
    truth = annotated(dataset)
    setup = Setup("random-forest", tune=False)
    found = two_stage(truth, truth, dataset, folds(dataset), setup, only=[0])
    telling = {"tonic", "clonic", "head_turning", "figure4"}
    assert set(list(found.impurity)[:3]) <= telling
    assert next(iter(found.permutation)) in telling
    assert sum(found.impurity.values()) == pytest.approx(1.0)
    assert len(found.permutation) == 20


def test_folds_that_cannot_be_tested_are_said(dataset, runs):
    videos = {v.name for v in dataset.videos if v.fold == 0}
    only = read_by("r", [f for f in runs["good"]["recognition"] if f.video in videos])
    with pytest.raises(S3EvalError, match="No fold could be tested"):
        two_stage(only, only, dataset, folds(dataset), QUICK)
    made, source = within(dataset, videos)
    assert "within" in source
    assert not leaks(made, dataset.patients)
    assert set(made) == videos
    found = two_stage(only, only, dataset, made, QUICK, source)
    assert len(found.predictions) == len(only.videos)


def test_unknown_classifier():
    with pytest.raises(UnknownNameError, match="random-forest"):
        pipeline(Setup("random-forrest"))


def test_a_split_is_by_patient_stratified_and_the_same_again(dataset):
    split = make_split(dataset, folds=4, test=0.2, seed=3)
    assert not leaks(split.folds, dataset.patients)
    facts = fold_facts(split.folds, dataset)
    assert [f.fold for f in facts] == [0, 1, 2, 3, 4]
    assert sum(f.videos for f in facts) == len(dataset.videos)
    whole = sum(v.diagnosis == "ES" for v in dataset.videos) / len(dataset.videos)
    assert all(abs(f.es_share - whole) < 0.06 for f in facts)
    assert split == make_split(dataset, folds=4, test=0.2, seed=3)
    assert split.digest != make_split(dataset, folds=4, test=0.2, seed=4).digest


def test_a_frozen_split_comes_back_and_a_changed_one_does_not(dataset, tmp_path):
    split, path = make_split(dataset, seed=1), tmp_path / "split.csv"
    write_split(split, dataset, path)
    assert read_split(path) == split
    first = path.read_bytes()
    write_split(split, dataset, path)
    assert path.read_bytes() == first
    path.write_text(path.read_text().replace(",0\n", ",1\n", 1))
    with pytest.raises(S3EvalError, match="changed after it was frozen"):
        read_split(path)


def test_any_csv_is_a_split_and_is_checked(dataset, tmp_path):
    path = tmp_path / "theirs.csv"
    rows = [f"{v.name}.mp4,{i % 2}" for i, v in enumerate(dataset.videos)]
    path.write_text("file_name,fold\n" + "\n".join(rows) + "\n")
    problems = check_split(read_split(path), dataset)
    assert any("is in folds 0, 1" in p for p in problems)
    with pytest.raises(S3EvalError, match="both sides"):
        folds_of(dataset, str(path))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("video,part\na,1\n", "columns video and fold"),
        ("video,fold\na,1\na,2\n", "twice"),
        ("video,fold\na,one\n", "whole number"),
        ("", "empty"),
    ],
)
def test_a_broken_split_says_where(tmp_path, text, why):
    path = tmp_path / "s.csv"
    path.write_text(text)
    with pytest.raises(S3EvalError, match=why):
        read_split(path)


def test_check_says_what_is_missing(dataset):
    part = {v.name: 0 for v in dataset.videos[:5]}
    problems = check_split(Split({**part, "stranger": 1}), dataset)
    assert any("1 videos of the split are not in the dataset" in p for p in problems)
    assert any("are in no fold" in p for p in problems)


def test_too_few_patients_to_split(dataset):
    small = replace(dataset, videos=tuple(v for v in dataset.videos if v.patient < "P05"))
    with pytest.raises(S3EvalError, match="fewer than the"):
        make_split(small)


@pytest.fixture
def few(tmp_path):
    """Six videos of six patients in three folds: four to train on, two of each diagnosis."""
    (tmp_path / "dataset.toml").write_text('format = 1\nname = "few"\n')
    rows = [f"v{i},p{i},{'ES' if i % 2 else 'NES'},{i % 3}" for i in range(6)]
    (tmp_path / "videos.csv").write_text("\n".join(["video,patient,diagnosis,fold", *rows, ""]))
    rows = [f"v{i},tonic,{'yes' if i % 2 else 'no'},{i % 2 or ''}" for i in range(6)]
    (tmp_path / "features.csv").write_text("\n".join(["video,feature,present,start", *rows, ""]))
    return tmp_path


@pytest.mark.parametrize("tune", [True, False])
def test_few_patients_make_a_smaller_neighbourhood_not_an_error(few, tune, recwarn):
    from s3eval.dataset import open_folder

    small = open_folder(few)
    truth = annotated(small)
    setup = Setup("knn", tune=tune, importances=False)
    found = two_stage(truth, truth, small, folds(small), setup)
    assert len(found.predictions) == 6
    if not tune:
        assert found.parameters == {fold: {"n_neighbors": 4} for fold in range(3)}
    assert all(p["n_neighbors"] <= 4 for p in found.parameters.values())
    assert not recwarn.list, "no neighbourhood that cannot be was tried"


def test_a_smaller_neighbourhood_is_said(few):
    from click.testing import CliRunner

    from s3eval.cli.two_stage import command

    options = ["--classifiers", "knn", "--no-tune", "--resamples", "100"]
    done = CliRunner().invoke(command, ["--data", str(few), *options], catch_exceptions=False)
    assert done.exit_code == 0
    note = "folds 0, 1, 2: only 4 training videos, all of them its neighbours: annotation (knn)"
    assert done.output.count("only 4 training videos") == done.output.count(note) == 1


def test_shuffled_features_lose_what_scikit_learn_finds(dataset, few_trees):
    from sklearn.inspection import permutation_importance

    from s3eval.statistics.importances import permutation

    rng = np.random.default_rng(3)
    x = (rng.random((60, 6)) < 0.5).astype(float)
    x[rng.random(x.shape) < 0.1] = np.nan
    y = (np.nan_to_num(x[:, 0]) + rng.random(60)) > 0.8
    fitted = pipeline(Setup("random-forest")).fit(x, y)
    expected = permutation_importance(
        fitted, x, y, scoring="balanced_accuracy", n_repeats=5, random_state=7
    )
    found = permutation(fitted, x, y, list("abcdef"), 7)
    assert list(found.values()) == list(expected.importances_mean)


def test_the_same_training_is_fitted_once(dataset, runs, monkeypatch):
    import s3eval.statistics.two_stage as module

    fitted, original = [], module._fitted
    monkeypatch.setattr(module, "_fitted", lambda *a: (fitted.append(1), original(*a))[1])
    truth, fits = annotated(dataset), module.Fits()
    shared = [
        two_stage(
            read_by(n, runs[n]["recognition"]), truth, dataset, folds(dataset), QUICK, fits=fits
        )
        for n in ("good", "poor")
    ]
    assert len(fitted) == 5, "five folds, whatever was tested"
    alone = two_stage(
        read_by("poor", runs["poor"]["recognition"]), truth, dataset, folds(dataset), QUICK
    )
    assert alone.predictions == shared[1].predictions
    other = replace(QUICK, classifier="knn")
    two_stage(read_by("good", runs["good"]["recognition"]), truth, dataset, folds(dataset), other,
              fits=fits)  # fmt: skip
    assert len(fitted) == 15


def test_neighbours_do_not_depend_on_the_number_of_threads(dataset):
    from threadpoolctl import threadpool_limits

    truth, setup = annotated(dataset), Setup("knn", tune=False, importances=False)
    found = []
    for threads in (1, 4):
        with threadpool_limits(limits=threads):
            found.append(two_stage(truth, truth, dataset, folds(dataset), setup).predictions)
    assert found[0] == found[1]
