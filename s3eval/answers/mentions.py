"""Which of several words a text names, and which of them it denies."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from s3eval.answers.stated import DENIAL
from s3eval.answers.text import shortened
from s3eval.task import Reading

__all__ = ["AT_REST", "DENIED_AFTER", "Mentions", "mentions", "unequivocal"]

#: Mentions looked at one by one for a denial; a text with more is a model that runs on.
LOOKED_AT = 300
_DENIED = re.compile(rf"{DENIAL}(?:(?!\bbut\b)[^.,;:\n]){{0,60}}$", re.IGNORECASE)
_NOT_SO = (
    r"not (?:seen|confirmed|present|observed|visible|possible|likely|supported|moving|involved"
    r"|affected|shown|found|established|proven|detected|clear|applicable)"
)
_UNSURE = r"(?:unclear|uncertain|unknown|doubtful|questionable|not sure)"
#: What follows a word that is denied or left open: "ES: no", "left is wrong", "tonic?".
DENIED_AFTER = re.compile(
    r"[\"'”’*)]{0,3}\s{0,2}(?:\?|\(\?\)|(?:[:=|]\s?)?[✗✘❌✖]|(?:[:=–-]\s{0,2})?[\"'“]{0,2}(?:no|false|absent"
    rf"|unlikely|wrong|incorrect|excluded|ruled out|denied|rejected|{_NOT_SO})\b"
    rf"|(?:[:=|]\s{{0,2}})[\"'“*]{{0,2}}(?:none\b|n/a\b|negative\b|{_UNSURE}\b|0(?![\d.,:%]|\s?s))"
    rf"|—\s?(?:absent|{_NOT_SO}|{_UNSURE})\b"
    rf"|[(\[]\s?(?:no|none|absent|false|negative|n/a|{_UNSURE}|{_NOT_SO})\s?[)\]])"
    r"|(?:(?!\b(?:and|but|while|or|NES|ES|left|right)\b)[^.,;\n]){0,30}?"
    r"\b(?:(?:is|are|was|were|has been|can be|could be|seems?|appears?)\s(?:\w{1,12}\s){0,2}?"
    r"(?:ruled out|excluded|unlikely|less likely|not|improbable|denied|rejected|doubtful|absent"
    r"|wrong|incorrect)|(?:is|are|was|were|does|do|did)(?:n['’]t| not)|cannot|can['’]t)\b",
    re.IGNORECASE,
)


#: "The left arm is still", "the head is covered": the part is named as the one that does nothing.
AT_REST = (
    r"(?:(?:\s(?:arm|hand|leg|limb|foot|side|upper limb|lower limb)s?)?\s?(?:,\s)?"
    r"(?:(?:is|are|was|were|lies?|stays?|remains?|rests?|keeps?|appears?|looks?)\s)?"
    r"(?:(?:completely|relatively|mostly|entirely|at all times)\s)?"
    r"(?:still(?=\s?(?:[.,;:)\n]|$|and\b|while\b|throughout\b))|at rest|rests?|resting"
    r"|motionless|immobile|restrained|paraly[sz]ed|relaxed|unmoving"
    r"|hidden|covered|obscured|not (?:in view|visible)|out of (?:view|frame|sight))\b)"
)


@dataclass(frozen=True)
class Mentions:
    """What a text names: ``affirmed`` and ``denied`` values, each in order without repeats."""

    affirmed: tuple[str, ...]
    denied: tuple[str, ...]

    @property
    def named(self) -> tuple[str, ...]:
        """Everything named, affirmed or denied."""
        return tuple(dict.fromkeys((*self.affirmed, *self.denied)))


def mentions(
    text: str,
    words: re.Pattern[str],
    value: Callable[[re.Match[str]], str],
    aside: re.Pattern[str] | None = None,
) -> Mentions:
    """The values a text names, by whether a word in the same clause denies them.

    Args:
        words: finds a mention; ``value`` tells what it names.
        aside: finds phrases that use the words for something else; what they name is denied.

    >>> import re
    >>> mentions("right, not left", re.compile("left|right"), lambda m: m.group())
    Mentions(affirmed=('right',), denied=('left',))
    """
    affirmed: dict[str, None] = {}
    denied: dict[str, None] = {}
    spans = [m.span() for m in aside.finditer(text)][:LOOKED_AT] if aside else []
    for number, match in enumerate(words.finditer(text)):
        before = text[max(0, match.start() - 80) : match.start()]
        if number < LOOKED_AT and (
            _DENIED.search(before)
            or DENIED_AFTER.match(text, match.end())
            or any(start <= match.start() < end for start, end in spans)
        ):
            denied[value(match)] = None
        else:
            affirmed[value(match)] = None
    return Mentions(tuple(affirmed), tuple(denied))


def unequivocal(mentioned: Mentions, given: str | None, text: str) -> Reading:
    """The one value a text names without denying any; or the one it gives as asked.

    Args:
        given: the value that stands where the answer was asked for (first, or after "Answer:"):
            it counts although the text denies others, but not if it affirms others too.

    >>> unequivocal(Mentions(("left",), ()), None, "the left one").value
    'left'
    >>> unequivocal(Mentions((), ("left",)), None, "not left").reason
    "denies left: 'not left'"
    """
    if len(mentioned.affirmed) > 1:
        return Reading(reason=f"names {', '.join(mentioned.affirmed)}: {shortened(text)!r}")
    if mentioned.affirmed and (not mentioned.denied or mentioned.affirmed == (given,)):
        if mentioned.affirmed[0] in mentioned.denied:
            return Reading(reason=f"affirms and denies {given}: {shortened(text)!r}")
        return Reading(mentioned.affirmed[0])
    if mentioned.denied:
        return Reading(reason=f"denies {', '.join(mentioned.denied)}: {shortened(text)!r}")
    return Reading()
