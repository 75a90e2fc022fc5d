"""Signs told in a text, each with its side and the scopes it stands under, as things happened."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from s3eval_judge_lexicon.elsewhere import elsewhere
from s3eval_judge_lexicon.lexicon import Lexicon, Term
from s3eval_judge_lexicon.phrases import Found, outermost
from s3eval_judge_lexicon.scope import Scope, by_word, doubts, negations, of_others
from s3eval_judge_lexicon.sides import side_of_limb, side_of_subject, side_of_turn, word_sides
from s3eval_judge_lexicon.words import Words

__all__ = ["Context", "Mention", "mentions"]


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


@dataclass(frozen=True)
class Context:
    """What each word of a text stands under: a scope, or None.

    Attributes:
        negated: of negation.
        doubted: of doubt.
        away: of what is told of somebody else or of another time.
        others: words that tell what others do with the patient; a sign that begins or ends with
            one of them is none.
    """

    negated: Sequence[Scope | None]
    doubted: Sequence[Scope | None]
    away: Sequence[Scope | None]
    others: Collection[int]

    @classmethod
    def of(cls, words: Words, at: Mapping[str, Sequence[Found]]) -> Context:
        """The context of a text's words, from the phrases found of the ``scope`` lists."""
        return cls(
            by_word(words, negations(words, at)),
            by_word(words, doubts(words, at)),
            by_word(words, elsewhere(words, at)),
            of_others(at),
        )

    def elsewhere(self, one: Found) -> bool:
        """Whether a sign is somebody else's, or of another time."""
        others = self.others
        return one.start in others or one.end - 1 in others or self.away[one.start] is not None


def mentions(
    words: Words, matches: Sequence[Found], lexicon: Lexicon, context: Context
) -> list[Mention]:
    """Every sign of a text, in the order things happened.

    Args:
        words: the text.
        matches: every phrase of the lexicon in it.
        lexicon: whose terms they are.
        context: what its words stand under.
    """
    sides = word_sides(words)
    signs = outermost([f for f in matches if f.term.startswith("sign:")], lexicon.hides)
    parts = {i for f in signs for i in range(f.start, f.end)}
    order = _order(words, matches)
    in_text = []
    for one in signs:
        term = lexicon.terms[one.term[5:]]
        if not term.says and not term.moves:
            continue
        if context.elsewhere(one):
            continue
        if term.turns or term.moves == "head":
            side = side_of_turn(words, sides, one.start, one.end)
        else:
            side = side_of_limb(words, sides, one.start, one.end, parts.__contains__)
            side = side or side_of_subject(words, sides, one.start)
        in_text.append(
            Mention(
                term,
                one.start,
                one.end,
                side,
                context.negated[one.start],
                context.doubted[one.start],
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
