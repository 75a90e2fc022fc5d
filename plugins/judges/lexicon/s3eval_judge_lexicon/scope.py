"""Which words stand under a negation or a doubt (in the manner of NegEx and ConText).

A noun negation ("no", "without") reaches through a list: in "no A, B or C are seen" all three
are negated. A verb negation ("not", "never") reaches to the end of its clause. "A is not seen"
reaches back to the start of the clause. None reaches past "but", "however", "then" and the like.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from s3eval_judge_lexicon.phrases import Found
from s3eval_judge_lexicon.words import Words

__all__ = ["Scope", "doubts", "negations"]


_PREFIX = "scope:"


@dataclass(frozen=True)
class Scope:
    """Words ``start:end`` are negated (or doubted) by the words ``by_start:by_end``."""

    start: int
    end: int
    by_start: int
    by_end: int

    def covers(self, start: int, end: int) -> bool:
        """Whether the words start:end begin under it."""
        return self.start <= start < self.end


def negations(words: Words, found: Sequence[Found], *, wide: bool = False) -> list[Scope]:
    """The scopes of every negation.

    Args:
        words: the text.
        found: the phrases of the ``scope`` lists (others are passed over).
        wide: a negation reaches to the end of its sentence. Justifications answer one question
            ("no repetitive, rhythmic, jerking movements"); reports tell many things a sentence.
    """
    at: dict[str, list[Found]] = {}
    for one in found:
        if one.term.startswith(_PREFIX):
            at.setdefault(one.term[len(_PREFIX) :], []).append(one)
    shields = at.get("not_negation", [])
    stops = sorted({f.start for f in at.get("stops", ())})
    goes_on = at.get("list_goes_on", [])
    scopes = []
    for trigger in _unshielded(at.get("no", ()), shields):
        end = _forward(words, trigger.end, stops)
        if not wide:
            end = _through_list(words, trigger, end, goes_on)
        scopes.append(_scope(trigger, trigger.end, end))
    for trigger in _unshielded(at.get("not", ()), shields):
        end = _forward(words, trigger.end, stops)
        if not wide:
            end = min(end, _clause_end(words, trigger.end))
        scopes.append(_scope(trigger, trigger.end, end))
    for trigger in _unshielded(at.get("after", ()), shields):
        start = _backward(words, trigger.start, stops)
        scopes.append(_scope(trigger, start, trigger.start))
    return scopes


def doubts(words: Words, found: Sequence[Found]) -> list[Scope]:
    """The scopes of every expression of doubt: to the end of the clause."""
    return [
        _scope(one, one.end, _clause_end(words, one.end))
        for one in found
        if one.term == "scope:doubt"
    ]


def _scope(trigger: Found, start: int, end: int) -> Scope:
    return Scope(start, end, trigger.start, trigger.end)


def _unshielded(found: Iterable[Found], shields: Sequence[Found]) -> list[Found]:
    return [f for f in found if not any(s.start <= f.start and f.end <= s.end for s in shields)]


def _forward(words: Words, start: int, stops: Sequence[int]) -> int:
    """The end of the sentence, or the first stop before it."""
    if start >= len(words):
        return start
    sentence = words.sentence[start - 1]
    end = start
    while end < len(words) and words.sentence[end] == sentence:
        end += 1
    return next((s for s in stops if start <= s < end), end)


def _backward(words: Words, before: int, stops: Sequence[int]) -> int:
    """The start of the clause that ends at ``before``, or just after the last stop in it."""
    start = before
    while start > 0 and words.clause[start - 1] == words.clause[min(before, len(words) - 1)]:
        start -= 1
    return max([start, *(s + 1 for s in stops if start <= s < before)])


def _clause_end(words: Words, start: int) -> int:
    end = start
    while end < len(words) and words.clause[end] == words.clause[start - 1]:
        end += 1
    return end


def _through_list(words: Words, trigger: Found, end: int, goes_on: Sequence[Found]) -> int:
    """The reach of a noun negation: its clause, or to the last item of its list."""
    reach = min(end, _clause_end(words, trigger.end))
    for mark in goes_on:
        if trigger.end <= mark.start < end:
            last = min(mark.end, len(words) - 1)
            reach = max(reach, min(end, _clause_end(words, last + 1)))
    return reach
