"""A quick look at whether a pattern can match at all: most answers hold none of its words."""

from __future__ import annotations

from collections.abc import Collection

__all__ = ["is_plain"]


def is_plain(text: str, hints: Collection[str]) -> bool:
    """Whether a text holds none of these words or signs, in any case; False where that is unsure.

    Of a text with letters beyond ASCII it is unsure: patterns that ignore case take some of them
    for ASCII letters (the long s for s).

    Args:
        hints: in lower case; a pattern that needs one of them finds nothing in a plain text.

    >>> is_plain("The arm is flexed.", ("answer", "so")), is_plain("ANSWER: no", ("answer", "so"))
    (True, False)
    >>> is_plain("an\u017fwer", ("answer",))
    False
    """
    if not text.isascii():
        return False
    lowered = text.lower()
    return all(hint not in lowered for hint in hints)
