"""Which of the three sections a report has: onset, propagation, postictal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from s3eval.judge import Evidence
from s3eval.vocabulary import HEARD, SECTIONS
from s3eval_judge_lexicon.mentions import Mention
from s3eval_judge_lexicon.phrases import Found
from s3eval_judge_lexicon.scope import Scope
from s3eval_judge_lexicon.words import Words

__all__ = ["postictal", "sections_told"]

# A report that tells only these of signs does not tell how the seizure spreads.
_NO_SPREAD = frozenset(
    (*HEARD, "occur_during_sleep", "close_eyes", "blank_stare"),
)


def sections_told(
    words: Words,
    present: Sequence[Mention],
    features: Sequence[str],
    after: Found | None,
) -> tuple[tuple[str, ...], list[Evidence]]:
    """The sections, in canonical order, and the words each was read from.

    Args:
        words: the report.
        present: the signs it tells as having been there, as things happened.
        features: what these signs stand for.
        after: where the postictal state is told (`postictal`).
    """
    evidence: dict[str, Evidence] = {}
    if present:
        evidence["onset"] = words.quote("onset", present[0].start, present[0].end)
    goes_on = len(features) > 1 and not _NO_SPREAD.issuperset(features)
    if present and (goes_on or _movements(present) > 1):
        evidence["propagation"] = words.quote("propagation", present[-1].start, present[-1].end)
    if after:
        evidence["postictal"] = words.quote("postictal", after.start, after.end)
    return tuple(s for s in SECTIONS if s in evidence), [*evidence.values()]


def _movements(present: Sequence[Mention]) -> int:
    """How many movements are told one beside the other; words count for one movement only."""
    count = reach = 0
    for mention in sorted(present, key=lambda m: (m.start, -m.end)):
        if mention.term.moves and mention.start >= reach:
            count, reach = count + 1, mention.end
    return count


def postictal(
    words: Words,
    present: Sequence[Mention],
    lists: Mapping[str, Sequence[Found]],
    negated: Sequence[Scope | None],
) -> Found | None:
    """Where the state after the seizure is told: in so many words, or as what is left at the end.

    A state ("limp", "unresponsive") is one of the seizure's signs as well. It is taken for the
    postictal one where the movements are told before it, none after it, and a word says that
    they are over.

    Args:
        words: the report.
        present: the signs it tells as having been there.
        lists: phrases found of each list under ``[sections]`` ("settles").
        negated: for each word the scope of negation it stands under, or None.
    """
    affirmed = _affirmed(lists, negated)
    headings = [f for f in affirmed.get("heading", ()) if _stands_alone(words, f)]
    nothing = _clauses_without(words, lists, negated)
    explicit = [f for f in affirmed.get("postictal", ()) if words.clause[f.start] not in nothing]
    explicit += headings
    if explicit:
        return min(explicit, key=lambda f: f.start)
    if not present:
        return None
    return _said_of_the_end(words, affirmed) or _left_at_the_end(words, present, affirmed)


def _clauses_without(
    words: Words, lists: Mapping[str, Sequence[Found]], negated: Sequence[Scope | None]
) -> set[int]:
    """Clauses that deny a state the patient might be left in ("no confusion afterwards")."""
    return {words.clause[f.start] for f in lists.get("settled", ()) if negated[f.start]}


def _affirmed(
    lists: Mapping[str, Sequence[Found]], negated: Sequence[Scope | None]
) -> dict[str, list[Found]]:
    """What is told of each of the lists, those under a negation left out."""
    ends = {f.start for f in lists.get("over", ())}

    def denied(at: int) -> bool:
        # "The jerking ceases and he lies still": what ceases is not what follows.
        scope = negated[at]
        return scope is not None and scope.by_start not in ends

    return {name: [f for f in matches if not denied(f.start)] for name, matches in lists.items()}


def _said_of_the_end(words: Words, affirmed: Mapping[str, Sequence[Found]]) -> Found | None:
    """A state that is said to be there at the end ("unresponsive at the end of the episode").

    It need not be the last thing told: several windows' reports put together tell their ends in
    turn.
    """
    ends = {words.clause[f.start] for f in affirmed.get("at_end", ())}
    states = [f for name in ("settles", "settled") for f in affirmed.get(name, ())]
    here = [f for f in states if words.clause[f.start] in ends]
    return min(here, key=lambda f: f.start, default=None)


def _all_along(words: Words, affirmed: Mapping[str, Sequence[Found]]) -> set[int]:
    """Sentences that tell of what is so during the whole seizure, not after it."""
    rest = {f.start for f in affirmed.get("remainder", ())}
    return {words.sentence[f.start] for f in affirmed.get("throughout", ()) if f.start not in rest}


def _left_at_the_end(
    words: Words, present: Sequence[Mention], affirmed: Mapping[str, Sequence[Found]]
) -> Found | None:
    over, leads, settles, clear = (
        sorted(f.start for f in affirmed.get(name, ()))
        for name in ("over", "then", "settles", "settled")
    )
    moves = [m for m in present if m.term.moves]
    if moves or not over:
        last = max(moves or present, key=lambda m: m.start)
        start, end = last.start, last.end
    else:  # "Movements cease. ...": which movements is not told
        start, end = over[0], over[0] + 1
    during = _all_along(words, affirmed)
    states = [
        f
        for name in ("settles", "settled", "left")
        for f in affirmed.get(name, ())
        if words.sentence[f.start] not in during
    ]
    for state in sorted(states, key=lambda f: (f.start, -f.end)):
        if state.start < end:
            # "Afterwards drowsy, the head drooping": told as the end, whatever moves then.
            here = words.clause[state.start]
            led = any(words.clause[at] == here and at < state.start for at in leads)
            if state.start in clear and (led or _over_before(words, over, state)):
                return state
            continue
        ended = any(words.clause[start] <= words.clause[at] and at < state.start for at in over)
        led = state.start in settles and any(_leads(words, start, at, state) for at in leads)
        if ended or led or state.start in clear:
            return state
    return None


def _over_before(words: Words, over: Sequence[int], state: Found) -> bool:
    """Whether the movements are said to be over earlier in the state's sentence."""
    sentence = words.sentence[state.start]
    return any(words.sentence[at] == sentence and at < state.start for at in over)


def _stands_alone(words: Words, match: Found) -> bool:
    """Whether a phrase is all there is in its clause."""
    place, last = words.clause[match.start], len(words) - 1
    before = match.start > 0 and words.clause[match.start - 1] == place
    after = match.end <= last and words.clause[match.end] == place
    return not (before or after)


def _leads(words: Words, last: int, at: int, state: Found) -> bool:
    """Whether "then" at a word leads from the last movement, at another, to the state."""
    if at < last or at > state.start:
        return False
    if words.clause[at] == words.clause[state.start]:
        return True
    return words.sentence[at] == words.sentence[state.start] != words.sentence[last]
