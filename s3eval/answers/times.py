"""Timestamps."""

from __future__ import annotations

import re

from s3eval.answers.text import cleaned, find_json, shortened
from s3eval.task import Reading

__all__ = ["parse_clock", "read_time"]

_CLOCK = re.compile(r"(?<![\d:.])(?:(\d{1,2}):)?(\d{1,3}):(\d{2})(?:[.,](\d{1,3}))?(?![\d:])")
_SECONDS = re.compile(r"(?<![\d:.])(\d{1,4}(?:\.\d+)?)\s*(?:s|sec|secs|second|seconds)\b", re.I)
_KEYS = ("timestamp", "time", "start", "onset", "answer")


def parse_clock(text: str) -> float | None:
    """Seconds of a text that is MM:SS or H:MM:SS and nothing else; None otherwise.

    Seconds (and minutes after hours) must be below 60.

    >>> parse_clock("01:05"), parse_clock("1:00:00"), parse_clock("0:75"), parse_clock("12")
    (65.0, 3600.0, None, None)
    """
    found = _CLOCK.fullmatch(text.strip())
    return _seconds(found) if found else None


def _seconds(found: re.Match[str]) -> float | None:
    hours, minutes, seconds, fraction = found.groups()
    if int(seconds) >= 60 or (hours is not None and int(minutes) >= 60):
        return None
    total = int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds)
    return total + (float(f"0.{fraction}") if fraction else 0.0)


def read_time(text: str) -> Reading:
    """A time in seconds from the start of what was shown.

    In this order: the timestamp of a JSON object, the one clock time (MM:SS or H:MM:SS) in the
    text, the one time given with its unit ("31 seconds"). Two different times are unreadable,
    and so is a bare number: MM:SS was asked for, so "31" could be either.

    >>> read_time('{"timestamp": "00:31"}').value
    31.0
    >>> read_time("The head turns at 1:05.").value
    65.0
    >>> read_time("between 00:10 and 00:20").reason
    "2 different times: 'between 00:10 and 00:20'"
    """
    proper = cleaned(text)
    if not proper:
        return Reading(reason="nothing was said")
    found = find_json(proper)
    if found:
        lowered = {str(k).lower(): v for k, v in found.items()}
        value = next((lowered[k] for k in _KEYS if k in lowered), None)
        if isinstance(value, str):
            proper = value
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            return Reading(reason=f"a bare number, not MM:SS: {value}")
    clocks = [_seconds(m) for m in _CLOCK.finditer(proper)]
    if None in clocks:
        return Reading(reason=f"no time of day or film: {shortened(proper)!r}")
    times = {*clocks} or {float(m.group(1)) for m in _SECONDS.finditer(proper)}
    if len(times) == 1:
        return Reading(times.pop())
    if times:
        return Reading(reason=f"{len(times)} different times: {shortened(proper)!r}")
    return Reading(reason=f"no MM:SS: {shortened(proper)!r}")
