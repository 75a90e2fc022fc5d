"""Scores of texts: BLEU and ROUGE as the libraries have them, in any script."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest
import sacrebleu
from hypothesis import given, settings
from hypothesis import strategies as st
from rouge_score import rouge_scorer

from s3eval.errors import S3EvalError
from s3eval.metrics import text

WORDS = ["the", "patient", "jerks", "jerking", "arm", "arms", "stiff", "left", "and", "."]
TEXT = st.lists(st.sampled_from(WORDS), min_size=1, max_size=12).map(" ".join)
PAIRS = st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=8)


@given(PAIRS, st.randoms())
@settings(max_examples=60, deadline=None)
def test_bleu_statistics_sum_to_sacrebleu_in_any_order(pairs, random) -> None:
    said, told = [p for p, _ in pairs], [r for _, r in pairs]
    expected = sacrebleu.corpus_bleu(said, [told]).score
    assert text.bleu(said, told) == expected
    statistics = [text.bleu_statistics(p, r) for p, r in pairs]
    random.shuffle(statistics)
    found = text.bleu_of_statistics(np.sum(statistics, axis=0))
    assert float(found) == pytest.approx(expected, abs=1e-9)
    assert 0 <= expected <= 100 + 1e-9


def test_bleu_of_many_sums_at_once_and_of_none() -> None:
    one = text.bleu_statistics("the arm jerks and jerks", "the arm jerks and stops")
    found = text.bleu_of_statistics(np.array([one, np.zeros(10)]))
    assert found.shape == (2,) and math.isnan(found[1]) and found[0] > 0
    assert text.bleu([], []) is None
    with pytest.raises(S3EvalError, match="references"):
        text.bleu(["a"], [])


@given(TEXT, TEXT)
@settings(deadline=None)
def test_rouge_equals_the_library(said, true) -> None:
    library = rouge_scorer.RougeScorer(["rouge1", "rougeL"], use_stemmer=True).score(true, said)
    found = text.rouge(said, true)
    assert found.rouge1 == library["rouge1"].fmeasure
    assert found.rouge_l == library["rougeL"].fmeasure
    mirrored = text.rouge(true, said)
    assert found.rouge1 == pytest.approx(mirrored.rouge1)
    assert 0 <= found.rouge_l <= found.rouge1 <= 1


def test_rouge_by_hand() -> None:
    # Stemmed: "arm" twice matches; 2 of 3 and 2 of 4 words.
    assert text.rouge("arms jerk fast", "the arm jerks slowly").rouge1 == pytest.approx(4 / 7)
    # Reversed order keeps words, not the subsequence.
    assert text.rouge("left arm", "arm left").rouge1 == 1
    assert text.rouge("left arm", "arm left").rouge_l == 0.5
    assert text.rouge("...", "arm") == text.Rouge(0.0, 0.0)


@pytest.mark.parametrize("word", ["", "  ", "Fail", "failed", "ERROR", "na", "N/A", "none", "null"])
def test_words_for_no_text_are_left_out(word) -> None:
    assert text.left_out(word)
    assert not text.left_out(f"{word} is said")


def test_the_stemmer_is_nltks_and_leaves_the_rest_of_nltk_alone() -> None:
    program = (
        "import sys; from s3eval.metrics.stemming import stem; a = stem('stiffening');"
        "assert 'nltk' not in sys.modules and 'sklearn' not in sys.modules;"
        "from nltk.stem.porter import PorterStemmer; assert PorterStemmer().stem('stiffening') == a"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize(
    "same",
    [
        "患者头部向左转动，随后右臂强直。",
        "患者は頭を左に回す。",
        "Пациент поворачивает голову налево.",
        "المريض يدير رأسه إلى اليسار",
        "환자는 머리를 왼쪽으로 돌린다 그리고",
        "रोगी अपना सिर बाईं ओर घुमाता है",
        "ผู้ป่วยหันศีรษะไปทางซ้าย",
        "Ο ασθενής γυρίζει το κεφάλι",
        "את הראש הוא מסובב שמאלה",
    ],
)
def test_the_same_text_in_any_script_is_alike(same) -> None:
    assert text.rouge(same, same) == text.Rouge(1.0, 1.0)
    assert text.bleu([same], [same]) == pytest.approx(100)
    sums = text.bleu_statistics(same, same)
    assert float(text.bleu_of_statistics(sums)) == pytest.approx(100)


def test_other_scripts_are_compared_by_their_words() -> None:
    # 2 of 4 characters, 1 of 2 words; the longest common subsequence keeps the order.
    assert text.rouge("右臂屈曲", "右臂强直") == text.Rouge(0.5, 0.5)
    assert text.rouge("рука дрожит", "рука покоится") == text.Rouge(0.5, 0.5)
    assert text.rouge("дрожит рука", "рука дрожит") == text.Rouge(1.0, 0.5)
    assert text.rouge("头部转动", "右臂") == text.Rouge(0.0, 0.0)


@given(TEXT)
@settings(deadline=None)
def test_a_text_of_the_library_s_letters_is_left_to_the_library(said) -> None:
    """One text in another script changes nothing: what the release's cells rest on."""
    library = rouge_scorer.RougeScorer(["rouge1"], use_stemmer=True)
    mixed = f"{said} 头部"
    assert text.rouge(mixed, said).rouge1 == library.score(said, mixed)["rouge1"].fmeasure
    assert text.bleu([mixed], [said]) == sacrebleu.corpus_bleu([mixed], [[said]]).score
