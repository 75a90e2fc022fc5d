"""Tokens and n-grams kept by word are those that the libraries make of the whole text."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rouge_score import tokenize
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.helpers import extract_all_word_ngrams

from s3eval.metrics import stemming
from s3eval.metrics.text import _stems, _tokens, bleu_statistics

ODD = (
    "",
    " ",
    "The head turns, slowly; 3.5 s later (left arm) it stops.",
    "a-\nb and c-\n d\n\ne",
    "10-20 s, 1,000.5 times, 5. , .5 ,, .. 3-4- 5 -6",
    "<skipped> &lt;skipped&gt; &amp;quot; &quot; a&amp;b",
    "tab\tand\x0bother\x1cblanks\u00a0here.\u2003\u2028 end\t",
    "\u0130stanbul \u017ftop fi\ufb01 Stra\u00dfe na\u00efve 42\u00b0 \u03a3\u03a3",
    "\u53f3\u81c2\u5c48\u66f2 \u3002 stiff",
    "don't  stop --- [NAME] {x}~|y| `z` 'q' \"w\" a/b @ # $ %",
    " .a .,b ,. c., .9 9. ,9 9,",
)
PIECES = st.sampled_from(
    [*"ab9.,-&<>()[]{}~/ \t\n\x1c\u00a0\u0130\u03a3", "<skipped>", "&lt;", "flexed", "-\n"]
)
TEXTS = st.lists(PIECES, max_size=25).map("".join)


def of_library(text: str) -> list[str]:
    return list(BLEU()._preprocess_segment(text).split())


@pytest.mark.parametrize("text", ODD)
def test_tokens_of_odd_texts_are_the_libraries(text):
    assert _tokens(text) == of_library(text)
    assert list(_stems(text)) == tokenize.tokenize(text, stemming)


@settings(max_examples=400, deadline=None)
@given(TEXTS)
def test_tokens_of_any_text_are_the_libraries(text):
    assert _tokens(text) == of_library(text)
    assert list(_stems(text)) == tokenize.tokenize(text, stemming)


@settings(max_examples=200, deadline=None)
@given(TEXTS, TEXTS)
def test_statistics_are_those_of_the_librarys_ngrams(one, other):
    (mine, length), (true, true_length) = (
        extract_all_word_ngrams(" ".join(of_library(text)), 1, 4) for text in (one, other)
    )
    correct, total = Counter(), Counter()
    for gram, count in mine.items():
        total[len(gram)] += count
        correct[len(gram)] += min(count, true[gram])
    orders = range(1, 5)
    expected = [length, true_length, *(correct[n] for n in orders), *(total[n] for n in orders)]
    assert bleu_statistics(one, other) == expected
