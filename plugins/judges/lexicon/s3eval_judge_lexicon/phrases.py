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
from dataclasses import dataclass, field

from s3eval.errors import S3EvalError
from s3eval_judge_lexicon.words import Words

__all__ = ["Found", "Phrases", "outermost"]

_PIECE = re.compile(r"\s*(\.{2,3}|<\w+>|[a-z0-9]+\*?|[()|?#])")
_GAPS = {"..": 3, "...": 7}
_LONGEST_CACHE = 50_000
_NUMBER = "#"
_EVERY = -1  # all bits: every group
_STOP = "<<"  # the symbol of a word no gap reaches over; no phrase can hold it


@dataclass(frozen=True)
class Found:
    """A phrase of ``term`` stands in words ``start:end``."""

    term: str
    start: int
    end: int


@dataclass
class _Node:
    """A place in the trie: the ways on, and the terms that end here."""

    steps: dict[str, _Node] = field(default_factory=dict)
    gaps: dict[int, _Node] = field(default_factory=dict)
    terms: list[str] = field(default_factory=list)
    #: A bit for each group of terms that end here or further on.
    groups: int = 0

    def step(self, symbol: str) -> _Node:
        if symbol in _GAPS:
            return self.gaps.setdefault(_GAPS[symbol], _Node())
        return self.steps.setdefault(symbol, _Node())


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
        self._classes = _Node()  # entries of several words
        self._root = _Node()
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
        self._begins = {
            bit: frozenset(s for s, node in self._root.steps.items() if node.groups & bit)
            for bit in (_EVERY, *bits.values())
        }
        stems = _symbols(self._root) | _symbols(self._classes) | self._of_symbol.keys()
        self._words = frozenset(s for s in stems if not s.endswith("*") and s[0] != "<")
        self._stems = frozenset(s[:-1] for s in stems if s.endswith("*"))
        self._longest = max((len(s) for s in self._stems), default=0)
        self._known: dict[str, tuple[str, ...]] = {}

    def find(self, words: Words, group: str = "") -> list[Found]:
        """All phrases, in order of their start; of one term at one start only the longest.

        Args:
            group: only the terms of this group and of none are needed; others may be missing.
        """
        wanted = self._bits.get(group, _EVERY)
        known = self._known
        symbols = [known[w] if w in known else self._symbols_of(w) for w in words.words]
        # Most words begin nothing; those are passed over before walking.
        begins_class, begins = self._classes.steps.keys(), self._begins[wanted]
        longer: dict[int, dict[str, int]] = {}
        for i, own in enumerate(symbols):
            if own and not begins_class.isdisjoint(own):
                first: dict[str, int] = {}
                self._walk(self._classes, i, i, symbols, {}, words.clause, first, _EVERY)
                if first:
                    longer[i] = first
        matches: list[Found] = []
        for i, own in enumerate(symbols):
            if begins.isdisjoint(own) and begins.isdisjoint(longer.get(i, ())):
                continue
            best: dict[str, int] = {}
            self._walk(self._root, i, i, symbols, longer, words.clause, best, wanted)
            for term, end in best.items():
                matches.append(Found(term, i, end))
        return matches

    def _walk(
        self,
        node: _Node,
        begin: int,
        at: int,
        symbols: Sequence[tuple[str, ...]],
        longer: Mapping[int, Mapping[str, int]],
        clause: Sequence[int],
        best: dict[str, int],
        wanted: int,
    ) -> None:
        """Note the furthest end of each term that is reached from a node by the words at a place.

        Args:
            begin: where the phrase begins; ``at`` where it goes on.
            symbols: what each word is.
            longer: by place the classes of several words that begin there, and where they end.
            best: by term the furthest end; more is added.
            wanted: the groups whose terms are needed, as bits.
        """
        for term in node.terms:
            if best.get(term, 0) < at:
                best[term] = at
        if at >= len(symbols):
            return
        ways = node.steps
        # No phrase reaches from one clause into the next.
        if ways and (at == begin or clause[at] == clause[at - 1]):
            reached = [(symbol, at + 1) for symbol in symbols[at] if symbol in ways]
            if at in longer:
                reached += [one for one in longer[at].items() if one[0] in ways]
            for symbol, end in reached:
                if ways[symbol].groups & wanted:
                    self._walk(ways[symbol], begin, end, symbols, longer, clause, best, wanted)
        if node.gaps:
            self._over_gaps(node, begin, at, symbols, longer, clause, best, wanted)

    def _over_gaps(
        self,
        node: _Node,
        begin: int,
        at: int,
        symbols: Sequence[tuple[str, ...]],
        longer: Mapping[int, Mapping[str, int]],
        clause: Sequence[int],
        best: dict[str, int],
        wanted: int,
    ) -> None:
        """The same for the words after each of a node's gaps."""
        for most, following in node.gaps.items():
            if not following.groups & wanted:
                continue
            place, after = clause[at - 1], following.steps.keys()
            for there in range(at, min(len(symbols), at + most + 1)):
                if clause[there] != place:
                    break
                # A phrase does not end with a gap: most words after one do not go on with it.
                if not after.isdisjoint(symbols[there]) or there in longer or following.gaps:
                    self._walk(following, begin, there, symbols, longer, clause, best, wanted)
                if _STOP in symbols[there]:
                    break

    def _symbols_of(self, word: str) -> tuple[str, ...]:
        known = self._known.get(word)
        if known is None:
            upto = min(len(word), self._longest)
            plain = (
                *((word,) if word in self._words else ()),
                *(word[:n] + "*" for n in range(1, upto + 1) if word[:n] in self._stems),
                *((_STOP,) if word in self._gap_stops else ()),
                *((_NUMBER,) if word[0].isdigit() else ()),
            )
            classes = dict.fromkeys(c for s in plain for c in self._of_symbol.get(s, ()))
            known = (*plain, *classes)
            if len(self._known) < _LONGEST_CACHE:
                self._known[word] = known
        return known

    def _add_entry(self, entry: str, class_name: str) -> None:
        for sequence in _expand(entry):
            if len(sequence) == 1:
                old = self._of_symbol.get(sequence[0], ())
                self._of_symbol[sequence[0]] = (*old, class_name)
            else:
                self._add(self._classes, " ".join(sequence), class_name, {})

    def _add(
        self, root: _Node, phrase: str, term: str, classes: Mapping[str, Iterable[str]]
    ) -> None:
        for sequence in _expand(phrase):
            node = root
            for symbol in sequence:
                if symbol[0] == "<" and symbol[1:-1] not in classes:
                    raise S3EvalError(
                        f"The phrase '{phrase}' names the class {symbol}, which nobody defined",
                        where=term,
                    )
                node = node.step(symbol)
            if term not in node.terms:
                node.terms.append(term)


def _mark(node: _Node, bits: Mapping[str, int]) -> int:
    """Note at every node the groups that are reached from it."""
    for term in node.terms:
        node.groups |= bits.get(term, _EVERY)
    for following in (*node.steps.values(), *node.gaps.values()):
        node.groups |= _mark(following, bits)
    return node.groups


def _symbols(node: _Node) -> set[str]:
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
