"""Whether statistics of words find what the lexicon misses: a classifier a feature, folds 1-4.

    python benchmarks/word_statistics.py --release DIR

Logistic regression over all words, pairs and triples of words that three training reports hold
and over the signs the lexicon finds, cross-validated by patient (ten folds) on the references of
folds 1-4; feature micro-F1 against the recorded reading, beside the lexicon's own. The best
threshold is taken afterwards, in the classifier's favour. The test split is not touched.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from reading_measures import micro_f1, patient, references
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from s3eval.vocabulary import FEATURE_NAMES

THRESHOLDS = (0.3, 0.35, 0.4, 0.45, 0.5)
STRENGTHS = (0.3, 1.0, 3.0)
FEWEST = 3  # recorded mentions below which the lexicon's own sign is kept


def over_all(positive: np.ndarray, truth: np.ndarray) -> float:
    """Micro-F1 over all reports and features."""
    counts = (positive & truth).sum(), (positive & ~truth).sum(), (~positive & truth).sum()
    return float(micro_f1(np.array(counts, dtype=np.float64)))


def predicted(
    texts: list[str], signs: np.ndarray, truth: np.ndarray, groups: list[str], strength: float
) -> np.ndarray:
    """Probability of each feature in each report, from the other patients' reports."""
    probabilities = np.zeros(truth.shape)
    folds = GroupKFold(10, shuffle=True, random_state=0)
    for train, test in folds.split(texts, groups=groups):
        counter = CountVectorizer(ngram_range=(1, 3), min_df=3, binary=True)
        counter.fit([texts[i] for i in train])
        words = counter.transform(texts).astype(float)
        lengths = np.sqrt(np.maximum(words.sum(axis=1), 1))
        both = hstack([csr_matrix(words / lengths) * 3, csr_matrix(signs * 3.0)]).tocsr()
        for i in range(truth.shape[1]):
            if truth[train, i].sum() < FEWEST:
                probabilities[test, i] = signs[test, i]
                continue
            model = LogisticRegression(C=strength, max_iter=2000)
            model.fit(both[train], truth[train, i])
            probabilities[test, i] = model.predict_proba(both[test])[:, 1]
    return probabilities


def main() -> None:
    """Print both."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--release", type=Path, required=True)
    pairs = references(parser.parse_args().release, "dev")
    truth = np.array([[f in p.recorded.features for f in FEATURE_NAMES] for p in pairs])
    signs = np.array([[f in p.ours.features for f in FEATURE_NAMES] for p in pairs])
    texts, groups = [p.text for p in pairs], [patient(p.video) for p in pairs]
    print(f"{len(pairs)} references: lexicon {over_all(signs, truth):.3f}")
    for strength in STRENGTHS:
        probabilities = predicted(texts, signs, truth, groups, strength)
        best = max(over_all(probabilities > t, truth) for t in THRESHOLDS)
        print(f"  with statistics of words, C={strength:g}: {best:.3f}")


if __name__ == "__main__":
    main()
