"""Which words tell of somebody else, or of another time (ConText's experiencer and temporality).

A person who is the subject of a clause does what it tells ("the nurse turns her head"), until the
patient, another subject or a new sentence comes. What was so before this seizure is told after a
word for it ("a history of"), until one for the present ("now") or a new sentence, or before it
("since 2010").
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence

from s3eval_judge_lexicon.phrases import Found
from s3eval_judge_lexicon.scope import Scope, backward, clause_end, forward, unshielded
from s3eval_judge_lexicon.words import Words

__all__ = ["elsewhere"]

_ARTICLES = frozenset(("a", "an", "the", "his", "her", "their", "its", "one", "both", "another"))
_JOINS = frozenset(("and", "or"))
_OPENS_A_CLAUSE = frozenset(("when", "while", "as", "once", "whereas", "where", "because", "if"))
_PREPOSITIONS = frozenset(
    (
        *("to", "at", "beside", "with", "of", "near", "for", "behind", "by", "from", "toward"),
        *("towards", "in", "on", "into", "past", "against", "about", "around", "between", "during"),
        *("after", "before", "without", "than", "like", "until", "next", "within", "over", "under"),
        *("throughout", "across", "above", "below", "since", "through", "outside", "inside"),
    )
)
# Verbs without an ending that shows them: who stands after one is no subject.
_VERBS = frozenset(
    (
        *("am", "be", "been", "is", "are", "was", "were", "not", "told", "saw", "held", "took"),
        *("hit", "bit", "struck", "heard", "left", "found", "met", "kept", "felt", "thought"),
        *("call", "tell", "ask", "see", "grab", "hold", "push", "pull", "kick", "bite", "touch"),
        *("hug", "reach", "punch", "strike", "grasp", "follow", "answer", "notice", "recognize"),
        *("hear", "let", "help", "want", "need", "alert", "inform", "watch", "face", "greet"),
    )
)
_SHOWS = frozenset(("shows", "show", "showed", "showing", "captures", "captured", "depicts"))
_OF_A_PERSON = frozenset(
    (
        *("nursing", "attending", "monitoring", "visiting", "treating", "consulting", "examining"),
        *("patients", "this", "parents", "wifes", "nurses", "sitting", "standing"),
    )
)
_ADVERBS = frozenset(("then", "now", "meanwhile", "next", "later", "again", "also", "here", "once"))
_ENDINGS = ("s", "ing", "ed", "ly")
_NO_VERB = ("ous", "ss", "us", "is")
_MOST_WORDS_OF_A_NAME = 5
# What may stand before a time without telling anything ("about two years ago, ...").
_NO_CONTENT = _ARTICLES | frozenset(
    (
        *("in", "on", "at", "during", "about", "around", "approximately", "over", "nearly", "also"),
        *("and", "of", "some", "several", "many", "few", "couple", "already", "this", "that"),
        *("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
        *map(str, range(1, 100)),
    )
)


def elsewhere(words: Words, at: Mapping[str, Sequence[Found]]) -> list[Scope]:
    """The scopes of what somebody else does and of what was so before.

    Args:
        words: the text.
        at: the phrases found of the ``scope`` lists, by list (`scope.lists`).

    >>> from s3eval_judge_lexicon.words import split_words
    >>> w = split_words("The nurse blinks and the patient stares")
    >>> at = {"somebody": [Found("somebody", 1, 2)], "patient": [Found("patient", 4, 6)]}
    >>> elsewhere(w, at)
    [Scope(start=1, end=4, by_start=1, by_end=2)]
    """
    return [*_of_somebody(words, at), *_long_since(words, at), *_earlier(words, at)]


def _of_somebody(words: Words, at: Mapping[str, Sequence[Found]]) -> list[Scope]:
    """What a person does who is the subject of a clause."""
    people = at.get("somebody", ())
    if not people:
        return []
    patients = [f for f in at.get("patient", ()) if not _inside(f, people)]
    ends = {f.start for f in at.get("somebody_until", ())}
    stops = sorted(ends.union(f.start for f in patients if not _is_near(words, f)))
    scopes: list[Scope] = []
    for one in people:
        full = _subject(words, one, scopes, people, patients)
        if full is None:
            continue
        end = min(forward(words, one.end, stops), clause_end(words, one.end))
        if end == clause_end(words, one.end) and full:
            end = _goes_on(words, one, at.get("predicate", ()), patients, stops)
        scopes.append(Scope(one.start, end, one.start, one.end))
    return scopes


def _subject(
    words: Words,
    one: Found,
    scopes: Sequence[Scope],
    people: Sequence[Found],
    patients: Sequence[Found],
) -> bool | None:
    """Whether a person is a subject in full (True) or in notes or a subordinate clause (False).

    None: the person is no subject ("does not respond to the nurse").
    """
    tokens, clause = words.words, words.clause
    first = bisect_left(clause, clause[one.start])
    i, least = one.start, max(first, one.start - _MOST_WORDS_OF_A_NAME)
    while i > least and tokens[i] not in _ARTICLES and _names(tokens[i - 1]):
        i -= 1
    full = tokens[i] in _ARTICLES
    if i == first:
        in_apposition = clause_end(words, one.end) == one.end and any(
            f.end == first and words.sentence[f.start] == words.sentence[first] for f in patients
        )
        return None if in_apposition else full
    before = tokens[i - 1]
    if before in _JOINS:
        joined = next((f for f in people if f.end == i - 1), None)
        known = joined is None or any(s.by_start == joined.start for s in scopes)
        return full if known else None
    if before in _OPENS_A_CLAUSE:
        return False
    there_is = i - 1 > first and tokens[i - 2] in ("there", "it") and before in _VERBS
    led_to = tokens[first] in _PREPOSITIONS and i - 1 > first and not _is_verb(tokens, i - 1)
    if there_is or led_to or before in _SHOWS or before in _ADVERBS or before.endswith("ly"):
        return full
    return None


def _names(word: str) -> bool:
    """Whether a word may belong to the name of a person ("the patient's older", "the charge")."""
    if word in _ARTICLES or word in _OF_A_PERSON:
        return True
    other = word in _PREPOSITIONS or word in _JOINS or word in _OPENS_A_CLAUSE
    return not (other or word in _VERBS or word in _ADVERBS or _has_ending(word))


def _has_ending(word: str) -> bool:
    """Whether a word ends as verbs do and no adjective ("anxious", "helpless")."""
    return word.endswith(_ENDINGS) and not word.endswith(_NO_VERB)


def _is_verb(tokens: Sequence[str], at: int) -> bool:
    """Whether a word is a verb or a preposition, as far as its form shows it."""
    word = tokens[at]
    shown = (
        word in _VERBS or word in _PREPOSITIONS or (_has_ending(word) and not word.endswith("ly"))
    )
    return shown or tokens[at - 1] == "to"


def _goes_on(
    words: Words,
    one: Found,
    predicates: Sequence[Found],
    patients: Sequence[Found],
    stops: Sequence[int],
) -> int:
    """The end of what the person does, past commas as long as predicates without a subject follow.

    "The nurse, who is yawning, turns her head, blinks and leaves".
    """
    begin = {f.start for f in predicates}
    last = bisect_right(words.sentence, words.sentence[one.start])
    end = clause_end(words, one.end)
    aside = one.end == end and end < last and _is_aside(words.words[end])
    if any(one.end <= f.start < end for f in patients):
        return end
    while end < last and (aside or _past_joins(words, end) in begin):
        here = clause_end(words, end + 1)
        at = bisect_left(stops, end)
        if at < len(stops) and stops[at] < here:
            return stops[at]
        end, aside = here, False
    return end


def _long_since(words: Words, at: Mapping[str, Sequence[Found]]) -> list[Scope]:
    """What was so before the seizure ("a longstanding facial droop").

    It reaches to the end of the clause; said last in a clause ("drowsy at baseline") back to its
    start; said alone at the start of a sentence ("At baseline, ...") through the next clause.
    """
    stops = sorted(f.start for f in at.get("stops", ()))
    predicates = sorted(f.start for f in at.get("predicate", ()))
    scopes = []
    for one in unshielded(at.get("long_since", ()), at.get("not_long_since", [])):
        end = min(forward(words, one.end, stops), clause_end(words, one.end))
        start = backward(words, one.start, stops)
        if _in_passing(words, one):
            end = min(end, forward(words, one.end, predicates))
        if end > one.end:
            scopes.append(Scope(one.end, end, one.start, one.end))
        elif start < one.start:
            scopes.append(Scope(start, one.start, one.start, one.end))
        elif one.end < len(words) and words.sentence[one.end] == words.sentence[one.start]:
            end = clause_end(words, one.end + 1)
            scopes.append(Scope(one.end, end, one.start, one.end))
    return scopes


def _earlier(words: Words, at: Mapping[str, Sequence[Found]]) -> list[Scope]:
    """What is told of an earlier time: to the end of the sentence, or to a word for the present.

    Said last in a clause ("staring spells two years ago", "tremor since 2010"), of that clause.
    """
    told = unshielded(at.get("earlier", ()), at.get("not_earlier", []))
    alone = [f for f in at.get("earlier_alone", ()) if _alone(words, f)]
    until = sorted(f.start for f in at.get("earlier_until", ())) if told or alone else []
    predicates = sorted(f.start for f in at.get("predicate", ())) if told else []
    scopes = []
    for one in (*told, *alone):
        end = forward(words, one.end, until)
        if _in_passing(words, one):
            end = min(end, forward(words, one.end, predicates))
        start = backward(words, one.start, until)
        told_first = _NO_CONTENT.issuperset(words.words[start : one.start])
        if clause_end(words, one.end) == one.end and not told_first:
            scopes.append(Scope(start, one.start, one.start, one.end))
        elif end > one.end:
            scopes.append(Scope(one.end, end, one.start, one.end))
    return scopes


def _in_passing(words: Words, one: Found) -> bool:
    """Whether what was before is told of the subject of a sentence about this seizure.

    "A man with a history of epilepsy stares": it ends where the predicate begins.
    """
    first = max(one.start - 3, bisect_left(words.clause, words.clause[one.start]))
    return "with" in words.words[first : one.start] or words.words[one.start] == "diagnosed"


def _alone(words: Words, one: Found) -> bool:
    """Whether a phrase is all there is in its clause, as a heading is."""
    start = bisect_left(words.clause, words.clause[one.start])
    return start == one.start and clause_end(words, one.end) == one.end


def _past_joins(words: Words, at: int) -> int:
    """Where a clause goes on after "and", "then" or the like."""
    while at + 1 < len(words) and (words.words[at] in _JOINS or words.words[at] in _ADVERBS):
        at += 1
    return at


def _is_aside(word: str) -> bool:
    """Whether a clause that begins with a word only says more of the person before it."""
    return word == "who" or word.endswith("ing")


def _is_near(words: Words, patient: Found) -> bool:
    """Whether a patient is only where somebody is or goes ("walks to the patient")."""
    i = patient.start
    while i > 0 and words.words[i - 1] in _ARTICLES:
        i -= 1
    return i > 0 and words.words[i - 1] in _PREPOSITIONS


def _inside(one: Found, others: Sequence[Found]) -> bool:
    return any(f.start <= one.start and one.end <= f.end for f in others)
