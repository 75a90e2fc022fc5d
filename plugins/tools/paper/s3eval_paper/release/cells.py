"""Cells of the release: clock times, labels, diagnoses."""

from __future__ import annotations

import re

__all__ = ["clock", "es_or_nes", "label", "short"]


def clock(text: str) -> float | None:
    """Seconds of MM:SS or H:MM:SS; None for anything else (protocol, Task 4).

    >>> clock("01:05"), clock("0:01:05"), clock("30"), clock("fail")
    (65.0, 65.0, None, None)
    """
    if not re.fullmatch(r"\d{1,3}:\d{1,2}(:\d{1,2})?", text):
        return None
    total = 0
    for part in text.split(":"):
        total = total * 60 + int(part)
    return float(total)


def short(text: str) -> str:
    """A label is shown, prose is not: it may be clinical text."""
    line = " ".join(text.split())
    return line if len(line) <= 16 else f"a text of {len(line)} characters"


def label(text: str, feature: str) -> str | None:
    """A recorded yes, no or na; None for anything else."""
    value = text.lower()
    if value in ("n/a", "n.a.", "not applicable"):
        value = "na"
    allowed = ("yes", "no", "na") if feature == "verbal_responsiveness" else ("yes", "no")
    return value if value in allowed else None


def es_or_nes(text: str) -> str | None:
    """An answer containing NES is NES, else one containing ES is ES (protocol, Task 7)."""
    answer = text.upper() if text.lower() in ("es", "nes") else text
    return next((label for label in ("NES", "ES") if label in answer), None)
