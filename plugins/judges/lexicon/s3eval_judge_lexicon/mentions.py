"""Signs told in a text, each with its side and the scopes it stands under, as things happened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from s3eval_judge_lexicon.lexicon import Lexicon, Term
from s3eval_judge_lexicon.phrases import Found, outermost
from s3eval_judge_lexicon.scope import Scope, by_word, long_since, of_others
from s3eval_judge_lexicon.sides import side_of_limb, side_of_turn, word_sides
from s3eval_judge_lexicon.words import Words

__all__ = ["Mention", "mentions"]


@dataclass(frozen=True)
class Mention:
    """A sign told in words ``start:end``.

    ``side`` is left, right, both or None; ``negated_by`` and ``doubted_by`` are the scopes it
    stands under; ``order`` sorts mentions as things happened.
    """

    term: Term
    start: int
    end: int
    side: str | None
    negated_by: Scope | None
    doubted_by: Scope | None
    order: tuple[int, ...]

    @property
    def present(self) -> bool:
        """Whether the sign is told as having been there."""
        return self.negated_by is None or self.term.survives_negation


def mentions(
    words: Words,
    matches: Sequence[Found],
    lexicon: Lexicon,
    negated: Sequence[Scope | None],
    doubted: Sequence[Scope | None],
) -> list[Mention]:
    """Every sign of a text, in the order things happened.

    Args:
        words: the text.
        matches: every phrase of the lexicon in it.
        lexicon: whose terms they are.
        negated, doubted: for each word the scope it stands under, or None (`scope.by_word`).
    """
    sides = word_sides(words)
    signs = outermost([f for f in matches if f.term.startswith("sign:")], lexicon.hides)
    parts = {i for f in signs for i in range(f.start, f.end)}
    order = _order(words, matches)
    others, before = of_others(matches), by_word(words, long_since(words, matches))
    in_text = []
    for one in signs:
        term = lexicon.terms[one.term[5:]]
        if not term.says and not term.moves:
            continue
        if one.start in others or one.end - 1 in others or before[one.start]:
            continue  # somebody else's, or there before the seizure
        if term.turns or term.moves == "head":
            side = side_of_turn(words, sides, one.start, one.end)
        else:
            side = side_of_limb(words, sides, one.start, one.end, parts.__contains__)
        in_text.append(
            Mention(
                term,
                one.start,
                one.end,
                side,
                negated[one.start],
                doubted[one.start],
                (*order[one.start], one.start, -one.end),
            )
        )
    return sorted(in_text, key=lambda m: m.order)


def _order(words: Words, matches: Sequence[Found]) -> list[tuple[int, int]]:
    """(sentence, part) of every word; parts are swapped where the text tells backwards."""
    order = [(s, 1) for s in words.sentence]
    for one in matches:
        if one.term == "order:second_first":
            if one.start == 0 or words.sentence[one.start - 1] != words.sentence[one.start]:
                continue  # "After A, B" is told as it happened
            for i in range(one.end, len(words)):
                if words.clause[i] != words.clause[one.end - 1]:
                    break
                order[i] = (words.sentence[i], 0)
        elif one.term == "order:first_last":
            if one.start > 0 and words.sentence[one.start - 1] == words.sentence[one.start]:
                continue  # "A before B" is told as it happened
            for i in range(one.start, len(words)):
                if words.clause[i] != words.clause[one.start]:
                    break
                order[i] = (words.sentence[i], 2)
    return order
