"""The interpretation score (Task 2) from the lexicon's answers, against the recorded scores."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from reading_measures import lexicon, patient, rows, stem
from s3eval_paper.release.layout import TRUTH, model_folders

from s3eval.dataset.sheets import Problems
from s3eval.metrics.agreement import spearman
from s3eval.metrics.interpretation import interpretation_score
from s3eval.statistics.resampling import interval, patient_draws
from s3eval.tasks.questions import scored_keys
from s3eval.vocabulary import FEATURE_NAMES

SCORES_FOLDER = "test_dataset/metrics_test/middle_results"


def interpretation_cells(root: Path) -> Iterator[tuple[str, str, str, float, float]]:
    """(model, feature, video, score from the lexicon, recorded score) of every scored cell."""
    judge = lexicon()
    truth = {stem(r["file_name"]): r for r in rows(root / TRUTH["features"])}
    recorded = {
        _key(p.name.split("__")[0]): p for p in sorted((root / SCORES_FOLDER).glob("*.csv"))
    }
    for folder in model_folders(root, "test", Problems()):
        path = folder.files.get("justification") or folder.files.get("recognition")
        scores = recorded.get(_key(folder.folder.name))
        if path is None or scores is None:
            print(f"{folder.folder.name}: no justifications or no recorded scores", file=sys.stderr)
            continue
        answers = {stem(r["file_name"]): r for r in rows(path)}
        for line in rows(scores):
            video = stem(line["file_name"])
            if video not in answers or video not in truth:
                continue
            for feature in FEATURE_NAMES:
                if (line.get(feature) or "") == "" or feature not in answers[video]:
                    continue
                ours = _interpretation(judge, feature, answers[video], truth[video])
                if ours is not None:
                    yield folder.folder.name, feature, video, ours, float(line[feature])


def _key(name: str) -> str:
    plain = "".join(c for c in name.lower() if c.isalnum())
    return {"audioflamingo3": "af3"}.get(plain, plain.replace("instruct", ""))


def _interpretation(
    judge: Any, feature: str, answer: Mapping[str, str], truth: Mapping[str, str]
) -> float | None:
    answered, annotated = (_label(row.get(feature, "")) for row in (answer, truth))
    if answered != annotated:
        return 0.0
    chain = scored_keys(feature, "release")
    if not chain:
        return 1.0
    texts = [row.get(f"justification_for_{feature}") or "" for row in (answer, truth)]
    read = judge.answer_questions([(feature, t) for t in texts])
    answers = [r if hasattr(r, "answers") else None for r in read]
    return interpretation_score(answered, annotated, answers[0], answers[1], chain)


def _label(cell: str) -> str:
    plain = cell.strip().lower()
    return plain if plain in ("yes", "no") else "na"


def interpretation_report(root: Path) -> dict[str, Any]:
    """Per feature: Spearman over models of mean scores; overall; per-video agreement."""
    cells = list(interpretation_cells(root))
    models = sorted({c[0] for c in cells})
    patients = sorted({patient(c[2]) for c in cells})
    sums = np.zeros((2, len(models), len(FEATURE_NAMES), len(patients)))
    count = np.zeros((len(models), len(FEATURE_NAMES), len(patients)))
    for model, feature, video, ours, recorded in cells:
        at = models.index(model), FEATURE_NAMES.index(feature), patients.index(patient(video))
        sums[(0, *at)] += ours
        sums[(1, *at)] += recorded
        count[at] += 1
    ones = np.ones(len(patients))
    whole = _means(sums, count, ones)
    draws = patient_draws(len(patients), 500, 0)
    values = [_summary(_means(sums, count, w)) for w in draws]
    jack = [_summary(_means(sums, count, ones - e)) for e in np.eye(len(patients))]
    summary = _summary(whole)
    ends = {
        key: interval(summary[key], _column(values, key), _column(jack, key)) for key in summary
    }
    same = np.mean([abs(c[3] - c[4]) < 1e-9 for c in cells])
    near = np.mean([abs(c[3] - c[4]) for c in cells])
    return {
        "models": models,
        "cells": len(cells),
        "summary": {
            key: {"value": value, "low": ends[key].low, "high": ends[key].high}
            for key, value in summary.items()
        },
        "per_feature": {f: _feature_line(whole, i, models) for i, f in enumerate(FEATURE_NAMES)},
        "same_score_per_video": float(same),
        "mean_absolute_difference_per_video": float(near),
    }


def _column(summaries: Sequence[Mapping[str, float | None]], key: str) -> np.ndarray:
    return np.array([np.nan if v[key] is None else v[key] for v in summaries], dtype=np.float64)


def _means(sums: np.ndarray, count: np.ndarray, weights: np.ndarray) -> np.ndarray:
    below = count @ weights
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(below > 0, (sums @ weights) / below, np.nan)


def _summary(means: np.ndarray) -> dict[str, float | None]:
    """Spearman over (feature, model) cells, over models' overall scores, mean over features."""
    known = ~np.isnan(means[0]) & ~np.isnan(means[1])
    with np.errstate(invalid="ignore"):
        overall = [np.nanmean(np.where(known, m, np.nan), axis=1) for m in means]
    each = [_over_models(means, i) for i in range(means.shape[2])]
    correlations = [r for r in each if r is not None]
    return {
        "cells_spearman": spearman(list(means[0][known]), list(means[1][known])),
        "overall_spearman": spearman(list(overall[0]), list(overall[1])),
        "mean_feature_spearman": float(np.mean(correlations)) if correlations else None,
    }


def _over_models(means: np.ndarray, feature: int) -> float | None:
    x, y = means[0][:, feature], means[1][:, feature]
    known = ~np.isnan(x) & ~np.isnan(y)
    return spearman(list(x[known]), list(y[known])) if known.sum() > 2 else None


def _feature_line(means: np.ndarray, feature: int, models: Sequence[str]) -> dict[str, Any]:
    return {
        "spearman": _over_models(means, feature),
        "lexicon": {m: _rounded(means[0][i, feature]) for i, m in enumerate(models)},
        "recorded": {m: _rounded(means[1][i, feature]) for i, m in enumerate(models)},
    }


def _rounded(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), 4)
