"""Which of the three sections a report has: onset, propagation, postictal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from s3eval.judge import Evidence
from s3eval.vocabulary import HEARD, SECTIONS
from s3eval_judge_lexicon.mentions import Mention
from s3eval_judge_lexicon.phrases import Found
from s3eval_judge_lexicon.words import Words

__all__ = ["sections_told"]

# A report that tells only these of signs does not tell how the seizure spreads.
_NO_SPREAD = frozenset(
    (*HEARD, "occur_during_sleep", "close_eyes", "blank_stare"),
)


def sections_told(
    words: Words,
    present: Sequence[Mention],
    features: Sequence[str],
    lists: Mapping[str, Sequence[Found]],
) -> tuple[tuple[str, ...], list[Evidence]]:
    """The sections, in canonical order, and the words each was read from.

    Args:
        words: the report.
        present: the signs it tells as having been there, as things happened.
        features: what these signs stand for.
        lists: phrases found of each list of the lexicon ("sections:postictal").
    """
    evidence: dict[str, Evidence] = {}
    if present:
        evidence["onset"] = words.quote("onset", present[0].start, present[0].end)
    goes_on = len(features) > 1 and not _NO_SPREAD.issuperset(features)
    if present and (goes_on or _movements(present) > 1):
        evidence["propagation"] = words.quote("propagation", present[-1].start, present[-1].end)
    after = next(iter(lists.get("sections:postictal", ())), None)
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
