"""Which side a sign is on: "RUE", "right upper extremity", "both arms", "to the left"."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable

from s3eval_judge_lexicon.words import Words

__all__ = ["BOTH", "LEFT", "RIGHT", "side_of_limb", "side_of_subject", "side_of_turn", "word_sides"]

LEFT, RIGHT, BOTH = "left", "right", "both"

_LEFT = frozenset(("left", "leftward", "leftwards", "lue", "lle", "l", "lt"))
_RIGHT = frozenset(("right", "rightward", "rightwards", "rue", "rle", "r", "rt"))
_BOTH = frozenset(
    ("both", "bilateral", "bilaterally", "bimanual", "bilat", "bue", "ble", "all", "four", "4")
)
_SIDE_OF = {
    word: side for words, side in ((_BOTH, BOTH), (_RIGHT, RIGHT), (_LEFT, LEFT)) for word in words
}
_NOT_A_SIDE_BEFORE = frozenset(("now", "away", "after", "before", "handed"))
_JOIN = frozenset(("and", "&"))
# "camera left" is not the patient's.
_VIEWERS = frozenset(("camera", "viewer", "viewers", "screen", "image", "frame"))
_OWN = frozenset(("the", "a", "his", "her", "their", "patient", "patients"))
_ARM = frozenset(("arm", "hand", "upper", "finger", "fingers", "ue", "forearm", "fist"))
_LEG = frozenset(("leg", "foot", "lower", "thigh", "knee", "extremity", "limb", "side"))
_WHICH = frozenset(("which", "that"))
# A predicate that goes on with its subject after an aside.
_BEGINS = frozenset(
    (
        *("begins", "begin", "began", "starts", "start", "started", "is", "was", "goes", "went"),
        *("becomes", "became", "jerks", "jerked", "stiffens", "stiffened", "extends", "extended"),
        *("flexes", "flexed", "twitches", "twitched", "shakes", "shook", "moves", "moved"),
        *("rises", "rose", "trembles", "trembled", "tenses", "tensed", "then", "suddenly", "now"),
    )
)
# Words that may stand between a side and its body part without taking it away.
_REACH = 7


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
        side = _SIDE_OF.get(word)
        if side is None:
            continue
        if side in (LEFT, RIGHT) and _no_side(tokens, i):
            side = None
        elif side in (LEFT, RIGHT) and _viewers(tokens, i):
            side = _patients(tokens, i)
        sides[i] = side
    for i in range(1, len(words)):
        if sides[i] is None and tokens[i] != "l":
            continue  # most words; nothing below holds of them
        # "b/l", "L/R", "R-L-R-L"; not "to the left, right arm extension"
        if words.clause[i - 1] != words.clause[i]:
            continue
        if tokens[i - 1 : i + 1] == ("b", "l") or {sides[i - 1], sides[i]} == {LEFT, RIGHT}:
            sides[i - 1], sides[i] = BOTH, None
        elif i > 1 and {sides[i - 2], sides[i]} == {LEFT, RIGHT} and _joined(tokens, i):
            sides[i - 2], sides[i] = BOTH, None
    return tuple(sides)


def _joined(tokens: tuple[str, ...], i: int) -> bool:
    """Whether the sides at i - 2 and i are both meant ("left and right", "from left to right")."""
    between = tokens[i - 1]
    return between in _JOIN or (between == "to" and i > 2 and tokens[i - 3] == "from")


def _no_side(tokens: tuple[str, ...], i: int) -> bool:
    following = tokens[i + 1] if i + 1 < len(tokens) else ""
    return (
        following in _NOT_A_SIDE_BEFORE
        or (i > 0 and tokens[i - 1] in ("all", "he", "she", "than"))
        or (i > 1 and tokens[i - 2] == "than" and tokens[i - 1] in ("the", "his", "her"))
    )


def _viewers(tokens: tuple[str, ...], i: int) -> bool:
    """Whether a side is the picture's ("camera left", "the left side of the frame")."""
    if not _VIEWERS.isdisjoint(tokens[max(0, i - 1) : i + 2]):
        return True
    return tokens[i + 1 : i + 3] == ("side", "of") and not _VIEWERS.isdisjoint(
        tokens[i + 3 : i + 5]
    )


def _patients(tokens: tuple[str, ...], i: int) -> str | None:
    """The patient's side given beside the viewer's: "camera right (patient's left)"."""
    for at in range(i + 1, min(len(tokens) - 1, i + 11)):
        if tokens[at] in ("patient", "patients"):
            following = tokens[at + 1]
            return LEFT if following in _LEFT else RIGHT if following in _RIGHT else None
    return None


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
        if words.clause[i] == clause and words.words[i] in ("with", "w"):
            return _instrument(words, sides, i + 1, clause)
        if words.clause[i] != clause or words.words[i] in ("and", "then", "while"):
            break
        if sides[i]:
            return sides[i]
    return None


def _instrument(words: Words, sides: tuple[str | None, ...], start: int, clause: int) -> str | None:
    """The side of the hand something is done with ("picks at the gown with the left hand")."""
    tokens = words.words
    at = start + 1 if start < len(words) and tokens[start] in _OWN else start
    if at >= len(words) or words.clause[at] != clause or sides[at] is None:
        return None
    is_arm = tokens[at] in ("rue", "lue", "bue") or (at + 1 < len(words) and tokens[at + 1] in _ARM)
    return sides[at] if is_arm else None


def side_of_subject(words: Words, sides: tuple[str | None, ...], start: int) -> str | None:
    """The side of the limb that a clause without a subject of its own speaks of.

    "The nurse holds the left arm, which jerks"; past an aside: "the left arm, weak since birth,
    begins to jerk".

    >>> from s3eval_judge_lexicon.words import split_words
    >>> w = split_words("The left arm, weak since birth, begins to jerk")
    >>> side_of_subject(w, word_sides(w), 8)
    'left'
    """
    clause, tokens = words.clause, words.words
    here = bisect_left(clause, clause[start])
    if here == 0 or words.sentence[here - 1] != words.sentence[here]:
        return None
    end = here
    if tokens[here] not in _WHICH:
        if tokens[here] not in _BEGINS:
            return None
        end = bisect_left(clause, clause[here - 1])  # before the aside
        if (
            end == 0
            or words.sentence[end - 1] != words.sentence[here]
            or _is_limb(tokens[here - 1])
        ):
            return None
    if not _is_limb(tokens[end - 1]):
        return None
    for i in range(end - 1, max(-1, end - 4), -1):
        if clause[i] == clause[end - 1] and sides[i]:
            return sides[i]
    return None


def _is_limb(word: str) -> bool:
    return word in _ARM or word in _LEG
