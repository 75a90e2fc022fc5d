"""Which side a sign is on: "RUE", "right upper extremity", "both arms", "to the left"."""

from __future__ import annotations

from collections.abc import Callable

from s3eval_judge_lexicon.words import Words

__all__ = ["BOTH", "LEFT", "RIGHT", "side_of_limb", "side_of_turn", "word_sides"]

LEFT, RIGHT, BOTH = "left", "right", "both"

_LEFT = frozenset(("left", "leftward", "leftwards", "lue", "lle", "l", "lt"))
_RIGHT = frozenset(("right", "rightward", "rightwards", "rue", "rle", "r", "rt"))
_BOTH = frozenset(
    ("both", "bilateral", "bilaterally", "bimanual", "bilat", "bue", "ble", "all", "four", "4")
)
_NOT_A_SIDE_BEFORE = frozenset(("now", "away", "after", "before", "handed"))
_JOIN = frozenset(("and", "&"))
# Words that may stand between a side and its body part without taking it away.
_REACH = 5


def word_sides(words: Words) -> tuple[str | None, ...]:
    """For each word the side it names, or None.

    "right and left arms" names both; "right now" and "all right" name none; of "right greater
    than left" only the first counts.

    >>> from s3eval_judge_lexicon.words import split_words
    >>> word_sides(split_words("right and left arms"))
    ('both', None, None, None)
    """
    sides: list[str | None] = [None] * len(words)
    tokens = words.words
    for i, word in enumerate(tokens):
        side = (
            LEFT if word in _LEFT else RIGHT if word in _RIGHT else BOTH if word in _BOTH else None
        )
        if side in (LEFT, RIGHT) and _no_side(tokens, i):
            side = None
        sides[i] = side
    for i in range(2, len(words)):
        if {sides[i], sides[i - 2]} == {LEFT, RIGHT} and tokens[i - 1] in _JOIN:
            sides[i - 2], sides[i] = BOTH, None
    return tuple(sides)


def _no_side(tokens: tuple[str, ...], i: int) -> bool:
    following = tokens[i + 1] if i + 1 < len(tokens) else ""
    return (
        following in _NOT_A_SIDE_BEFORE
        or (i > 0 and tokens[i - 1] in ("all", "he", "she", "than"))
        or (i > 1 and tokens[i - 2] == "than" and tokens[i - 1] in ("the", "his", "her"))
    )


def side_of_limb(
    words: Words,
    sides: tuple[str | None, ...],
    start: int,
    end: int,
    is_part: Callable[[int], bool],
) -> str | None:
    """The side of a limb sign in words ``start:end``: inside it, before it, then after it.

    Looking before stops at another body part, whose side it would be.
    """
    inside = [s for s in sides[start:end] if s]
    if inside:
        return inside[0]
    clause = words.clause[start]
    for i in range(start - 1, max(-1, start - 1 - _REACH), -1):
        if words.clause[i] != clause or is_part(i):
            break
        if sides[i]:
            return sides[i]
    return _after(words, sides, end, clause)


def side_of_turn(words: Words, sides: tuple[str | None, ...], start: int, end: int) -> str | None:
    """The side a head or gaze turns to: inside the phrase, after it, then right before it."""
    inside = [s for s in sides[start:end] if s in (LEFT, RIGHT)]
    if inside:
        return inside[0]
    clause = words.clause[start]
    after = _after(words, sides, end, clause)
    if after in (LEFT, RIGHT):
        return after
    for i in range(start - 1, max(-1, start - 4), -1):
        if words.clause[i] != clause:
            break
        if sides[i] in (LEFT, RIGHT):
            return sides[i]
    return None


def _after(words: Words, sides: tuple[str | None, ...], end: int, clause: int) -> str | None:
    for i in range(end, min(len(words), end + _REACH)):
        if words.clause[i] != clause or words.words[i] in ("and", "with", "then", "while"):
            break
        if sides[i]:
            return sides[i]
    return None
