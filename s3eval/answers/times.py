"""Timestamps."""

from __future__ import annotations

import re
from typing import Any

from s3eval.answers.refusals import nothing_seen
from s3eval.answers.sections import answer_section
from s3eval.answers.stated import without_thoughts
from s3eval.answers.text import cleaned, find_objects, shortened, single_spaced
from s3eval.task import Reading

__all__ = ["parse_clock", "read_time"]

_CLOCK = re.compile(
    r"(?<![\d:])(?<!\d[.,])(?:(\d{1,2}):)?(\d{1,3}):(\d{2})(?:[.,](\d{1,6}))?(?!\d|:\d)"
)
# A minus, not a bullet or the dash of a range.
_BELOW_ZERO = re.compile(
    r"(?<![\w)\]])[-−–]\d{1,5}(?::\d|[.,]?\d{0,6}\s?(?:s|m))"
    r"|\bT[-−–]\d{1,3}:\d",
    re.IGNORECASE,
)
_TIME_OF_DAY = re.compile(
    r"\b(?:wall|room|digital) clock\b|\bclock (?:on (?:the )?wall|shows|reads)\b|\boverlay\b"
    r"|\b(?:corner|on[- ]?screen)\b[^\n]{0,40}?(?<!\d)(?!00?:)\d{1,2}:\d\d:\d\d"
    # "recorded at 14:05:33", but "Onset recorded at 00:31" and "recorded at 00:00:31".
    r"|\brecorded (?:at|on)\s(?:(?!00?:)\d{1,2}:\d\d:\d|\d{1,4}[-/.]\d{1,2}[-/.]\d)"
    r"|\d\s?(?:[ap]\.?m\b|o['’]clock|h(?:ours?|rs?)?\b|utc\b|gmt\b)|\d{4}[-/]\d{1,2}[-/]\d{1,2}",
    re.IGNORECASE,
)
_NUMBER = r"\d{1,5}(?:[.,]\d{1,6})?"
_HOURS, _MINUTES, _SECONDS = (
    r"h(?:ours?|rs?)?(?![^\W\d_])\.?",
    r"m(?:in(?:ute)?s?)?\.?",
    r"s(?:ec(?:ond)?s?)?\b",
)
_AND = r"[\s,:]{0,3}(?:and\s)?\s?"
_UNITS = re.compile(
    rf"(?<![\w.,:/+*×^'’])(?<!\d )(?:(?P<h>{_NUMBER})[\s-]?{_HOURS}{_AND})?"
    rf"(?:(?:(?P<m>{_NUMBER})[\s-]?{_MINUTES}{_AND})?(?P<s>{_NUMBER})[\s-]?{_SECONDS}"
    rf"|(?P<only>{_NUMBER})[\s-]?min(?:ute)?s?\b)",
    re.IGNORECASE,
)
# "3-5 s", "between 3 and 5 s", "10 or 12 seconds", "5 seconds after 00:10".
_RANGE = re.compile(
    r"\d\s?(?:s|sec|secs|seconds?)?\s?(?:-|–|—|~|to|and|or|/|through|until|till|bis|of|out of"
    r"|\.{2,3}|…)\s?\d{1,5}(?:[.,]\d{1,6})?[\s-]?(?:s(?:ec(?:ond)?s?)?|min(?:ute)?s?)\b"
    r"|\d\s?(?:s|sec|secs|seconds?|min|minutes?)\s(?:after|before|past|prior to|later than|from)"
    r"\s(?:\w{1,12}\s){0,2}?\d"
    r"|(?:^|[\[(])\d{1,5},\s\d{1,5}\s?(?:s(?:ec(?:ond)?s?)?|min(?:ute)?s?)\b"
    r"|:\d\d,\d{1,3}:\d\d"
    r"|:\d\d(?:[.,]\d{1,6})?\s?(?:-|–|—|~|to|until|;|/)\s?:?\d{1,2}(?=\s?(?:s\b|sec|$|[.,;)\]]))"
    r"|\d\s?(?:s|sec|secs|seconds?|min|minutes?)\s(?:after|before|past|prior to|from|following)"
    r"\s(?:\w{1,12}\s){0,2}?(?:onset|offset|seizure|event|attack|previous|last|this|that)\b"
    r"(?! (?:video|clip))|±|\+\s?/?\s?-\s?\d|\d\s?\(?\+\s?-"
    r"|\d\s?(?:s|sec|secs|seconds?|min|minutes?)?\s(?:before|prior to|earlier|later"
    r"|remaining|from the end|plus)\b|:\d\d\s?\+\s?\d",
    re.IGNORECASE,
)
# What is left beside the times found (each made \x02) and makes them uncertain: "1 minute 5".
_UNTOLD = re.compile(
    r"\b(?:minut\w{0,3}|mins?|hours?|hundred|thousand|stunden?|heures?|horas?|half|quarter"
    r"|several|few|couple|dozens?|or (?:so|two|2|three|3)|milliseconds?)\b"
    r"|\d\s?ms\b|\x02\s{0,3}(?:and\s)?\d{1,2}\b",
    re.IGNORECASE,
)
_AMOUNT = r"\d{1,5}(?:[.,]\d{1,6})?[\s-]?(?:s(?:ec(?:ond)?s?)?|min(?:ute)?s?)"
# How long something is says nothing about when: "a 60-second clip", "lasts 5 seconds".
_LENGTH = re.compile(
    r"\b(?:last(?:s|ed|ing)?|first|initial|final|next|for|duration of|within|every)\s"
    r"(?:\w{1,14}\s){0,2}?\d{1,5}(?:[.,]\d{1,6})?[\s-]?(?:s(?:ec(?:ond)?s?)?|min(?:ute)?s?)\b"
    r"|\d{1,5}(?:[.,]\d{1,6})?[\s-]?(?:s(?:ec(?:ond)?s?)?|min(?:ute)?s?)[\s-](?:long\s)?"
    r"(?:video|clip|segment|window|recording|footage|long)\b(?! (?:mark|time))"
    # "takes 5 seconds", "over 10 s", "3 times in 10 seconds", "a 10 s stare", "10 s of staring".
    r"|\b(?:takes?|took|hold(?:s|ing)?|held|times in|once(?:\s(?:in|per|an?))?|page|per|each"
    rf"|apart by)\s(?:(?:about|roughly|approximately|around)\s)?{_AMOUNT}\b"
    rf"(?!\s(?:for|until|till|before)\b)|\b(?:over {_AMOUNT}\b|only {_AMOUNT} of\b)"
    rf"|\ban?\s{_AMOUNT}[\s-](?!mark|point|time|frame|into|in\b|after|of\b|and\b|or\b)[^\W\d]\w{{2,}}"
    rf"|{_AMOUNT}\s(?:of\s(?:(?!the\b|this\b|(?:video|clip|footage|recording|film)\b)[^\W\d]\w*)|duration\b|apart\b"
    r"|per (?:frame|image|picture)\b)",
    re.IGNORECASE,
)
_MEDIUM = (
    r"(?:(?:whole|entire|full|total|original|provided|given|uploaded|input|short|actual)\s)?"
    r"(?:video|clip|recording|footage|segment|film)"
)
_SPAN = r"(?:length|duration|runtime)"
# "does not appear at 00:31", "before 00:31"; "not until 00:31" tells when it does.
_DENIED = re.compile(
    r"\b(?:before|prior to|earlier than|later than|by|at least|at most|max(?:imum)?|minimum"
    r"|as late as|(?:within|in|during) the (?:first|last)|watched"
    r"|(?:more|less|longer|fewer) than|up to|under|over"
    r"|beyond|minus|negative|if|(?<!not )(?:until|till))\s$|[>≥≤]\s?$|<\s?$"
    # "The video ends at 00:31": only where the film itself is spoken of, no "seizure in the video".
    r"|(?:^|[.!?,;:\n])[^\w\n]{0,6}(?:(?:so|and|but|the|this)\s){0,2}"
    rf"{_MEDIUM}\s(?:is|was|(?:ends?|starts?|begins?|runs?)(?:\s(?:at|from|until|to|for|after))?)\s$"
    rf"|\b{_MEDIUM}\slasts?(?:\sfor)?\s$"
    rf"|\b{_SPAN}(?:\sof\s(?:(?:the|this)\s)?{_MEDIUM})?(?:\s(?:is|was|of)|:)?\s$"
    r"|\b(?:last frame|end of (?:the )?(?:video|clip|recording|footage))"
    r"\s(?:(?:is|was)\s)?(?:at\s)?\(?$"
    r"|\bthroughout\s(?:\w{1,12}\s){0,2}\(?$"
    # "nothing happens at", "absent at"; "responsiveness is absent at 00:31" is a sign.
    r"|(?:^|[.!?,;:\n]|\b(?:and|but|that|as|since|because|see|saw|find|is|was|shows?)\s)"
    r"[^\w\n]{0,6}nothing\s(?:(?!(?:but|and|before|prior|until|then|when|while|as|else|except"
    r"|precedes|preceded)\b)[\w'’-]{1,14}\s){0,6}$"
    r"|(?:^|[.!?,;:\n]|\b(?:it|symptom|sign|event|seizure|onset)s?\s(?:is|are|was|were))"
    r"[^\w\n]{0,6}absent\s(?:at|in|from)\s$"
    r"|(?:\b(?:not|never|cannot|nor|neither|no)\b|n['’]t\b)(?![^.,;\n]{0,40}\buntil\b)[^.,;\n]{0,40}$",
    re.IGNORECASE,
)
_AFTER = re.compile(r"(?<!just )(?<!right )(?<!shortly )(?<!immediately )\bafter\s$", re.I)
# "0:31?", "0:31 is wrong", "0:31 ❌"; bounds and lengths, "0:31 at the latest", "0:31 long".
_TAKEN_BACK = re.compile(
    r"[\"'”’*)]{0,3}\s?(?:\?|[✗✘❌✖]|(?:is|was|would be|seems)\s(?:not\b|wrong\b|incorrect\b"
    rf"|impossible\b|the (?:end|length|duration)\b)|(?:cannot|can['’]t|could not) be\b"
    rf"|(?:is|was)\s(?:when|where)\s(?:the|this)\s{_MEDIUM}\s(?:ends?|stops?)\b"
    r"|but (?:that|this|it)(?:['’]s| is| was) (?:not|wrong|incorrect)\b|not yet\b"
    rf"|(?:(?:the|this)\s)?{_MEDIUM}\s(?:ends?|stops?|is over)\b"
    r"|at (?:the )?(?:latest|earliest|most|least)\b(?! (?:frame|moment|point))"
    r"|or (?:later|earlier|before|after)\b|\+(?!\s?\w)"
    r"|(?:min(?:ute)?s?\s)?(?:long(?=\s?(?:[.,;:)\n]|$)|\s(?:and|video|clip)\b)|in length\b)"
    # "00:31 (no event)", but "00:31 (no earlier signs)" confirms it.
    r"|\((?:no (?:(?:such|clear|visible|seizure)\s)?(?:event|onset|seizure|sign|symptom)s?"
    r"(?:\s(?:(?:is|are|was|were)\s)?(?:seen|visible|observed|present|detected|found))?"
    r"|not (?:seen|visible|observed|present|detected|found)|absent)[.!]?\))",
    re.IGNORECASE,
)
#: A time in angle brackets is no bound.
_BRACKETED = re.compile(r"<(\d[^<>]{0,12})>")
_ONES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TEENS = ("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen")
_SMALL = {word: value for value, word in enumerate((*_ONES, *_TEENS, "eighteen", "nineteen"))}
_TENS = {
    "twenty": 20,
    "thirty": 30,
    "forty": 40,
    "fifty": 50,
    "sixty": 60,
    "seventy": 70,
    "eighty": 80,
    "ninety": 90,
}
_WORDED = re.compile(
    rf"\b(?:(?P<tens>{'|'.join(_TENS)})(?:[\s-](?P<one>{'|'.join(_ONES[1:])}))?"
    rf"|(?P<small>{'|'.join(_SMALL)})|(?P<a>an?)(?=\s(?:minute|hour)\b))\b",
    re.IGNORECASE,
)
_KEYS = ("timestamp", "time", "answer")
_PRESENCE = ("present", "occurs", "occurred", "visible", "detected", "found", "observed", "seen")


def parse_clock(text: str) -> float | None:
    """Seconds of a text that is MM:SS or H:MM:SS and nothing else; None otherwise.

    Seconds (and minutes after hours) must be below 60.

    >>> parse_clock("01:05"), parse_clock("1:00:00"), parse_clock("0:75"), parse_clock("12")
    (65.0, 3600.0, None, None)
    """
    match = _CLOCK.fullmatch(text.strip())
    return _seconds(match) if match else None


def _seconds(match: re.Match[str]) -> float | None:
    hours, minutes, seconds, fraction = match.groups()
    if int(seconds) >= 60 or (hours is not None and int(minutes) >= 60):
        return None
    total = int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds)
    return total + (float(f"0.{fraction}") if fraction else 0.0)


def read_time(text: str) -> Reading:
    """A time in seconds from the start of what was shown.

    In this order: the timestamp of a JSON object, the one clock time (MM:SS or H:MM:SS) in the
    text, the one time given with its units ("31 seconds", "1 minute and 5 seconds"). Two
    different times and ranges are unreadable, times below zero and times of day, times that are
    denied, and a bare number: MM:SS was asked for, so "31" could be either.

    >>> read_time('{"timestamp": "00:31"}').value
    31.0
    >>> read_time("The head turns at 1:05.").value, read_time("1m 5s").value
    (65.0, 65.0)
    >>> read_time("between 00:10 and 00:20").reason
    "2 different times: 'between 00:10 and 00:20'"
    """
    proper = cleaned(text)
    if not proper:
        return Reading(reason="nothing was said")
    if nothing_seen(proper):
        return Reading(reason=f"says that nothing was seen: {shortened(proper)!r}")
    found = find_objects(proper)
    objects = [without_thoughts(json_object) for json_object in found]
    if any(_is_absent(json_object) for json_object in objects):
        return Reading(reason=f"says that it is not there: {shortened(proper)!r}")
    timestamps = [_timestamps(json_object) for json_object in objects]
    values = [value for several in timestamps if several is not None for value in several]
    if not values and objects != found:
        values = [str(v) for json_object in objects for v in json_object.values()] or [""]
    if not values:
        return _from_prose(answer_section(proper))
    readings = [_value(value) for value in values]
    times = {r.value for r in readings}
    if len(times) > 1:
        return Reading(reason=f"{len(times)} different times: {shortened(proper)!r}")
    return readings[0]


def _is_absent(json_object: dict[str, Any]) -> bool:
    """Whether an object says of the event it times that it is not there: {"present": false}."""
    if _timestamps(json_object) is None and not _CLOCK.search(str(json_object)):
        return False
    values = (json_object[k] for k in _PRESENCE if k in json_object)
    return any(str(value).strip().lower() in ("false", "no") for value in values)


def _timestamps(json_object: dict[str, Any]) -> list[Any] | None:
    """The values of an object's timestamp, or of its start, onset and end."""
    for keys in (_KEYS, ("start", "onset", "end"), ("final_answer", "response", "time_stamp")):
        if named := [json_object[k] for k in keys if k in json_object]:
            return named
    return None


def _value(value: Any) -> Reading:
    if isinstance(value, str):
        return _from_prose(value)
    if isinstance(value, dict) and len(inner := _timestamps(value) or []) == 1:
        return _from_prose(str(inner[0]))
    if isinstance(value, list) and len(value) == 1:
        return _value(value[0])
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return Reading(reason=f"a bare number, not MM:SS: {shortened(str(value))}")
    return Reading(reason=f"no MM:SS: {shortened(str(value))!r}")


def _from_prose(text: str) -> Reading:
    proper = _BRACKETED.sub(r"\1", _WORDED.sub(_digits, single_spaced(text).strip()))
    if _BELOW_ZERO.search(proper) or _TIME_OF_DAY.search(_UNITS.sub(" ", proper)):
        return Reading(reason=f"no time of day or film: {shortened(proper)!r}")
    if _RANGE.search(proper):
        return Reading(reason=f"a range or a distance, not one time: {shortened(proper)!r}")
    clocks = {_seconds(m): _before(proper, m) for m in _CLOCK.finditer(proper)}
    if None in clocks:
        return Reading(reason=f"no time of day or film: {shortened(proper)!r}")
    times = clocks or _with_units(proper)
    if any(
        _TAKEN_BACK.match(proper, m.end()) for m in (_CLOCK if clocks else _UNITS).finditer(proper)
    ):
        return Reading(reason=f"denies the time it names: {shortened(proper)!r}")
    if None in times:
        return Reading(reason=f"no time that is certain: {shortened(proper)!r}")
    if len(times) > 1:
        return Reading(reason=f"{len(times)} different times: {shortened(proper)!r}")
    for value, before in times.items():
        # "after 12 seconds" is at 12 s, "after 00:12" is not at 00:12.
        if _DENIED.search(before) or (clocks and _AFTER.search(before)):
            return Reading(reason=f"denies the time it names: {shortened(proper)!r}")
        return Reading(value)
    return Reading(reason=f"no MM:SS: {shortened(proper)!r}")


def _before(text: str, match: re.Match[str]) -> str:
    """What stands before a time, with a mark where it is cut off: a cut begins no sentence."""
    start = max(0, match.start() - 60)
    return ("…" if start else "") + text[start : match.start()]


def _with_units(text: str) -> dict[float | None, str]:
    """The times in hours, minutes and seconds, with what stands before; None if unclear."""
    plain = _LENGTH.sub(" ", text)
    times: dict[float | None, str] = {}
    for match in _UNITS.finditer(plain):
        parts = [match["h"], match["m"] or match["only"], match["s"]]
        # 1,200 s: a thousand or one? Seconds after minutes below 60, as on a clock.
        unclear = any(p and re.search(r",\d{3}$", p) for p in parts)
        hours, minutes, seconds = (float(p.replace(",", ".")) if p else 0.0 for p in parts)
        over = (parts[1] and match["s"] and seconds >= 60) or (parts[0] and minutes >= 60)
        total = None if unclear or over else hours * 3600 + minutes * 60 + seconds
        times.setdefault(total, _before(plain, match))
    if times and _UNTOLD.search(_UNITS.sub("\x02", plain)):
        times.setdefault(None, "")
    return times


def _digits(match: re.Match[str]) -> str:
    if match["a"]:
        return "1"
    if match["small"]:
        return str(_SMALL[match["small"].lower()])
    ones = _SMALL[match["one"].lower()] if match["one"] else 0
    return str(_TENS[match["tens"].lower()] + ones)
