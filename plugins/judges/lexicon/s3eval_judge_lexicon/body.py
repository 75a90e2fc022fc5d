"""Body parts named in a text, with their sides."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from s3eval_judge_lexicon.sides import BOTH, LEFT, RIGHT
from s3eval_judge_lexicon.words import Words

__all__ = ["Part", "limbs", "parts_of"]

# word (or its beginning, with *) -> the body part of the questions' lists
_KINDS = {
    "arm": "arm arms forearm forearms hand hands elbow elbows wrist wrists fist fists finger "
    "fingers rue lue bue ue ues shoulder shoulders",
    "leg": "leg legs foot feet knee knees thigh thighs rle lle ble toe toes",
    "head": "head neck",
    "eye": "eye eyes eyelid eyelids gaze",
    "mouth": "mouth lip lips jaw tongue teeth",
    "face": "face facial cheek cheeks",
    "limb": "limb limbs extremity extremities extremeties extrimities",
    "full body": "generalized generalised",
}
_KIND = {word: kind for kind, words in _KINDS.items() for word in words.split()}
_PLURAL = frozenset(
    (
        *("arms", "forearms", "hands", "elbows", "wrists", "fists", "shoulders", "ues"),
        *("legs", "feet", "knees", "thighs", "les"),
        *("limbs", "extremities", "extremeties", "extrimities"),
    )
)
_WHOLE = frozenset(("whole", "entire", "full"))
_UPPER_LOWER = {"upper": "arm", "lower": "leg"}
_REACH = 4
_BETWEEN = frozenset(("with", "while", "then", "followed", "but"))


@dataclass(frozen=True)
class Part:
    """A body part in words ``start:end``; side is left, right, both or None."""

    kind: str
    side: str | None
    start: int
    end: int


def parts_of(words: Words, sides: Sequence[str | None]) -> list[Part]:
    """Every body part named, with the side that stands before it.

    >>> from s3eval_judge_lexicon.sides import word_sides
    >>> from s3eval_judge_lexicon.words import split_words
    >>> w = split_words("left upper extremity and both legs")
    >>> [(p.kind, p.side) for p in parts_of(w, word_sides(w))]
    [('arm', 'left'), ('leg', 'both')]
    """
    parts: list[Part] = []
    last = -1
    for i, word in enumerate(words.words):
        kind = _KIND.get(word)
        if word == "body" and i and words.words[i - 1] in _WHOLE:
            kind = "full body"
        if kind is None:
            continue
        start = i
        if kind == "limb" and i and words.words[i - 1] in _UPPER_LOWER:
            kind, start = _UPPER_LOWER[words.words[i - 1]], i - 1
        side = sides[i] or _side_before(words, sides, start, last)
        if side is None and word in _PLURAL:
            side = BOTH
        parts.append(Part(kind, side, start, i + 1))
        last = i
    return parts


def _side_before(words: Words, sides: Sequence[str | None], start: int, last: int) -> str | None:
    for i in range(start - 1, max(last, start - 1 - _REACH), -1):
        if words.clause[i] != words.clause[start] or words.words[i] in _BETWEEN:
            return None
        if sides[i]:
            return sides[i]
    return None


def limbs(
    parts: Iterable[Part], *, posture: str | None = None, words: Words | None = None
) -> set[str]:
    """The limbs named, as the questions list them: "left arm", "both legs", "full body".

    Args:
        parts: the body parts.
        posture: only arms beside a word of "flexion" or "extension".
        words: the text, needed for ``posture``.

    >>> sorted(limbs([Part("arm", "left", 0, 1), Part("arm", "right", 2, 3)]))
    ['both arms']
    """
    sides_of_kind: dict[str, set[str]] = {}
    whole = False
    for part in parts:
        if posture and words is not None and not _beside(words, part, posture):
            continue
        if part.kind == "full body":
            whole = True
        kinds = ("arm", "leg") if part.kind == "limb" else (part.kind,)
        for kind in kinds:
            if part.side:
                sides_of_kind.setdefault(kind, set()).update(
                    (LEFT, RIGHT) if part.side == BOTH else (part.side,)
                )
    named = {"full body"} if whole else set()
    for kind, sides in sides_of_kind.items():
        if kind in ("mouth", "face"):
            named.add("both sides of face" if len(sides) > 1 else f"{next(iter(sides))} face")
        elif kind in ("arm", "leg"):
            named.add(f"both {kind}s" if len(sides) > 1 else f"{next(iter(sides))} {kind}")
    return named


_POSTURE_STEMS = {
    "flexion": ("flex", "bend", "bent", "curl"),
    "extension": ("exten", "straight", "outstretch"),
}


def _beside(words: Words, part: Part, posture: str) -> bool:
    """Whether the first posture told after the part (or right before it) is this one."""
    for i in range(part.end, min(len(words), part.end + 7)):
        if words.sentence[i] != words.sentence[part.start] or words.words[i] in ("while", "other"):
            break
        for name, stems in _POSTURE_STEMS.items():
            if words.words[i].startswith(stems):
                return name == posture
    for i in range(part.start - 1, max(-1, part.start - 5), -1):
        if words.clause[i] != words.clause[part.start]:
            break
        for name, stems in _POSTURE_STEMS.items():
            if words.words[i].startswith(stems):
                return name == posture
    return False
