"""A trie of phrases followed word by word, each step worked out once and remembered.

The phrases that may have begun with a word are followed together: one `State` holds how far each
has come. Which state a kind of word leads to is worked out the first time it is met and looked up
from then on, as regular expressions are matched by automata that are built while they run (R. Cox,
"Regular Expression Matching: the Virtual Machine Approach", 2009).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

__all__ = ["STOP", "Automaton", "Node", "State", "Symbols"]

STOP = "<<"  # the symbol of a word no gap reaches over; no phrase can hold it
# How many steps are remembered, about 15 MB; a thousand reports of the public release need 16,000.
_MOST_STEPS = 250_000


@dataclass(eq=False)
class Node:
    """A place in the trie: the ways on, and the terms that end here."""

    steps: dict[str, Node] = field(default_factory=dict)
    #: By the most words between, the place after a gap.
    gaps: dict[int, Node] = field(default_factory=dict)
    terms: list[str] = field(default_factory=list)
    #: A bit for each group of terms that end here or further on.
    groups: int = 0

    @cached_property
    def takes(self) -> frozenset[str]:
        """The symbols that lead on from here, over a gap or not."""
        return frozenset(self.steps).union(*(node.takes for node in self.gaps.values()))


@dataclass(frozen=True, eq=False)
class Symbols:
    """What a word is in phrases: itself, its stems, its classes. The same symbols are one object.

    ``longer`` are the classes whose entries of several words begin with it here, each with how
    many words the entry has.
    """

    plain: tuple[str, ...] = ()
    longer: tuple[tuple[str, int], ...] = ()

    @cached_property
    def names(self) -> frozenset[str]:
        """All of them."""
        return frozenset((*self.plain, *(name for name, _ in self.longer)))


# What a phrase that was begun waits for: a step from a node ("step", 0); a step over a gap to it
# that may still take in some words ("gap", how many); or words that belong to an entry of a class
# ("wait", how many). A term that has ended already is kept beside them, for its place.
_Item = tuple[str, Node, int] | str


@dataclass(eq=False)
class State:
    """How far the phrases that began with one word have come.

    Attributes:
        items: what they wait for, and the terms that have ended, in the order of the ways
            through the trie.
        ended: the terms that end with the word that led here.
        terms: all that have ended, in order.
        over: no phrase goes on.
        following: the state after a word, as far as known.
        passed: the state after a word that none of the phrases goes on with, by whether a gap
            reaches over it, as far as known.
    """

    items: tuple[_Item, ...]
    ended: tuple[str, ...]
    terms: tuple[str, ...]
    over: bool
    following: dict[Symbols, State] = field(default_factory=dict)
    passed: dict[bool, State] = field(default_factory=dict)

    def takes(self, symbols: Symbols) -> bool:
        """Whether any phrase may go on with a word of its own."""
        names = symbols.names
        return any(
            not isinstance(item, str) and (item[0] == "wait" or not item[1].takes.isdisjoint(names))
            for item in self.items
        )


class Automaton:
    """Follows the phrases below a node.

    Args:
        root: where phrases begin.
        wanted: the groups whose terms are needed, as bits.
    """

    def __init__(self, root: Node, wanted: int) -> None:
        self._wanted = wanted
        self._steps = 0
        self._known: dict[tuple[tuple[_Item, ...], tuple[str, ...]], State] = {}
        self.start = State((("step", root, 0),), (), (), over=False)

    def longest(
        self, symbols: Sequence[Symbols], ends: Sequence[int]
    ) -> list[tuple[int, dict[str, int]]]:
        """By word, for each term that begins with it, the furthest end.

        Args:
            symbols: what each word is.
            ends: for each word the end of its clause, which no phrase reaches past.

        Returns:
            The words that any term begins with; its terms in the order in which the trie has them.
        """
        begun: list[tuple[int, dict[str, int]]] = []
        first = self.start.following
        for start, one in enumerate(symbols):
            state = first.get(one) or self._after(self.start, one)
            if not state.items:
                continue  # most words begin nothing
            reach = dict.fromkeys(state.ended, start + 1)
            for at in range(start + 1, ends[start]):
                if state.over:
                    break
                state = state.following.get(symbols[at]) or self._after(state, symbols[at])
                for term in state.ended:
                    reach[term] = at + 1
            if reach:
                begun.append((start, {term: reach[term] for term in state.terms}))
        return begun

    def _after(self, state: State, symbols: Symbols) -> State:
        """The state that a word leads to; remembered."""
        if self._steps >= _MOST_STEPS:
            self._known.clear()
            self.start.following.clear()
            self.start.passed.clear()
            self._steps = 0
        self._steps += 1
        if state.takes(symbols):
            following = self._state(state.items, symbols)
        else:  # most words: none of the phrases goes on with it
            stops = STOP in symbols.plain
            if stops not in state.passed:
                other = Symbols((STOP,) if stops else ())
                state.passed[stops] = self._state(state.items, other)
            following = state.passed[stops]
        state.following[symbols] = following
        return following

    def _state(self, items: Iterable[_Item], symbols: Symbols) -> State:
        step = _Step(symbols, self._wanted)
        for item in items:
            step.take(item)
        reached, ended = tuple(step.items), tuple(step.ended)
        known = self._known.get((reached, ended))
        if known is None:
            terms = tuple(item for item in reached if isinstance(item, str))
            known = State(reached, ended, terms, len(terms) == len(reached))
            self._known[reached, ended] = known
        return known


class _Step:
    """One word, and what is waited for after it: each once, in order."""

    def __init__(self, symbols: Symbols, wanted: int) -> None:
        self._symbols, self._wanted = symbols, wanted
        self.items: dict[_Item, None] = {}
        self.ended: dict[str, None] = {}

    def take(self, item: _Item) -> None:
        """Go on with what was waited for before the word."""
        if isinstance(item, str):
            self.items.setdefault(item)
            return
        what, node, words = item
        if what == "wait":
            self._within(node, words)
        elif what == "gap":
            self._over(node, words)
        else:
            self._from(node)

    def _from(self, node: Node) -> None:
        for symbol in self._symbols.plain:
            if (following := node.steps.get(symbol)) and following.groups & self._wanted:
                self._reach(following)
        for symbol, words in self._symbols.longer:
            if (following := node.steps.get(symbol)) and following.groups & self._wanted:
                self._within(following, words)

    def _within(self, node: Node, words: int) -> None:
        if words == 1:
            self._reach(node)
        else:
            self.items.setdefault(("wait", node, words - 1))

    def _over(self, node: Node, words: int) -> None:
        self._from(node)
        for most, following in node.gaps.items():
            if following.groups & self._wanted:
                self._over(following, most)
        if words and STOP not in self._symbols.plain:
            self.items.setdefault(("gap", node, words - 1))

    def _reach(self, node: Node) -> None:
        for term in node.terms:
            self.items.setdefault(term)
            self.ended.setdefault(term)
        if node.steps:
            self.items.setdefault(("step", node, 0))
        for most, following in node.gaps.items():
            if following.groups & self._wanted:
                self.items.setdefault(("gap", following, most))
