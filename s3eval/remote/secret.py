"""Keys that show themselves nowhere, and their removal from what servers echo.

A server that quotes the key it was sent may write it in many ways: as it is, cut short, with JSON,
percent or HTML escapes, or packed as base64 or hexadecimal digits.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import NoReturn
from urllib.parse import quote

__all__ = ["MASK", "Secret"]

MASK = "***"
# Shorter keys ("EMPTY", "none") are words of ordinary answers: only the whole key is replaced.
_SHORT = 16
# So many characters of a longer key in a row are a part of it and no coincidence.
_PART = 10
# One escaped character: JSON and Python (also escaped again), percent (also twice), HTML.
_ESCAPE = re.compile(
    r"\\+u\{?0*(?P<u>[0-9a-fA-F]{2})\}?|\\+x(?P<x>[0-9a-fA-F]{2})|%(?:25)*(?P<p>[2-7][0-9a-fA-F])"
    r"|&(?:amp;)*\#0*(?P<d>\d{2,3});?|&(?:amp;)*\#[xX]0*(?P<h>[0-9a-fA-F]{2});?|\\+(?P<s>[/\"'&+=-])"
)


class Secret:
    """A key that shows itself nowhere: not in repr, str, formatting, pickles or copies of state.

    >>> Secret("sk-very-secret")
    Secret(***)
    >>> f"{Secret('sk-very-secret')}"
    '***'
    """

    __slots__ = ("_pattern", "_value")

    def __init__(self, value: str) -> None:
        self._value = value
        self._pattern = _pattern_of(value)

    def reveal(self) -> str:
        """The key itself; call only where the request is signed."""
        return self._value

    def scrub(self, text: str) -> str:
        """``text`` with the key replaced, however it is written, and parts of it, too.

        Keys of 16 characters or more are looked for in any case, in parts of 10 characters, and
        in their base64 and hexadecimal forms.

        >>> Secret("sk-0123456789abcdef").scrub(r'bad key \\u0073k-0123456789%61bcdef, sk-01234567')
        'bad key ***, ***'
        """
        if self._pattern is None:
            return text
        spans = list(_spans(self._pattern, text))
        for start, end in reversed(_joined(spans)):
            text = f"{text[:start]}{MASK}{text[end:]}"
        return text

    def __repr__(self) -> str:
        return f"Secret({MASK})"

    def __str__(self) -> str:
        return MASK

    def __reduce__(self) -> NoReturn:
        raise TypeError("A Secret is never pickled")


def _pattern_of(value: str) -> re.Pattern[str] | None:
    """What to look for in a text without escapes."""
    if not value:
        return None
    if len(value) < _SHORT:
        forms = {value, quote(value, safe="")}
        return re.compile("|".join(map(re.escape, sorted(forms, key=len, reverse=True))))
    raw = value.encode()
    written = [value, value[::-1], raw.hex()]
    for shift in range(3):
        # What stands before the key moves its bits; the first and last digits are shared.
        packed = (
            base64.b64encode(b"\0" * shift + raw).decode().rstrip("=")[2 * (shift > 0) + 2 : -2]
        )
        written += [packed, packed.replace("+", "-").replace("/", "_")]
    parts = {w[i : i + _PART] for w in written for i in range(len(w) - _PART + 1)}
    # A lookahead, so that parts which overlap are all found.
    return re.compile(f"(?=({'|'.join(map(re.escape, sorted(parts)))}))", re.IGNORECASE)


def _spans(pattern: re.Pattern[str], text: str) -> Iterator[tuple[int, int]]:
    """Where the pattern is found, as positions in ``text``, in the text with escapes resolved."""
    plain, positions = _resolved(text)
    for match in pattern.finditer(plain):
        start, end = match.span(match.lastindex or 0)
        if positions is None:
            yield start, end
        else:
            yield positions[start], positions[end]


def _resolved(text: str) -> tuple[str, list[int] | None]:
    """The text with escapes resolved, and where each of its characters begins in ``text``.

    None instead of the positions where there are no escapes.
    """
    if not _ESCAPE.search(text):
        return text, None
    characters: list[str] = []
    positions: list[int] = []
    last = 0
    for match in _ESCAPE.finditer(text):
        characters += text[last : match.start()]
        positions += range(last, match.start())
        characters.append(_character(match))
        positions.append(match.start())
        last = match.end()
    characters += text[last:]
    positions += range(last, len(text) + 1)
    return "".join(characters), positions


def _character(match: re.Match[str]) -> str:
    groups = match.groupdict()
    if groups["s"]:
        return groups["s"]
    if groups["d"]:
        return chr(int(groups["d"]))
    return chr(int(next(groups[g] for g in ("u", "x", "p", "h") if groups[g]), 16))


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Overlapping and touching spans as one, in order."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined
