"""A stand-in that reads the drawn scenes by classical vision, for tests of the check itself."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from s3eval.facts.footage import SOUND_RATE
from s3eval.model import Answer, Model, Question
from s3eval_check_model.scenes import COLOURS, COUNTS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from s3eval.facts.footage import Footage

__all__ = ["StandIn"]

_NAMES = tuple(COLOURS)
_VALUES = np.array(list(COLOURS.values()), float)


class StandIn(Model):
    """Answers from pixels and samples alone; knows the questions by their keys.

    Args:
        change: what is done to every clip before it is seen: the fault that is planted.
    """

    def __init__(self, change: Callable[[Footage], Footage] = lambda footage: footage) -> None:
        self._change = change

    def watch(self, footage: Footage) -> Footage:
        """The clip, with the planted fault."""
        return self._change(footage)

    def answer(self, footage: Footage, question: Question) -> Answer:
        """The answer that is seen or heard."""
        text = self._text(footage, question)
        if not question.choices:
            return Answer.of(text)
        sure = 0.98
        rest = (1 - sure) / (len(question.choices) - 1)
        probabilities = {c: sure if c == text else rest for c in question.choices}
        return Answer.of(text, probabilities=probabilities, mass=0.99)

    def _text(self, footage: Footage, question: Question) -> str:
        frames = footage.frames
        if question.key == "beep":
            return "yes" if _beeps(footage.sound) else "no"
        if question.key == "when":
            return f"{_white_from(frames, footage.times - footage.clip.start):.1f}"
        if question.key == "change":
            colours = {_colour(frame) for frame in frames} - {""}
            return "yes" if len(colours) > 1 else "no"
        if question.key == "returns":
            shown = [colour for colour, _ in groupby(filter(None, map(_colour, frames)))]
            return "yes" if len(shown) > len({*shown}) else "no"
        frame = frames[-1] if question.key == "last" else frames[0]
        if question.key == "count":
            return COUNTS[min(4, max(1, _count(frame))) - 1]
        if question.key == "side":
            columns = np.nonzero(_disc(frame))[1]
            return "left" if columns.mean() < frame.shape[1] / 8 else "right"
        return _colour(frame) or question.choices[0] if question.choices else "nothing"


def _disc(frame: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which of every fourth pixel each way are coloured, shape (height / 4, width / 4)."""
    red, green, blue = np.moveaxis(frame[::4, ::4].astype(int), -1, 0)
    largest = np.maximum(np.maximum(red, green), blue)
    coloured: NDArray[np.bool_] = largest - np.minimum(np.minimum(red, green), blue) > 80
    return coloured


def _colour(frame: NDArray[np.uint8]) -> str:
    """The colour of the discs, "" where nothing is coloured."""
    inside = frame[::4, ::4][_disc(frame)]
    if len(inside) < 20:
        return ""
    distances = np.abs(_VALUES - np.median(inside, axis=0)).sum(axis=1)
    return _NAMES[int(distances.argmin())]


def _count(frame: NDArray[np.uint8]) -> int:
    """Discs above each other: runs of rows that hold coloured pixels."""
    rows = _disc(frame).sum(axis=1) > 1
    return int(rows[0]) + int((rows[1:] & ~rows[:-1]).sum())


def _white_from(frames: NDArray[np.uint8], times: NDArray[np.float64]) -> float:
    """The time of the first white frame."""
    white = frames[:, ::4, ::4].mean(axis=(1, 2, 3)) > 200
    return float(times[white.argmax()]) if white.any() else -1.0


def _beeps(sound: NDArray[np.float32] | None) -> bool:
    """Whether a tone of 880 Hz stands out."""
    if sound is None or not len(sound):
        return False
    spectrum = np.abs(np.fft.rfft(sound))
    place = round(880 * len(sound) / SOUND_RATE)
    loud = spectrum[place - 20 : place + 20].max()
    return bool(loud > 20 and loud > 5 * np.median(spectrum))
