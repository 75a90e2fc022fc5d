"""Left and right: always the patient's."""

from __future__ import annotations

import re

from s3eval.answers.mentions import AT_REST, mentions, unequivocal
from s3eval.answers.refusals import nothing_seen
from s3eval.answers.sections import answer_section
from s3eval.answers.stated import ANSWER, LETTER, MARKS, SOMEBODY_ELSE, from_objects, masked
from s3eval.answers.text import cleaned, find_json, shortened, single_spaced
from s3eval.task import Reading
from s3eval.vocabulary import Protocol

__all__ = ["read_side"]

# "right away", "all right" and "left the bed" are no sides.
_SIDE = re.compile(
    r"(?<!all )(?<![a-z\\])(left|right)(?:ward|wards|[- ]?hand|[- ]?sided|side)?(?![a-z])"
    r"(?! (?:away|now|after|before|the (?:room|bed|frame)))",
    re.IGNORECASE,
)
# More words that only look like sides; kept apart, since the release's rule knows none of them.
_NO_SIDE = re.compile(
    r"\b(?:that['’]s|that is|you['’]re|you are) right\b"
    r"|\bright (?:at|when|then|here|there|as|angles?|over|from the (?:start|beginning))\b"
    r"|\bleft (?:alone|untouched|behind|over|his|her|their|its|a|an|lying|sitting|standing)\b"
    r"|\bnothing (?:is )?left\b|\bwhat(?:['’]s| is) left\b"
    r"|\d\s?(?:s|sec|seconds?|min|minutes?) left\b"
    r"|\b(?:he|she|they) left\b(?! (?:arm|hand|leg|side))"
    r"|^\W{0,3}right[,!.]\s(?:let me|let['’]s|okay|now)\b"
    # Somebody else's, or where somebody else stands.
    rf"|\b(?:{SOMEBODY_ELSE}|bed|camera)['’]s (?:left|right)\b"
    rf"|\b(?:{SOMEBODY_ELSE}|bed|table|door|window|monitor)s?\s"
    r"(?:\w{1,12}\s){0,3}?(?:on|at|to|from) the (?:left|right)\b",
    re.IGNORECASE,
)
# "lying on his left side", "right-handed", "a cuff on the left arm", "left temporal".
_NO_ANSWER = re.compile(
    r"\b(?:lying|lies|laying|lays|sleep(?:s|ing)|rolled|positioned|rests?|resting)"
    r" (?:on|onto) (?:the|his|her|their|its) (?:left|right)(?: side)?\b"
    r"|\b(?:left|right)[- ]hand(?:ed|er|edness)\b"
    r"|\b(?:cuff|IV|line|catheter|lead|electrode|sensor|monitor|bandage|splint|blanket)s?\s"
    r"(?:\w{1,8}\s){0,2}?(?:in|on|at|around|over) (?:the|his|her)?\s?(?:left|right)\b"
    r"|\b(?:left|right) (?:arm|hand|wrist|leg) (?:has|holds|with|is in) (?:an?|the)"
    r" (?:\w{1,12} ){0,3}?(?:cuff|IV|line|catheter|lead|sensor|monitor|bandage|splint)\b"
    r"|\b(?:left|right) (?:bed(?:side)?|hemispher\w{1,3}|temporal|frontal|parietal|occipital)\b"
    r"|\b(?:left|right) focus\b"
    r"|\b(?:left|right)(?: (?:arm|hand|leg))?" + AT_REST,
    re.IGNORECASE,
)
_EITHER = re.compile(
    r"\b(?:both|either|neither|bilateral(?:ly)?|unsure|not sure (?:which|whether|if))\b",
    re.IGNORECASE,
)
_CHOICE = re.compile(
    r"(?:\b(?:the )?(?:patient['’]s )?)[\"'“‘]?(?:left|right)[\"'”’]?\s?(?:/|\||,? or|vs\.?)\s?"
    r"(?:(?:to )?the )?(?:patient['’]s )?[\"'“‘]?(?:left|right)\b[\"'”’]?",
    re.IGNORECASE,
)
# The side of the picture is not the patient's.
_VIEWER = re.compile(
    r"\b(?:viewer|camera|screen|observer|image|picture|frame|photo|stage|spectator)s?(?:['’]s?)?\b"
    r"|\b(?:side|part|edge|half|corner|border) of the (?:video|clip|footage|recording)\b"
    r"|\b(?:top|bottom|upper|lower)[- ](?:left|right)\b(?! (?:arm|hand|limb|leg|extremity))"
    r"|\b(?:left|right) (?:half|corner|edge)\b|\bas (?:seen|shown|viewed|we)\b[^.\n]{0,12}"
    r"\b(?:video|clip|footage|recording|look at)\b"
    r"|\b(?:my|our|your) (?:perspective|point of view|viewpoint|view|side|left|right)\b|\bmirror",
    re.IGNORECASE,
)
_OWN = re.compile(r"\b(?:patient['’]s|his|her|their)\b", re.IGNORECASE)
_GIVEN = re.compile(
    rf"^{MARKS}{LETTER}(?:(?:(?:the|my|final|correct)\s){{0,3}}{ANSWER})?{MARKS}{LETTER}"
    r"(?:(?:the|to|patient['’]s)\s){0,4}(left|right)\b",
    re.IGNORECASE,
)
_STATED = re.compile(
    rf"{ANSWER}{MARKS}{LETTER}(?:(?:the|to|patient['’]s)\s){{0,4}}(left|right)\b", re.IGNORECASE
)
_ABBREVIATED = re.compile(r"^\W*(l|r)\W*$", re.IGNORECASE)
_KEYS = ("answer", "side", "direction", "value")


def read_side(text: str, *, protocol: Protocol = "paper") -> Reading:
    """ "left" or "right".

    Under ``release`` the last side mentioned counts, whatever is said of it (protocol, Task 3).
    Under ``paper`` a text must name one side: one that names both, denies one or tells the side
    of the picture is unreadable, unless it states its answer ("Answer: left").

    >>> read_side("Left.").value
    'left'
    >>> read_side("Not the left arm but the right one").reason
    "names right and denies left: 'Not the left arm but the right one'"
    >>> found = read_side("Not the left arm but the right one", protocol="release")
    >>> found.value, found.reason
    ('right', 'mentions left and right; the last counts')
    >>> read_side("Both arms move.").reason
    "neither left nor right: 'Both arms move.'"
    """
    proper = cleaned(text)
    if not proper:
        return Reading(reason="nothing was said")
    if protocol == "release":
        return _last_mentioned(proper)
    if nothing_seen(proper):
        return Reading(reason=f"says that nothing was seen: {shortened(proper)!r}")
    return from_objects(proper, _KEYS, _from_prose) or _from_prose(proper)


def _from_prose(text: str) -> Reading:
    proper = answer_section(single_spaced(text).strip())
    letter = _ABBREVIATED.match(proper)
    if letter:
        return Reading("left" if letter.group(1).lower() == "l" else "right")
    plain = _NO_SIDE.sub(" ", masked(proper, _CHOICE))
    stated = {m.group(1).lower() for m in _STATED.finditer(plain)}
    if len(stated) == 1:
        return Reading(stated.pop())
    mentioned = mentions(plain, _SIDE, lambda m: m.group(1).lower(), _NO_ANSWER)
    if _EITHER.search(plain) or not mentioned.named:
        return Reading(reason=f"neither left nor right: {shortened(proper)!r}")
    if len(mentioned.affirmed) == 1 and _VIEWER.search(plain) and not _OWN.search(plain):
        return Reading(reason=f"tells the side of the picture: {shortened(proper)!r}")
    given = _GIVEN.match(plain)
    reading = unequivocal(mentioned, given.group(1).lower() if given else None, proper)
    if (
        not reading.readable
        and mentioned.affirmed
        and mentioned.denied
        and len(mentioned.affirmed) == 1
    ):
        says = f"names {mentioned.affirmed[0]} and denies {', '.join(mentioned.denied)}"
        return Reading(reason=f"{says}: {shortened(proper)!r}")
    return reading


def _last_mentioned(proper: str) -> Reading:
    """The published rule."""
    json_object = find_json(proper)
    if json_object:
        for key in _KEYS:
            answer = json_object.get(key)
            if isinstance(answer, str) and _SIDE.search(answer):
                proper = answer
                break
    sides = [m.group(1).lower() for m in _SIDE.finditer(proper)]
    if sides:
        both = len(set(sides)) == 2
        return Reading(sides[-1], "mentions left and right; the last counts" if both else "")
    letter = _ABBREVIATED.match(proper)
    if letter:
        return Reading("left" if letter.group(1).lower() == "l" else "right")
    return Reading(reason=f"neither left nor right: {shortened(proper)!r}")
