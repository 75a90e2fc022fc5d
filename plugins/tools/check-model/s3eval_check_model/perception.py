"""Verdicts on what a model says of the drawn scenes: from answers alone, nothing is asked here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from s3eval.running.model_check import CheckLine
from s3eval_check_model.asking import FRAME_DISTANCE, Answered, is_declined
from s3eval_check_model.reading import read_choice, read_seconds
from s3eval_check_model.scenes import SECONDS

__all__ = ["LINES", "NEEDS", "Line", "judged"]

#: A line passes from this share of right answers on ...
ENOUGH = 0.85
#: ... where guessing would reach it less often than this.
BY_GUESSING = 0.01
#: A line fails where guessing would reach what was reached more often than this.
LIKE_GUESSING = 0.05


@dataclass(frozen=True)
class Line:
    """A line of the check about what is perceived.

    Attributes:
        question: what is checked. choices: how many answers a guess chooses from.
        cause: the likely cause where it is no better than guessing.
        opposite: the likely cause where nearly all answers are wrong.
    """

    question: str
    choices: int
    cause: str
    opposite: str = ""


LINES: Mapping[str, Line] = {
    "colour": Line(
        "does it name the colour of discs?",
        4,
        "frames do not reach the model as pictures: the chat template's place for the clip, "
        "the processor's version, or the dtype",
        "red and blue may be swapped (order of colour channels)",
    ),
    "side": Line(
        "does it tell left from right?",
        2,
        "positions within a frame may be lost (position ids, grid of patches)",
        "left and right are swapped: frames are flipped, or rows and columns exchanged",
    ),
    "count": Line(
        "does it count discs (one to four)?",
        4,
        "frames may be reduced too much (max_pixels, max_media_tokens), or patches are in the "
        "wrong order (processor's version)",
    ),
    "change": Line(
        "does it see more than one frame?",
        2,
        "every frame may be the same, or only the first one is shown (number of frames, how the "
        "processor samples them)",
    ),
    "order": Line(
        "does it know which came first?",
        2,
        "frames may be in the wrong order, or their positions are lost (position ids in time)",
        "frames are shown from the last to the first",
    ),
    "times": Line(
        "does it tell at which second something happens?",
        1,
        "the frames' times are not those of the clip (frames a second, metadata of the video "
        "processor, position ids in time)",
    ),
    "hearing": Line(
        "does it hear a beep?",
        2,
        "sound may be at the wrong rate, or not where the template expects it",
        "the answers are the opposite of what is heard",
    ),
}
#: Lines that say nothing unless these have not failed.
NEEDS: Mapping[str, tuple[str, ...]] = {
    "colour": ("footage",),
    "side": ("footage",),
    # A picture on its side has its discs beside one another.
    "count": ("footage", "side"),
    # Frames that are averaged show no change.
    "change": ("footage", "reversal"),
    "order": ("footage", "reversal", "colour", "change"),
    "times": ("footage", "reversal", "change", "order"),
    "hearing": ("footage", "sound"),
}


def judged(name: str, answered: Sequence[Answered], failed: Sequence[str]) -> CheckLine:
    """The verdict on one line.

    Args:
        name: one of `LINES`.
        answered: the answers that count for it; empty where the model lacks the sense.
        failed: lines that failed before.
    """
    line = LINES[name]
    lacking = [need for need in NEEDS[name] if need in failed]
    if not answered:
        return _cannot(name, "the model does not perceive this")
    if lacking:
        return _cannot(name, f"says nothing while '{lacking[0]}' fails")
    if name == "times":
        return _times(answered)
    read = [read_choice(a.answer, a.asked.question) for a in answered]
    silent = [
        a for a, choice in zip(answered, read, strict=True)
        if choice is None
        and (a.answer.status != "skipped" or is_declined(a.answer, a.asked.question))
    ]  # fmt: skip
    if len(silent) > len(answered) / 4:
        return _cannot(name, _silence(silent, len(answered), "none of the choices"))
    pairs = list(zip(answered, read, strict=True))
    if name == "order":
        if (swapped := _swapped(pairs)) is not None:
            return swapped
        pairs = [(a, choice) for a, choice in pairs if a.asked.question.key != "returns"]
    right = sum(choice == a.asked.expected for a, choice in pairs)
    return _counted(name, line, right, len(pairs), len({choice for _, choice in pairs}) == 1)


def _swapped(pairs: Sequence[tuple[Answered, str | None]]) -> CheckLine | None:
    """The failed line of a model to which a colour that changes once comes back, None otherwise.

    That is what frames look like that change places with their neighbours: the change lies between
    two of them. It takes nearly all of these answers wrong and nearly all others right; a model
    that cannot answer this question is not judged by it.
    """
    returns = [(a, choice) for a, choice in pairs if a.asked.question.key == "returns"]
    changes = {a.scene for a, _ in pairs if a.asked.question.key == "last"}
    once = [choice == "yes" for a, choice in returns if a.scene in changes]
    others = [choice == a.asked.expected for a, choice in returns if a.scene not in changes]
    if not once or sum(once) < ENOUGH * len(once) or sum(others) < ENOUGH * len(others):
        return None
    result = f"a colour that changes once comes back in {sum(once)} of {len(once)}"
    cause = "frames change places with their neighbours (order in which they are decoded or packed)"
    return CheckLine("order", LINES["order"].question, "fail", result, cause)


def _cannot(name: str, why: str) -> CheckLine:
    return CheckLine(name, LINES[name].question, "cannot tell", why)


def _silence(silent: Sequence[Answered], count: int, lack: str) -> str:
    first = silent[0].answer
    if first.status == "skipped":
        return f"{len(silent)} of {count} questions without an answer, e.g. {first.reason}"
    example = first.reason or f"says {first.text[:40]!r}"
    return f"{len(silent)} of {count} answers name {lack}, e.g. {example}"


def _counted(name: str, line: Line, right: int, count: int, constant: bool) -> CheckLine:
    """The verdict by how many answers are right."""
    result = f"{right} of {count} right"
    guessing = 1 / line.choices
    if right >= ENOUGH * count and _at_least(right, count, guessing) < BY_GUESSING:
        return CheckLine(name, line.question, "pass", result)
    if _at_least(right, count, guessing) > LIKE_GUESSING:
        swapped = line.opposite and right <= (1 - ENOUGH) * count
        if constant:
            result += ", the same answer each time"
        cause = line.opposite if swapped and not constant else line.cause
        return CheckLine(name, line.question, "fail", f"{result}, no better than a guess", cause)
    return CheckLine(
        name, line.question, "cannot tell", f"{result}, better than a guess but below {ENOUGH:.0%}"
    )


def _at_least(right: int, count: int, chance: float) -> float:
    """The probability of so many right answers by guessing (binomial).

    >>> _at_least(8, 8, 0.5)
    0.00390625
    """
    from scipy.stats import binom

    return float(binom.sf(right - 1, count, chance))


def _times(answered: Sequence[Answered]) -> CheckLine:
    """Times must be right to half the distance of frames; a constant error has a cause."""
    name, line = "times", LINES["times"]
    pairs = [(read_seconds(a.answer), float(a.asked.expected)) for a in answered]
    read = [(seconds, true) for seconds, true in pairs if seconds is not None]
    silent = [a for a in answered if read_seconds(a.answer) is None]
    if len(silent) > len(answered) / 4:
        return _cannot(name, _silence(silent, len(answered), "no time"))
    errors = [seconds - true for seconds, true in read]
    nearly, half = ENOUGH * len(answered) - 1e-9, FRAME_DISTANCE / 2 + 1e-9
    offset = median(errors)
    result = (
        f"off by {offset:+.2f} s (median of {len(errors)}; frames are {FRAME_DISTANCE} s apart)"
    )
    if sum(abs(e) <= half for e in errors) >= nearly:
        return CheckLine(name, line.question, "pass", result)
    if sum(abs(e - offset) <= half for e in errors) >= nearly:
        return CheckLine(name, line.question, "fail", f"all times are {result}", line.cause)
    # One moment of the clip for all; any other number need not be meant as a time.
    if len({seconds for seconds, _ in read}) == 1 and read[0][0] <= SECONDS:
        result = f"all times are {read[0][0]:g} s, whenever it happens"
        return CheckLine(name, line.question, "fail", result, line.cause)
    factors = [seconds / true for seconds, true in read]
    factor = median(factors)
    if factor > 0 and sum(abs(f / factor - 1) <= 0.1 for f in factors) >= nearly:
        result = f"all times are {factor:.2f} times the true ones"
        return CheckLine(name, line.question, "fail", result, line.cause)
    return _cannot(name, f"times differ without a pattern, {result}")
