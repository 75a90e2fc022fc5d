"""Drawn scenes whose right answers are known: discs, changes of colour, flashes, beeps.

What is drawn is as plain as it can be, so that a wrong answer says something about how the model
is used rather than about how good it is. Pixels and sound are NumPy arrays; `encoding` makes
video files of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from s3eval.facts.footage import SOUND_RATE
from s3eval.model import Question

__all__ = [
    "COLOURS",
    "COUNTS",
    "HEIGHT",
    "SECONDS",
    "WIDTH",
    "Asked",
    "Scene",
    "all_scenes",
    "changing_scenes",
    "flash_scenes",
    "returning_scenes",
    "still_scenes",
]

WIDTH, HEIGHT, SECONDS = 448, 336, 8
COLOURS = {
    "red": (215, 35, 35),
    "green": (35, 160, 60),
    "blue": (40, 70, 215),
    "yellow": (235, 205, 40),
}
COUNTS = ("one", "two", "three", "four")
_GREY = (128, 128, 128)
_NAMES = tuple(COLOURS)
_WORDS = "red, green, blue or yellow"

_COLOUR = Question(
    "colour", f"What colour are the discs? Answer with one word: {_WORDS}.", _NAMES, 8
)
_COUNT = Question(
    "count", "How many discs are there? Answer with one word: one, two, three or four.", COUNTS, 8
)
_SIDE = Question(
    "side",
    "Are the discs on the left or on the right side of the picture? Answer with one word: left "
    "or right.",
    ("left", "right"),
    8,
)
_BEEP = Question(
    "beep", "Is there a beep in the sound? Answer yes or no.", ("yes", "no"), 8, "hearing"
)
_CHANGE = Question(
    "change",
    "Does the disc change its colour during the video? Answer yes or no.",
    ("yes", "no"),
    8,
)
_FIRST = Question(
    "first",
    f"What colour is the disc at the beginning of the video? Answer with one word: {_WORDS}.",
    _NAMES,
    8,
)
_LAST = Question(
    "last",
    f"What colour is the disc at the end of the video? Answer with one word: {_WORDS}.",
    _NAMES,
    8,
)
_RETURNS = Question(
    "returns",
    "Does the disc come back to a colour that it had before another one? Answer yes or no.",
    ("yes", "no"),
    8,
)
_WHEN = Question(
    "when",
    "The picture turns white once. How many seconds after the start of the video does it turn "
    "white? Answer with a number only.",
    max_tokens=16,
)

Frames = NDArray[np.uint8]


@dataclass(frozen=True)
class Asked:
    """A question about a scene with its right answer; ``line`` is what it counts for."""

    line: str
    question: Question
    expected: str


@dataclass(frozen=True)
class Scene:
    """What is shown and asked.

    Attributes:
        name: of the scene.
        draw: seconds from the start to a picture, uint8 RGB, shape (336, 448, 3).
        beep: whether a beep is heard; otherwise the sound is silent.
        asked: questions with their right answers.
    """

    name: str
    draw: Callable[[float], Frames]
    beep: bool = False
    asked: tuple[Asked, ...] = field(default=())

    def sound(self) -> NDArray[np.float32]:
        """The scene's sound, float32 in [-1, 1], shape (seconds * 16000,)."""
        moments = np.arange(SECONDS * SOUND_RATE) / SOUND_RATE
        tone = 0.5 * np.sin(2 * np.pi * 880 * moments)
        # On and off twice a second, for the middle half of the scene.
        heard = (moments % 0.5 < 0.3) & (moments >= SECONDS / 4) & (moments < 3 * SECONDS / 4)
        return (tone * heard * self.beep).astype(np.float32)


def _picture(*discs: tuple[float, float, float, str]) -> Frames:
    """Discs (x, y, radius, colour) on grey."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    picture = np.empty((HEIGHT, WIDTH, 3), np.uint8)
    picture[:] = _GREY
    for cx, cy, radius, colour in discs:
        picture[(x - cx) ** 2 + (y - cy) ** 2 <= radius**2] = COLOURS[colour]
    return picture


def _still(number: int) -> Scene:
    # Every colour and number twice, every side and beep four times, none told by another.
    colour = _NAMES[number % 4]
    count = number % 4 + 1 if number < 4 else (number + 1) % 4 + 1
    side = "LRRLRLLR"[number]
    beep = "YNYNNYNY"[number] == "Y"
    x = WIDTH * (0.25 if side == "L" else 0.75)
    gap = HEIGHT / (count + 1)
    picture = _picture(*((x, gap * (i + 1), 28, colour) for i in range(count)))
    return Scene(
        f"still-{number + 1}",
        lambda at: picture,
        beep,
        (
            Asked("colour", _COLOUR, colour),
            Asked("count", _COUNT, COUNTS[count - 1]),
            Asked("side", _SIDE, "left" if side == "L" else "right"),
            Asked("hearing", _BEEP, "yes" if beep else "no"),
        ),
    )


def still_scenes() -> tuple[Scene, ...]:
    """Eight scenes that do not move: colour, number and side of discs, half of them with beeps.

    >>> [a.expected for a in still_scenes()[0].asked]
    ['red', 'one', 'left', 'yes']
    """
    return tuple(_still(number) for number in range(8))


#: When the disc changes its colour: after an odd number of the frames that are shown, so that a
#: frame before and one after it would change places if neighbours did, two by two from the first.
_CHANGES_AT = 3.5


def _disc(colour: str) -> Frames:
    return _picture((WIDTH / 2, HEIGHT / 2, 90, colour))


def _changing(first: str, last: str) -> Scene:
    before, after = _disc(first), _disc(last)
    asked = [Asked("change", _CHANGE, "no" if first == last else "yes")]
    asked += [Asked("order", _RETURNS, "no")]
    if first != last:
        asked += [Asked("order", _FIRST, first), Asked("order", _LAST, last)]
    return Scene(
        f"{first}-{last}",
        lambda at: before if at < _CHANGES_AT else after,
        asked=tuple(asked),
    )


def changing_scenes() -> tuple[Scene, ...]:
    """Six scenes in which a disc changes its colour, and six in which it does not."""
    pairs = (
        ("red", "blue"),
        ("blue", "green"),
        ("green", "yellow"),
        ("yellow", "red"),
        ("blue", "red"),
        ("green", "blue"),
    )
    same = (*_NAMES, "red", "blue")
    scenes = [_changing(*pair) for pair in pairs]
    return (*scenes, *(_changing(colour, colour) for colour in same))


def _returning(first: str, other: str) -> Scene:
    before, between = _disc(first), _disc(other)
    return Scene(
        f"{first}-{other}-{first}",
        lambda at: between if 2.5 <= at < 5.5 else before,
        asked=(Asked("order", _RETURNS, "yes"),),
    )


def returning_scenes() -> tuple[Scene, ...]:
    """Four scenes in which a disc changes its colour and comes back to the first one."""
    pairs = (("red", "blue"), ("blue", "yellow"), ("green", "red"), ("yellow", "green"))
    return tuple(_returning(*pair) for pair in pairs)


def _flash(second: int) -> Scene:
    grey = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    white = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    return Scene(
        f"flash-{second}",
        lambda at: white if second <= at < second + 1 else grey,
        asked=(Asked("times", _WHEN, str(second)),),
    )


def flash_scenes() -> tuple[Scene, ...]:
    """Six scenes in which the picture turns white for one second, from a whole second on."""
    return tuple(_flash(second) for second in (3, 6, 1, 5, 2, 4))


def all_scenes() -> tuple[Scene, ...]:
    """Every scene.

    >>> len(all_scenes())
    30
    """
    return (*still_scenes(), *changing_scenes(), *returning_scenes(), *flash_scenes())
