"""What an answer about a scene says: one of its choices, or a time."""

from __future__ import annotations

import re

from s3eval.answers.mentions import mentions
from s3eval.answers.text import cleaned
from s3eval.answers.times import parse_clock, read_time
from s3eval.model import Answer, Question

__all__ = ["read_choice", "read_seconds"]

_DIGITS = {"1": "one", "2": "two", "3": "three", "4": "four"}
_NUMBER = re.compile(r"(?<![\d:.,])(\d{1,4}(?:[.,]\d{1,3})?)(?![\d:])")


def read_choice(answer: Answer, question: Question) -> str | None:
    """The one choice an answer names; the most probable one where its text names none.

    >>> sides = Question("side", "Left or right?", ("left", "right"))
    >>> read_choice(Answer.of("It is on the Left."), sides), read_choice(Answer.of("?"), sides)
    ('left', None)
    >>> read_choice(Answer.of("?", probabilities={"left": 0.2, "right": 0.8}), sides)
    'right'
    """
    if answer.status != "answered":
        return None
    text = cleaned(answer.text)
    if "one" in question.choices:
        text = re.sub(r"\b[1-4]\b", lambda m: _DIGITS[m.group()], text)
    words = re.compile(rf"\b(?:{'|'.join(map(re.escape, question.choices))})\b", re.IGNORECASE)
    named = mentions(text, words, lambda m: m.group().lower()).affirmed
    if len(named) == 1:
        return next(c for c in question.choices if c.lower() == named[0])
    known = answer.probabilities
    if not named and known and all(c in known for c in question.choices):
        return max(question.choices, key=lambda choice: known[choice])
    return None


def read_seconds(answer: Answer) -> float | None:
    """A time in seconds: a clock, a time with its unit, or the one number in the text.

    >>> [read_seconds(Answer.of(t)) for t in ("3", "00:03", "at 2.5 seconds", "3 or 4", "soon")]
    [3.0, 3.0, 2.5, None, None]
    """
    if answer.status != "answered":
        return None
    text = cleaned(answer.text).strip()
    clock = parse_clock(text.rstrip("."))
    if clock is not None:
        return clock
    reading = read_time(text)
    if reading.value is not None:
        return float(reading.value)
    numbers = {float(n.replace(",", ".")) for n in _NUMBER.findall(text)}
    return numbers.pop() if len(numbers) == 1 else None
