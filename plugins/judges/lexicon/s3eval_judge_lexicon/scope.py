"""Which words stand under a negation or a doubt (in the manner of NegEx and ConText).

A noun negation ("no", "without") reaches through a list: in "no A, B or C are seen" all three
are negated. A verb negation ("not", "never") reaches to the end of its clause. "A is not seen"
reaches back to the start of the clause. None reaches past "but", "however", "then" and the like.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from s3eval_judge_lexicon.phrases import Found
from s3eval_judge_lexicon.words import Words

__all__ = [
    "NEGATION",
    "Scope",
    "backward",
    "by_word",
    "clause_end",
    "doubts",
    "forward",
    "lists",
    "negations",
    "of_others",
    "unshielded",
]


#: The lists that tell of negation.
NEGATION = (
    *("no", "not", "after", "stops", "new_clause", "list_goes_on", "list_begins", "not_negation"),
)
_QUOTES = frozenset("\"'“‘«")


@dataclass(frozen=True)
class Scope:
    """Words ``start:end`` are negated (or doubted) by the words ``by_start:by_end``."""

    start: int
    end: int
    by_start: int
    by_end: int


def by_word(words: Words, scopes: Iterable[Scope]) -> list[Scope | None]:
    """For each word the first of the scopes it stands under, or None.

    >>> from s3eval_judge_lexicon.words import split_words
    >>> [s is not None for s in by_word(split_words("no head turn"), [Scope(1, 3, 0, 1)])]
    [False, True, True]
    """
    under: list[Scope | None] = [None] * len(words)
    filled = 0
    for scope in sorted(scopes, key=lambda s: (s.start, -s.end)):
        for i in range(max(scope.start, filled), scope.end):
            under[i] = scope
        filled = max(filled, scope.end)
    return under


def negations(
    words: Words, at: Mapping[str, Sequence[Found]], *, wide: bool = False
) -> list[Scope]:
    """The scopes of every negation.

    Args:
        words: the text.
        at: the phrases found of the ``scope`` lists, by list (`lists`).
        wide: a negation reaches to the end of its sentence. Justifications answer one question
            ("no repetitive, rhythmic, jerking movements"); reports tell many things a sentence.
    """
    shields = at.get("not_negation", [])
    aside = _in_brackets(words)
    stops = sorted(
        {f.start for f in (*at.get("stops", ()), *at.get("new_clause", ()))}.difference(aside)
    )
    goes_on = at.get("list_goes_on", [])
    begins = [f.start for f in at.get("list_begins", ())]
    scopes = []
    for trigger in unshielded(at.get("no", ()), shields):
        end = forward(words, trigger.end, stops)
        if not wide:
            end = _through_list(words, trigger, end, goes_on, begins)
        scopes.append(_scope(trigger, trigger.end, end))
    for trigger in unshielded(at.get("not", ()), shields):
        end = forward(words, trigger.end, stops)
        if not wide:
            end = min(end, clause_end(words, trigger.end))
        scopes.append(_scope(trigger, trigger.end, end))
    for trigger in unshielded(at.get("after", ()), shields):
        start = backward(words, trigger.start, stops)
        scopes.append(_scope(trigger, start, trigger.start))
    for trigger in _closing(words):
        # Alone in its clause ("figure 4: no") it speaks of the clause before.
        own = words.clause[trigger.start - 1] == words.clause[trigger.start]
        start = backward(words, trigger.start if own else trigger.start - 1, stops)
        scopes.append(_scope(trigger, start, trigger.start))
    return scopes


def doubts(words: Words, at: Mapping[str, Sequence[Found]]) -> list[Scope]:
    """The scopes of every expression of doubt: to the end of the clause."""
    return [_scope(one, one.end, clause_end(words, one.end)) for one in at.get("doubt", ())]


def of_others(at: Mapping[str, Sequence[Found]]) -> set[int]:
    """The words that tell what somebody else does, does with the patient, or asks for.

    A sign that begins or ends with one of them is none of the seizure's ("the nurse lifts his
    arm", "his arm is lifted by the nurse", "asked to lift his arm"). ConText calls it the
    experiencer.
    """
    spoken_to = {i for f in at.get("not_others", ()) for i in range(f.start, f.end)}
    acting = (*at.get("others", ()), *at.get("others_then", ()))
    verbs = {f.end - 1 for f in acting if f.start not in spoken_to}
    verbs |= {f.end - 1 for f in at.get("on_request", ())}
    return verbs | {f.start for f in at.get("by_others", ())}


def lists(matches: Iterable[Found], group: str) -> dict[str, list[Found]]:
    """The phrases found of a group of lists ("scope", "sections"), by the list's name.

    >>> lists([Found("scope:no", 0, 1), Found("sign:tonic", 1, 2)], "scope")
    {'no': [Found(term='scope:no', start=0, end=1)]}
    """
    prefix = f"{group}:"
    at: dict[str, list[Found]] = {}
    for one in matches:
        if one.term.startswith(prefix):
            at.setdefault(one.term[len(prefix) :], []).append(one)
    return at


def _closing(words: Words) -> list[Found]:
    """Every "no" that ends its clause ("pelvic thrusting: no", "figure 4 no")."""
    last = len(words) - 1
    return [
        Found("scope:after", i, i + 1)
        for i, word in enumerate(words.words)
        if word == "no"
        and i > 0
        and words.words[i - 1] != "no"  # a cry: "no, no, no"
        and words.sentence[i - 1] == words.sentence[i]
        and words.text[words.starts[i] - 1] not in _QUOTES
        and (i == last or words.clause[i + 1] != words.clause[i])
    ]


def _in_brackets(words: Words) -> set[int]:
    """The words in round brackets: an aside ("A (except at first), B") ends no negation."""
    text = words.text
    if "(" not in text:
        return set()
    inside: set[int] = set()
    depth = at = 0
    for i, start in enumerate(words.starts):
        between = text[at:start]
        depth = max(0, depth + between.count("(") - between.count(")"))
        if depth:
            inside.add(i)
        at = words.ends[i]
    return inside


def _scope(trigger: Found, start: int, end: int) -> Scope:
    return Scope(start, end, trigger.start, trigger.end)


def unshielded(matches: Iterable[Found], shields: Sequence[Found]) -> list[Found]:
    """The phrases that do not stand within one that takes their meaning away."""
    shielded = {i for s in shields for i in range(s.start, s.end)}
    return [f for f in matches if not (f.start in shielded and f.end - 1 in shielded)]


# Clauses, sentences and the places of phrases only ever go up, so all ends are found by bisection.


def forward(words: Words, start: int, stops: Sequence[int]) -> int:
    """The end of the sentence, or the first stop before it."""
    end = bisect_right(words.sentence, words.sentence[start - 1])
    at = bisect_left(stops, start)
    return min(end, stops[at]) if at < len(stops) else end


def backward(words: Words, before: int, stops: Sequence[int]) -> int:
    """The start of the clause that ends at ``before``, or just after the last stop in it."""
    start = bisect_left(words.clause, words.clause[before])
    at = bisect_left(stops, before)
    return max(start, stops[at - 1] + 1) if at else start


def clause_end(words: Words, start: int) -> int:
    """The end of the clause of the word before ``start``."""
    return bisect_right(words.clause, words.clause[start - 1])


def _through_list(
    words: Words, trigger: Found, end: int, goes_on: Sequence[Found], begins: Sequence[int]
) -> int:
    """The reach of a noun negation: its clause, or to the last item of its list.

    A list that is announced ("no signs of a seizure, including A, B, C") goes to the end of the
    sentence, or to the first stop.
    """
    own_clause = clause_end(words, trigger.end)
    reach = min(end, own_clause)
    announced = bisect_left(begins, trigger.end)
    if announced < len(begins) and begins[announced] <= reach < end:
        return end
    at = bisect_left(goes_on, end, key=_start) - 1
    if at < 0 or goes_on[at].start < trigger.end:
        return reach
    last = min(goes_on[at].end, len(words) - 1)
    return max(reach, min(end, clause_end(words, last + 1)))


def _start(match: Found) -> int:
    return match.start
