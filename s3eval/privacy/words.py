"""Which words are ordinary: clinical and everyday lists, first names, and English itself."""

from __future__ import annotations

import functools
import re
import unicodedata
from importlib import resources
from typing import Any

from s3eval.vocabulary import FEATURES

__all__ = ["WORDS", "English", "clinical_words", "first_names", "folded", "is_everyday", "listed"]

WORDS = re.compile(r"[^\W\d_]+")
# From a form to what dictionaries list: "stares" to "stare", "tried" to "try", "sitting" to "sit".
_ENDINGS = (("s", ""), ("es", ""), ("ies", "y"), ("ed", ""), ("ed", "e"), ("ied", "y"),
    ("ing", ""), ("ing", "e"), ("er", ""), ("er", "e"), ("est", ""), ("est", "e"), ("ly", ""),
    ("d", ""), ("ness", ""), ("ity", "e"), ("al", ""))  # fmt: skip
_PREFIXES = ("non", "re", "un", "pre", "post", "inter", "over", "hyper", "hypo", "peri", "sub")


def folded(word: str) -> str:
    """Small letters without accents: "José" is found as "jose"."""
    apart = unicodedata.normalize("NFKD", word.lower())
    return "".join(c for c in apart if not unicodedata.combining(c))


def is_everyday(words: str) -> bool:
    """Whether all words stand on the list of clinical and everyday words, however written.

    >>> is_everyday("sweetie"), is_everyday("emeka")
    (True, False)
    """
    return all(w in clinical_words() for w in map(folded, WORDS.findall(words)))


class English:
    """The words that the statistical model's own dictionary (WordNet's) knows.

    Args:
        lemmas: dictionary forms; empty where the model has none, and then every word counts as
            known, so that only the other recognisers find names.
    """

    def __init__(self, lemmas: frozenset[str]) -> None:
        self._lemmas = lemmas

    @classmethod
    def of_model(cls, nlp: Any) -> English:
        """The dictionary that a spaCy pipeline's lemmatizer brings (WordNet's index)."""
        lemmas: set[str] = set()
        if nlp.has_pipe("lemmatizer"):
            lookups = nlp.get_pipe("lemmatizer").lookups
            for name in ("lemma_index", "lemma_exc"):
                if lookups.has_table(name):
                    for forms in lookups.get_table(name).values():
                        lemmas.update(forms)
        if lemmas:
            lemmas |= nlp.Defaults.stop_words
        return cls(frozenset(lemmas))

    def knows(self, word: str) -> bool:
        """Whether the word or the form it is derived from is in the dictionary.

        >>> English(frozenset(["stare"])).knows("Staring")
        True
        """
        plain = folded(word)
        if not self._lemmas or self._has(plain):
            return True
        return any(plain.startswith(p) and self._has(plain[len(p) :]) for p in _PREFIXES)

    def _has(self, word: str) -> bool:
        if word in self._lemmas:
            return True
        stems = [word[: -len(end)] + new for end, new in _ENDINGS if word.endswith(end)]
        doubled = [s[:-1] for s in stems if len(s) > 2 and s[-1] == s[-2]]
        return any(s in self._lemmas for s in (*stems, *doubled))


@functools.cache
def clinical_words() -> frozenset[str]:
    """Clinical and everyday words, folded."""
    labels = {w for f in FEATURES for w in re.findall(r"[a-z]+", f.label.lower())}
    return listed("clinical_words.txt") | labels


@functools.cache
def first_names() -> frozenset[str]:
    """First names of many origins, folded."""
    return listed("first_names.txt")


@functools.cache
def listed(file: str) -> frozenset[str]:
    """The words of a list in this package, folded; what follows ``#`` is a remark."""
    text = (resources.files("s3eval.privacy") / file).read_text(encoding="utf-8")
    lines = [line.split("#")[0] for line in text.splitlines()]
    return frozenset(folded(w) for line in lines for w in line.split())
