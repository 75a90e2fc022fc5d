"""Likeness of two texts: BLEU, ROUGE and BERTScore (Tasks 2 and 6; Tables 2, 14, 18, 20, 24).

All three are computed by the field's libraries (sacrebleu, rouge-score, bert-score); what is
added here is the benchmark's rule which texts count, and BLEU as sums over videos.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from s3eval.errors import S3EvalError

if TYPE_CHECKING:
    from sacrebleu.metrics.bleu import BLEU

__all__ = [
    "NO_TEXT",
    "Rouge",
    "bleu",
    "bleu_of_statistics",
    "bleu_statistics",
    "left_out",
    "normalise",
    "rouge",
]

#: Words that stand for "no text" when they are all there is.
NO_TEXT = frozenset({"", "fail", "failed", "error", "na", "n/a", "none", "null"})
ORDER = 4


def normalise(text: str, collapse: bool = False) -> str:
    """Lower-cased and trimmed; with ``collapse`` every run of white space becomes one blank.

    The public release replaced people's names by ``[NAME]``, which BLEU would take for three
    words; it stands for one, and read so, the release's own figures come out exactly.

    Source: protocol, Task 2 (plain) and Task 6 (collapsed).

    >>> normalise("  Right  Arm "), normalise("  Right  Arm ", collapse=True)
    ('right  arm', 'right arm')
    >>> normalise("[NAME] is asked")
    'name is asked'
    """
    text = text.strip().lower().replace("[name]", "name")
    return re.sub(r"\s+", " ", text) if collapse else text


def left_out(text: str | None) -> bool:
    """Whether there is no text to compare: nothing, or only a word such as "fail" or "n/a".

    Source: protocol, Tasks 2 and 6.

    >>> left_out(" N/A "), left_out(None), left_out("no response")
    (True, True, False)
    """
    return text is None or normalise(text) in NO_TEXT


# Scripts that put no blanks between words: every character counts as a word, as in sacrebleu's
# own splitting of Chinese. Their full-width punctuation stands apart, too.
_UNSPACED = re.compile(
    "([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3000-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\uff00-\uffef\U00020000-\U0003134f])"
)


def _other_script(text: str) -> bool:
    """Whether most letters of a text are of another script than Latin."""
    letters = [c for c in text if c.isalpha()]
    latin = sum(c < "\u0250" or unicodedata.name(c, "").startswith("LATIN") for c in letters)
    return 2 * latin < len(letters)


def _both_other(predicted: str, reference: str) -> bool:
    # ASCII is asked first: nearly every text is, and this is on the way of every score.
    if predicted.isascii() or reference.isascii():
        return False
    return _other_script(predicted) and _other_script(reference)


def _spaced(predicted: str, reference: str) -> tuple[str, str]:
    """A pair for BLEU: where both are of another script, its unspaced characters set apart."""
    if not _both_other(predicted, reference):
        return predicted, reference
    return _UNSPACED.sub(r" \1 ", predicted), _UNSPACED.sub(r" \1 ", reference)


def _words_of_any_script(text: str) -> list[str]:
    """Words for ROUGE: runs of letters, marks and digits, or one character of unspaced scripts."""
    spaced = unicodedata.normalize("NFC", _UNSPACED.sub(r" \1 ", text.lower()))
    kept = (c if unicodedata.category(c)[0] in "LMN" else " " for c in spaced)
    return "".join(kept).split()


@dataclass(frozen=True)
class Rouge:
    """F1 of ROUGE-1 (words) and ROUGE-L (longest common subsequence), stemmed, in [0, 1]."""

    rouge1: float
    rouge_l: float


# The same reference is compared with every model's text, and with every baseline's.
@lru_cache(maxsize=16384)
def _stems(text: str) -> tuple[str, ...]:
    """rouge-score's tokens of a text: those of its words, since none reaches across a blank."""
    stems: list[str] = []
    for word in text.split():
        stems += _stems_of_word(word)
    return tuple(stems)


# A few thousand words make up all texts.
@lru_cache(maxsize=65536)
def _stems_of_word(word: str) -> tuple[str, ...]:
    """rouge-score's tokens; its own scorer would import all of NLTK for the stemmer."""
    from rouge_score import tokenize

    from s3eval.metrics import stemming

    return tuple(tokenize.tokenize(word, stemming))


def rouge(predicted: str, reference: str) -> Rouge:
    """ROUGE-1 and ROUGE-L F1 with Porter stemming, equal to rouge-score's.

    Tokens, stems and the formula of F1 are rouge-score's own; shared words are counted here, and
    the longest common subsequence of ROUGE-L is found by RapidFuzz, which takes a hundredth of the
    time for the same length.

    In [0, 1], higher is better; symmetric (F1). A text without a letter or digit gives 0, as the
    library does; leave such pairs out with :func:`left_out` where the protocol says so. The
    library knows the letters a-z only: where both texts are mostly of another script, their words
    (characters, where no blanks stand between words) are compared as they are, without stems.

    Source: paper, Section 3.2.2 says ROUGE-L; the published column "R" is ROUGE-1 (protocol).

    >>> rouge("the arm is flexed", "arms are flexed")
    Rouge(rouge1=0.5714285714285715, rouge_l=0.5714285714285715)
    >>> rouge("右臂屈曲", "右臂强直").rouge1
    0.5
    """
    return _rouge(predicted, reference)


# Baselines say the same of a video beside every run: about so many texts has a run of the whole
# dataset, its own and those of its baselines.
@lru_cache(maxsize=16384)
def _rouge(predicted: str, reference: str) -> Rouge:
    from rapidfuzz.distance import LCSseq
    from rouge_score import scoring

    given: Sequence[str] = _stems(predicted)
    true: Sequence[str] = _stems(reference)
    is_other = _both_other(predicted, reference) or not (given or true)
    if is_other:
        given, true = _words_of_any_script(predicted), _words_of_any_script(reference)
    if not given or not true:
        return Rouge(0.0, 0.0)

    def f1(shared: int) -> float:
        return float(scoring.fmeasure(shared / len(given), shared / len(true)))

    given_counts, true_counts = Counter(given), Counter(true)
    shared = sum(
        min(given_counts[word], true_counts[word])
        for word in given_counts.keys() & true_counts.keys()
    )
    words = 2 * shared / (len(given) + len(true)) if is_other else f1(shared)
    return Rouge(words, f1(LCSseq.similarity(given, true)))


@lru_cache(maxsize=1)
def _bleu_scorer() -> BLEU:
    from sacrebleu.metrics.bleu import BLEU

    return BLEU()


def bleu(predicted: Sequence[str], references: Sequence[str]) -> float | None:
    """Corpus BLEU by sacrebleu with its defaults (13a tokens, 4-grams, "exp" smoothing).

    In [0, 100], higher is better; one reference a prediction; None for no pairs. Not a mean of
    sentence scores: n-grams are counted over the whole corpus, whose order does not matter. Of a
    pair whose texts are both mostly of another script than Latin, the characters of scripts that
    put no blanks between words count as words, as sacrebleu splits Chinese.

    Source: paper, Sections 3.2.2 and D.1; columns "B" of Tables 14 and 20, BLEU of 2, 18, 24.

    >>> round(bleu(["the head turns to the right"], ["the head turns to the left"]), 2)
    75.98
    >>> bleu([], []) is None
    True
    """
    _same_length(predicted, references)
    if not predicted:
        return None
    pairs = [_spaced(*pair) for pair in zip(predicted, references, strict=True)]
    predictions, spaced_references = [p for p, _ in pairs], [r for _, r in pairs]
    return float(_bleu_scorer().corpus_score(predictions, [spaced_references]).score)


def bleu_statistics(predicted: str, reference: str) -> list[float]:
    """What one pair contributes to corpus BLEU: these lists may be added over pairs.

    Returns:
        [predicted length, reference length, 4 counts of matching n-grams, 4 of all n-grams], in
        tokens; feed sums of them to :func:`bleu_of_statistics`.

    >>> bleu_statistics("a b c d e", "a b c d f")
    [5.0, 5.0, 4.0, 3.0, 2.0, 1.0, 5.0, 4.0, 3.0, 2.0]
    """
    return list(_bleu_statistics(predicted, reference))


@lru_cache(maxsize=16384)  # as many as `_rouge`
def _bleu_statistics(predicted: str, reference: str) -> tuple[float, ...]:
    (given, length), (true, true_length) = (_grams(t) for t in _spaced(predicted, reference))
    correct = [0.0] * ORDER
    for order, (mine, reference_grams) in enumerate(zip(given, true, strict=True)):
        shared = mine.keys() & reference_grams.keys()
        if not shared:  # nor is any longer run in both
            break
        correct[order] = float(sum(min(mine[gram], reference_grams[gram]) for gram in shared))
    total = [float(max(0, length - order)) for order in range(ORDER)]
    return float(length), float(true_length), *correct, *total


# A baseline says the same of many videos.
@lru_cache(maxsize=256)
def _grams(text: str) -> tuple[tuple[Mapping[Any, int], ...], int]:
    """By length how often each run of up to four of sacrebleu's tokens occurs; how many tokens."""
    tokens = _tokens(text)
    runs = (zip(*(tokens[i:] for i in range(order + 1)), strict=False) for order in range(ORDER))
    return tuple(Counter(run) for run in runs), len(tokens)


def _tokens(text: str) -> list[str]:
    """sacrebleu's tokens of a text: those of its words, since no rule of 13a looks past a blank.

    At the end of a line one does: it joins words that were divided.
    """
    if "\n" in text:
        return list(_bleu_scorer()._preprocess_segment(text).split())
    tokens: list[str] = []
    for word in text.split(" "):
        tokens += _tokens_of_word(word)
    return tokens


@lru_cache(maxsize=65536)
def _tokens_of_word(word: str) -> tuple[str, ...]:
    return tuple(_bleu_scorer()._preprocess_segment(word).split())


def bleu_of_statistics(sums: ArrayLike) -> NDArray[np.float64]:
    """Corpus BLEU of summed statistics, identical to sacrebleu's, for any number of sums at once.

    Args:
        sums: shape (..., 10), sums of :func:`bleu_statistics` (weights allowed).

    Returns:
        shape (...), in [0, 100]; NaN where no pair went in (both lengths 0).

    >>> import numpy as np
    >>> pair = bleu_statistics("the head turns to the right", "the head turns to the left")
    >>> float(np.round(bleu_of_statistics(pair), 2))
    75.98
    """
    stats = np.asarray(sums, dtype=np.float64)
    predicted_length, reference_length = stats[..., 0], stats[..., 1]
    correct, total = stats[..., 2 : 2 + ORDER], stats[..., 2 + ORDER : 2 + 2 * ORDER]
    with np.errstate(divide="ignore", invalid="ignore"):
        # "exp" smoothing: the k-th order without a match counts 1 / 2^k matches.
        halvings = np.cumsum((correct == 0) & (total > 0), axis=-1)
        smoothed = np.where(correct > 0, correct, 0.5**halvings)
        logs = np.log(100.0 * smoothed / total).sum(axis=-1) / ORDER
        brevity = np.where(
            predicted_length < reference_length,
            np.exp(1 - reference_length / predicted_length),
            1.0,
        )
        score = brevity * np.exp(logs)
    # No match at all, or a corpus too short for 4-grams, scores 0 as in sacrebleu.
    score = np.where((correct > 0).any(axis=-1) & (total > 0).all(axis=-1), score, 0.0)
    bleu: NDArray[np.float64] = np.where(
        (predicted_length == 0) & (reference_length == 0), np.nan, score
    )
    return bleu


def _same_length(predicted: Sequence[Any], references: Sequence[Any]) -> None:
    if len(predicted) != len(references):
        raise S3EvalError(
            "Expected as many predictions as references, "
            f"but got {len(predicted)} and {len(references)}"
        )
