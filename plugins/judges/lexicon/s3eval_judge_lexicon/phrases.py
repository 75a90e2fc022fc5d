"""Phrases a clinician writes down, compiled into one word trie and found in one pass.

The small language of a phrase (words are lower case, hyphens are spaces):

    turn*        any word beginning with "turn"
    <arm>        any entry of the class "arm"
    #            any number or time ("# #" is a stretch of time, "00:12-00:31")
    (a|b c)      either
    (the)?       may be left out
    ..           up to 3 words between, in the same clause; "..." up to 7
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from s3eval.errors import S3EvalError
from s3eval_judge_lexicon.automaton import STOP, Automaton, Node, Symbols
from s3eval_judge_lexicon.words import Words

__all__ = ["Found", "Phrases", "outermost"]

_PIECE = re.compile(r"\s*(\.{2,3}|<\w+>|[a-z0-9]+\*?|[()|?#])")
_GAPS = {"..": 3, "...": 7}
_LONGEST_CACHE = 50_000
_NUMBER = "#"
_EVERY = -1  # all bits: every group


@dataclass(frozen=True)
class Found:
    """A phrase of ``term`` stands in words ``start:end``."""

    term: str
    start: int
    end: int


class Phrases:
    """Finds the phrases of many terms in a text.

    Args:
        terms: phrases by term.
        classes: entries (words or phrases without gaps) by class name.
        gap_stops: words a gap does not reach over ("with", "then").
        groups: the group of a term, for `find` with a group; terms without one are in all.

    Raises:
        S3EvalError: a phrase cannot be read, or names a class nobody defined.

    >>> from s3eval_judge_lexicon.words import split_words
    >>> p = Phrases({"extension": ["exten* .. <arm>"]}, {"arm": ["arm*", "upper extremit*"]})
    >>> p.find(split_words("extends the right upper extremity"))
    [Found(term='extension', start=0, end=5)]
    """

    def __init__(
        self,
        terms: Mapping[str, Iterable[str]],
        classes: Mapping[str, Iterable[str]],
        gap_stops: Iterable[str] = (),
        groups: Mapping[str, str] | None = None,
    ) -> None:
        self._gap_stops = frozenset(gap_stops)
        of_term = groups or {}
        bits = {name: 1 << i for i, name in enumerate(dict.fromkeys(of_term.values()))}
        self._classes = Node()  # entries of several words
        self._root = Node()
        self._of_symbol: dict[str, tuple[str, ...]] = {}  # single words: the classes they are in
        for name, entries in classes.items():
            for entry in entries:
                self._add_entry(entry, f"<{name}>")
        for name, phrases in terms.items():
            for phrase in phrases:
                self._add(self._root, phrase, name, classes)
        _mark(self._root, {term: bits[group] for term, group in of_term.items()})
        _mark(self._classes, {})
        self._bits = bits
        self._automata = {b: Automaton(self._root, b) for b in (_EVERY, *bits.values())}
        self._entries = Automaton(self._classes, _EVERY)
        stems = _symbols(self._root) | _symbols(self._classes) | self._of_symbol.keys()
        self._words = frozenset(s for s in stems if not s.endswith("*") and s[0] != "<")
        self._stems = frozenset(s[:-1] for s in stems if s.endswith("*"))
        self._longest = max((len(s) for s in self._stems), default=0)
        self._symbols: dict[tuple[tuple[str, ...], tuple[tuple[str, int], ...]], Symbols] = {}
        self._of_word: dict[str, Symbols] = {}

    def find(self, words: Words, group: str = "") -> list[Found]:
        """All phrases, in order of their start; of one term at one start only the longest.

        Args:
            group: only the terms of this group and of none are needed; others may be missing.
        """
        known = self._of_word
        symbols = [known[w] if w in known else self._symbols_of(w) for w in words.words]
        ends = _clause_ends(words.clause)
        for start, entries in self._entries.longest(symbols, ends):
            longer = tuple((name, end - start) for name, end in entries.items())
            symbols[start] = self._same(symbols[start].plain, longer)
        begun = self._automata[self._bits.get(group, _EVERY)].longest(symbols, ends)
        return [Found(term, start, end) for start, terms in begun for term, end in terms.items()]

    def _symbols_of(self, word: str) -> Symbols:
        upto = min(len(word), self._longest)
        plain = (
            *((word,) if word in self._words else ()),
            *(word[:n] + "*" for n in range(1, upto + 1) if word[:n] in self._stems),
            *((STOP,) if word in self._gap_stops else ()),
            *((_NUMBER,) if word[0].isdigit() else ()),
        )
        classes = dict.fromkeys(c for s in plain for c in self._of_symbol.get(s, ()))
        known = self._same((*plain, *classes))
        if len(self._of_word) < _LONGEST_CACHE:
            self._of_word[word] = known
        return known

    def _same(self, plain: tuple[str, ...], longer: tuple[tuple[str, int], ...] = ()) -> Symbols:
        """The one object that stands for these symbols."""
        return self._symbols.setdefault((plain, longer), Symbols(plain, longer))

    def _add_entry(self, entry: str, class_name: str) -> None:
        for sequence in _expand(entry):
            if len(sequence) == 1:
                old = self._of_symbol.get(sequence[0], ())
                self._of_symbol[sequence[0]] = (*old, class_name)
            else:
                self._add(self._classes, " ".join(sequence), class_name, {})

    def _add(
        self, root: Node, phrase: str, term: str, classes: Mapping[str, Iterable[str]]
    ) -> None:
        for sequence in _expand(phrase):
            node = root
            for symbol in sequence:
                if symbol[0] == "<" and symbol[1:-1] not in classes:
                    raise S3EvalError(
                        f"The phrase '{phrase}' names the class {symbol}, which nobody defined",
                        where=term,
                    )
                if symbol in _GAPS:
                    node = node.gaps.setdefault(_GAPS[symbol], Node())
                else:
                    node = node.steps.setdefault(symbol, Node())
            if term not in node.terms:
                node.terms.append(term)


def _clause_ends(clause: Sequence[int]) -> list[int]:
    """For each word the end of its clause.

    >>> _clause_ends([0, 0, 1])
    [2, 2, 3]
    """
    ends = [len(clause)] * len(clause)
    for i in range(len(clause) - 2, -1, -1):
        ends[i] = ends[i + 1] if clause[i] == clause[i + 1] else i + 1
    return ends


def _mark(node: Node, bits: Mapping[str, int]) -> int:
    """Note at every node the groups that are reached from it."""
    for term in node.terms:
        node.groups |= bits.get(term, _EVERY)
    for following in (*node.steps.values(), *node.gaps.values()):
        node.groups |= _mark(following, bits)
    return node.groups


def _symbols(node: Node) -> set[str]:
    symbols = set(node.steps)
    for following in (*node.steps.values(), *node.gaps.values()):
        symbols |= _symbols(following)
    return symbols


def outermost(matches: list[Found], hides: Mapping[str, frozenset[str]]) -> list[Found]:
    """Leaves out what a longer phrase hides, and a term's overlaps with itself.

    Args:
        matches: phrases found.
        hides: for a term the terms it hides where its phrase holds theirs ("*" is every one). Of
            the same words, two that would hide each other both stay.

    >>> outermost([Found("call button", 0, 2), Found("button", 1, 2)], {"call button": {"*"}})
    [Found(term='call button', start=0, end=2)]
    """
    kept: list[Found] = []
    reach: dict[str, int] = {}
    covers: list[tuple[Found, frozenset[str]]] = []  # those that may still hide a later one
    for one in sorted(matches, key=lambda f: (f.start, -f.end, f.term not in hides)):
        covers = [c for c in covers if c[0].end > one.start]
        own = hides.get(one.term, frozenset())
        if reach.get(one.term, 0) > one.start or any(
            c.end >= one.end
            and (one.term in hidden or "*" in hidden)
            and not ((c.start, c.end) == (one.start, one.end) and c.term in own)
            for c, hidden in covers
        ):
            continue
        reach[one.term] = one.end
        kept.append(one)
        if own:
            covers.append((one, own))
    return kept


def _expand(phrase: str) -> list[tuple[str, ...]]:
    """The plain sequences a phrase stands for."""
    pieces: list[str] = []
    at = 0
    text = phrase.strip().lower().replace("-", " ")
    while at < len(text):
        match = _PIECE.match(text, at)
        if match is None:
            raise S3EvalError(f"Cannot read the phrase '{phrase}' from '{text[at:]}' on")
        pieces.append(match.group(1))
        at = match.end()
    sequences, rest = _alternatives(pieces, phrase)
    if rest:
        raise S3EvalError(f"Cannot read the phrase '{phrase}': one bracket too many")
    if any(not s or s[0] in _GAPS or s[-1] in _GAPS for s in sequences):
        raise S3EvalError(f"The phrase '{phrase}' may be empty, or begin or end with a gap")
    return sequences


def _alternatives(pieces: list[str], phrase: str) -> tuple[list[tuple[str, ...]], list[str]]:
    done: list[tuple[str, ...]] = []
    current: list[tuple[str, ...]] = [()]
    while pieces and pieces[0] != ")":
        piece, *pieces = pieces
        if piece == "|":
            done.extend(current)
            current = [()]
            continue
        if piece == "(":
            inner, pieces = _alternatives(pieces, phrase)
            if not pieces:
                raise S3EvalError(f"Cannot read the phrase '{phrase}': a bracket is not closed")
            pieces = pieces[1:]
        elif piece == "?":
            raise S3EvalError(f"Cannot read the phrase '{phrase}': '?' follows nothing")
        else:
            inner = [(piece,)]
        if pieces and pieces[0] == "?":
            inner = [*inner, ()]
            pieces = pieces[1:]
        current = [a + b for a in current for b in inner]
    return [*done, *current], pieces
