"""Bounds, symmetry, order and hand-computed cases of every metric."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest
import sacrebleu
import scipy.stats
import sklearn.metrics
from hypothesis import given, settings
from hypothesis import strategies as st
from rouge_score import rouge_scorer

from s3eval.errors import S3EvalError
from s3eval.metrics import agreement, sequence, text
from s3eval.metrics.interpretation import interpretation_score
from s3eval.testing.oracles import classification, timing

LABELS = st.lists(st.tuples(*[st.sampled_from(["yes", "no"])] * 2), min_size=1, max_size=30)
TOKENS = st.lists(st.sampled_from("abcdef"), max_size=12)
WORDS = ["the", "patient", "jerks", "jerking", "arm", "arms", "stiff", "left", "and", "."]
TEXT = st.lists(st.sampled_from(WORDS), min_size=1, max_size=12).map(" ".join)
PAIRS = st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=8)
NUMBERS = st.lists(
    st.tuples(*[st.floats(-100, 100).map(lambda x: round(x, 3))] * 2), min_size=2, max_size=20
)


# Classification


@given(LABELS, st.randoms())
@settings(deadline=None)
def test_binary_scores_lie_in_bounds_and_ignore_the_order_of_videos(pairs, random) -> None:
    before = classification.binary_scores([t for t, _ in pairs], [p for _, p in pairs], "yes")
    random.shuffle(pairs)
    after = classification.binary_scores([t for t, _ in pairs], [p for _, p in pairs], "yes")
    assert before == after
    for value in (before.precision, before.recall, before.f1, before.accuracy):
        assert 0 <= value <= 1


@given(LABELS)
@settings(deadline=None)
def test_f1_and_accuracy_are_symmetric_and_precision_is_the_others_recall(pairs) -> None:
    one = classification.binary_scores([t for t, _ in pairs], [p for _, p in pairs], "yes")
    other = classification.binary_scores([p for _, p in pairs], [t for t, _ in pairs], "yes")
    assert one.f1 == pytest.approx(other.f1) and one.accuracy == other.accuracy
    assert one.precision == pytest.approx(other.recall)


def test_binary_scores_by_hand() -> None:
    # 3 yes said, 2 of them right; 4 yes there; 6 videos.
    truth = ["yes", "yes", "yes", "yes", "no", "no"]
    said = ["yes", "yes", "no", "no", "yes", "no"]
    found = classification.binary_scores(truth, said, "yes")
    assert found.precision == pytest.approx(2 / 3)
    assert found.recall == pytest.approx(2 / 4)
    assert found.f1 == pytest.approx(2 * (2 / 3) * 0.5 / (2 / 3 + 0.5))
    assert found.accuracy == pytest.approx(3 / 6)


def test_a_zero_denominator_is_zero_but_nothing_scored_is_none() -> None:
    silent = classification.binary_scores(["yes"], ["no"], "yes")
    assert (silent.precision, silent.recall, silent.f1, silent.n) == (0, 0, 0, 1)
    assert classification.binary_scores([], [], "yes") == classification.macro_scores([], [])
    assert classification.binary_scores([], [], "yes").accuracy is None


def test_macro_scores_count_rare_labels_like_common_ones() -> None:
    found = classification.macro_scores(["a", "a", "a", "b"], ["a", "a", "a", "a"])
    assert found.recall == pytest.approx((1 + 0) / 2)
    assert found.precision == pytest.approx((3 / 4 + 0) / 2)
    assert found.accuracy == pytest.approx(3 / 4)


def test_a_label_only_predicted_weighs_on_the_macro_average() -> None:
    found = classification.macro_scores(["a", "a"], ["a", "fail"])
    assert found.recall == pytest.approx((0.5 + 0) / 2)


def test_coverage_counts_all_that_was_asked() -> None:
    assert classification.coverage(["yes", None, "Fail", "no"], {"yes", "no"}) == 0.5
    assert classification.coverage(["left", None]) == 0.5
    assert classification.coverage([]) is None


def test_paired_keeps_only_the_labels_that_count() -> None:
    assert classification.paired(["yes", None, "no"], ["Fail", "yes", "no"], {"yes", "no"}) == (
        ["no"],
        ["no"],
    )
    with pytest.raises(S3EvalError, match="as many predictions"):
        classification.paired(["yes"], [])


# Timing


TIMES = st.lists(st.tuples(st.none() | st.floats(0, 3600), st.floats(0, 3600)), max_size=20)


@given(TIMES, st.floats(0, 100))
@settings(deadline=None)
def test_timing_bounds(pairs, tolerance) -> None:
    found = timing.timing_scores([p for p, _ in pairs], [t for _, t in pairs])
    assert found.n == len(pairs) and 0 <= found.parsed <= found.n
    assert (found.mae is None) == (found.parsed == 0) == (found.median is None)
    if found.n:
        assert 0 <= found.within(tolerance) <= found.coverage <= 1
    else:
        assert found.coverage is None and found.within(tolerance) is None
    if found.parsed:
        assert found.mae >= 0 and found.median >= 0


@given(TIMES)
@settings(deadline=None)
def test_timing_is_symmetric_where_everything_parsed(pairs) -> None:
    known = [(p, t) for p, t in pairs if p is not None]
    one = timing.timing_scores([p for p, _ in known], [t for _, t in known])
    other = timing.timing_scores([t for _, t in known], [p for p, _ in known])
    assert one.errors == other.errors


def test_timing_by_hand() -> None:
    found = timing.timing_scores([28, 40, None, 31], [30, 30, 30, 30])
    assert (found.mae, found.median, found.coverage) == (pytest.approx(13 / 3), 2.0, 0.75)
    assert found.within(2) == 0.5, "an unread answer is a miss"


# Sequences


@given(TOKENS, TOKENS)
@settings(deadline=None)
def test_sequence_bounds_and_symmetry(said, true) -> None:
    distance = sequence.edit_distance(said, true)
    assert distance == sequence.edit_distance(true, said)
    assert abs(len(said) - len(true)) <= distance <= max(len(said), len(true))
    for value in (
        sequence.lcs_ratio(said, true),
        sequence.temporal_f1_release(said, true),
        sequence.temporal_f1_paper(said, true),
    ):
        assert 0 <= value <= 1
    assert sequence.temporal_f1_paper(said, true) == sequence.temporal_f1_paper(true, said)


@given(TOKENS)
@settings(deadline=None)
def test_a_sequence_equals_itself(tokens) -> None:
    assert sequence.edit_distance(tokens, tokens) == 0
    assert sequence.temporal_f1_release(tokens, tokens) == 1
    assert sequence.temporal_f1_paper(tokens, tokens) == 1
    assert sequence.lcs_ratio(tokens, tokens) == (1 if tokens else 0)


def test_paper_f1_by_hand() -> None:
    # True pairs: ab ac bc. Predicted a c b: ac ab cb. Two common: P = R = 2/3.
    assert sequence.temporal_f1_paper("acb", "abc") == pytest.approx(2 / 3)
    # Repeats keep their first occurrence.
    assert sequence.temporal_f1_paper("abab", "ab") == 1
    assert sequence.temporal_f1_paper("a", "b") == 1, "no pairs on either side"
    assert sequence.temporal_f1_paper("a", "ab") == 0, "pairs on one side only"


def test_release_f1_by_hand() -> None:
    # a=a, b→x replaced: one of two equal.
    assert sequence.temporal_f1_release("ab", "ax") == pytest.approx(1 / 2)
    # Insertion of b at the end: pairs (a, a) and (gap, b).
    assert sequence.temporal_f1_release("a", "ab") == pytest.approx(1 / 2)
    assert sequence.temporal_f1_release("", "") == 1


def test_endless_repetition_scores_high_in_the_published_f1_only() -> None:
    said, true = ["tonic", "clonic"] * 200, ["tonic", "clonic"]
    assert sequence.temporal_f1_release(said, true) > 0.95
    assert sequence.edit_distance(said, true) == 398
    assert sequence.lcs_ratio(said, true) == pytest.approx(2 / 400)


def test_repetition_of_wrong_tokens_scores_high_too() -> None:
    assert sequence.temporal_f1_release(["x"] * 100, ["a", "b"]) > 0.9
    assert sequence.temporal_f1_paper(["x"] * 100, ["a", "b"]) == 0


# Text


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


# Interpretation


def answers(**given):
    from s3eval.judge import FeatureAnswers

    return FeatureAnswers("clonic", given)


def test_interpretation_by_the_papers_formula() -> None:
    keys = ["rhythmic", "side", "parts", "sustained"]
    true = answers(rhythmic="yes", side="left", parts=("arm", "leg"), sustained="no")
    same = answers(rhythmic="yes", side="left", parts=("leg", "arm"), sustained="no")
    one_off = answers(rhythmic="yes", side="right", parts=("arm", "leg"), sustained="no")
    none = answers(rhythmic="yes", side="right", parts=("face",), sustained="yes")
    first = answers(rhythmic="no")

    def score(said, presence="yes"):
        return interpretation_score(presence, "yes", said, true, keys)

    assert score(same) == pytest.approx(1.0), "lists compare as sets"
    assert score(one_off) == pytest.approx(0.7 + 0.3 * 2 / 3)
    assert score(none) == pytest.approx(0.7)
    assert score(first) == 0.0
    assert score(same, "no") == 0.0
    assert score(None) is None, "an unread text has no score"
    assert interpretation_score("no", "yes", None, None, keys) == 0.0


def test_interpretation_when_the_first_answer_is_no_or_the_only_one() -> None:
    no = answers(rhythmic="no")
    assert interpretation_score("no", "no", no, no, ["rhythmic", "side"]) == 1.0
    yes = answers(rhythmic="yes")
    assert interpretation_score("yes", "yes", yes, yes, ["rhythmic"]) == 1.0
    assert interpretation_score("yes", "yes", None, None, []) == 1.0
    assert interpretation_score("yes", "yes", yes, yes, ["rhythmic", "side"]) is None


# Agreement


@given(NUMBERS, st.randoms())
@settings(deadline=None)
def test_correlations_are_bounded_symmetric_and_ignore_order(pairs, random) -> None:
    one, other = [a for a, _ in pairs], [b for _, b in pairs]
    for measure in (agreement.pearson, agreement.spearman, agreement.kendall, agreement.cosine):
        value = measure(one, other)
        if value is None:
            continue
        assert -1 - 1e-9 <= value <= 1 + 1e-9
        assert measure(other, one) == pytest.approx(value, abs=1e-9)
        mixed = random.sample(pairs, len(pairs))
        assert measure([a for a, _ in mixed], [b for _, b in mixed]) == pytest.approx(
            value, abs=1e-7
        )


@given(NUMBERS)
@settings(deadline=None)
def test_correlations_of_ranks_are_scipys(pairs) -> None:
    one, other = [round(a) for a, _ in pairs], [round(b / 30) for _, b in pairs]  # with ties
    for measure, library in (
        (agreement.spearman, scipy.stats.spearmanr),
        (agreement.kendall, scipy.stats.kendalltau),
    ):
        value = measure(one, other)
        if value is None:
            assert len({*one}) < 2 or len({*other}) < 2
        else:
            assert value == pytest.approx(library(one, other).statistic, abs=1e-15)


def test_the_stemmer_is_nltks_and_leaves_the_rest_of_nltk_alone() -> None:
    program = (
        "import sys; from s3eval.metrics.stemming import stem; a = stem('stiffening');"
        "assert 'nltk' not in sys.modules and 'sklearn' not in sys.modules;"
        "from nltk.stem.porter import PorterStemmer; assert PorterStemmer().stem('stiffening') == a"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@given(LABELS)
@settings(deadline=None)
def test_kappa_is_bounded_and_symmetric(pairs) -> None:
    one, other = [a for a, _ in pairs], [b for _, b in pairs]
    value = agreement.cohens_kappa(one, other)
    if value is not None:
        assert -1 - 1e-9 <= value <= 1 + 1e-9
        assert agreement.cohens_kappa(other, one) == pytest.approx(value)
        assert value == pytest.approx(sklearn.metrics.cohen_kappa_score(one, other), abs=1e-12)


def test_kappa_by_hand() -> None:
    # Observed 3/4; expected (2/4)(1/4) + (2/4)(3/4) = 1/2.
    assert agreement.cohens_kappa(list("yynn"), list("ynnn")) == pytest.approx(0.5)
    assert agreement.cohens_kappa([], []) is None
    assert agreement.cohens_kappa(["y"], ["y"]) is None


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=10))
@settings(deadline=None)
def test_earth_movers_distance_is_a_distance(pairs) -> None:
    one, other = [a for a, _ in pairs], [b for _, b in pairs]
    value = agreement.earth_movers_distance(one, other)
    if value is None:
        assert not sum(one) or not sum(other)
        return
    assert 0 <= value <= len(pairs) - 1 + 1e-9
    assert agreement.earth_movers_distance(other, one) == pytest.approx(value, abs=1e-12)
    assert agreement.earth_movers_distance(one, one) == 0


@given(NUMBERS)
@settings(deadline=None)
def test_pairwise_accuracy_of_a_rating_with_itself_and_reversed(pairs) -> None:
    expert = [b for _, b in pairs]
    same = agreement.pairwise_accuracy(expert, expert)
    assert same.value in (None, 1.0)
    back = agreement.pairwise_accuracy([-x for x in expert], expert)
    assert back.value in (None, 0.0)
    constant = agreement.pairwise_accuracy([1.0] * len(expert), expert)
    assert constant.value in (None, 0.0) and constant.ties == constant.n


def test_undefined_agreement_is_none() -> None:
    for measure in (agreement.pearson, agreement.spearman, agreement.kendall):
        assert measure([1.0], [1.0]) is None
        assert measure([1.0, 1.0], [1.0, 2.0]) is None
    assert agreement.cosine([0.0], [1.0]) is None
    with pytest.raises(S3EvalError):
        agreement.pearson([1.0], [1.0, 2.0])


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
