"""Text as words with their places, cut into clauses and sentences."""

from __future__ import annotations

import re
from dataclasses import dataclass

from s3eval.judge import Evidence

__all__ = ["Words", "split_words"]

# A word ("doesn't" becomes does + not, "arm's" arm), a time ("23:30:12"), a number, punctuation.
_SHORT = r"[^\W\d_]+(?=n['’]t\b)|n['’]t\b|['’]s\b|"
_IN_FULL = r"[^\W\d_]+|\d+(?::\s?\d\d)+|\d+(?:\.\d+)?|[.;:!?,()–—]|\n+| -{1,2} "
_TOKEN = re.compile(_SHORT + _IN_FULL)
# The same for texts where no word is shortened, without trying each word for it first.
_TOKEN_IN_FULL = re.compile(_IN_FULL)
# What stands before "n't" in "can't" and "won't".
_SHORTENED = {"ca": "can", "wo": "will", "sha": "shall"}
_SENTENCE_ENDS = frozenset(".;!?\n")


@dataclass(frozen=True)
class Words:
    """The words of a text, lower case; ``text[starts[i]:ends[i]]`` is word i as written.

    ``clause[i]`` and ``sentence[i]`` number the clause and the sentence word i stands in.
    A word after which a comma (or bracket, colon, dash) stands ends its clause.
    """

    text: str
    words: tuple[str, ...]
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    clause: tuple[int, ...]
    sentence: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.words)

    def quote(self, fact: str, start: int, end: int) -> Evidence:
        """Words ``start:end`` as the evidence of a fact.

        >>> split_words("He stares.").quote("blank_stare", 1, 2).quote
        'stares'
        """
        first, last = self.starts[start], self.ends[end - 1]
        return Evidence(fact, self.text[first:last], first, last)


def split_words(text: str) -> Words:
    """Cut a text into words.

    A hyphen or en dash inside "tonic–clonic" only separates two words; a dot after an
    abbreviation of one letter is not the end of a sentence.

    >>> w = split_words("Doesn't speak. Tonic–clonic, then stops")
    >>> w.words, w.sentence
    (('does', 'not', 'speak', 'tonic', 'clonic', 'then', 'stops'), (0, 0, 0, 1, 1, 1, 1))
    >>> w.clause
    (0, 0, 0, 1, 1, 2, 2)
    """
    lower = text.lower()
    if len(lower) != len(text):  # a few capitals grow when lowered; places must stay
        lower = "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
    words: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    clauses: list[int] = []
    sentences: list[int] = []
    clause = sentence = 0
    shortened = "'" in lower or "’" in lower
    for token in (_TOKEN if shortened else _TOKEN_IN_FULL).finditer(lower):
        word = token[0]
        start, end = token.span()
        mark = word[0]
        if mark.isalnum():
            if shortened and (word == "n't" or word == "n’t"):  # noqa: PLR1714 - faster
                if words and words[-1] in _SHORTENED:
                    words[-1] = _SHORTENED[words[-1]]
                word = "not"
            words.append(word)
            starts.append(start)
            ends.append(end)
            continue
        if mark in _SENTENCE_ENDS:
            if mark == "." and _abbreviates(text, words, ends, start):
                continue
        elif mark in "'’" or (mark in "–—" and _joins(lower, start, end)):
            continue  # "patient's" is "patient"
        new = len(words) - len(clauses)
        clauses += [clause] * new
        sentences += [sentence] * new
        clause += 1
        sentence += mark in _SENTENCE_ENDS
    new = len(words) - len(clauses)
    clauses += [clause] * new
    sentences += [sentence] * new
    return Words(text, tuple(words), tuple(starts), tuple(ends), tuple(clauses), tuple(sentences))


def _joins(text: str, start: int, end: int) -> bool:
    """Whether a dash stands between two letters or digits, without spaces."""
    return start > 0 and end < len(text) and text[start - 1].isalnum() and text[end].isalnum()


def _abbreviates(text: str, words: list[str], ends: list[int], start: int) -> bool:
    """Whether a dot belongs to the word before it ("R. arm", "vs. left") and ends no sentence.

    An initial at the end of a sentence ("Version to L. Clonus follows") is told by the capital
    after it.
    """
    if not words or ends[-1] != start:
        return False
    if words[-1] in ("r", "l"):
        return not text[start + 1 :].lstrip()[:1].isupper()
    return words[-1] in ("vs", "approx", "e", "g")
