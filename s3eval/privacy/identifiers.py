"""Patterns of identifiers as clinicians write them, by kind: with and without dots and capitals.

What identifies is what HIPAA's "safe harbor" lists (45 CFR 164.514(b)(2)): names and initials,
places smaller than a state, dates, ages over 89, numbers of records, accounts and devices,
telephone and pager numbers. Presidio matches with the `regex` module: a lookbehind may vary in
length, ``\\p{Lu}`` is a capital and ``\\p{Ll}`` a small letter of any script.
"""

from __future__ import annotations

__all__ = ["AGES", "INITIALS", "NUMBERS", "OTHER_SCRIPTS", "PHONES", "PLACES"]

# "no.", "number:", "#", "id" between what a number is of and the number.
_MARK = r"(?:\s*(?:no\b\.?|nr\b\.?|num(?:ber)?\b\.?|id\b|is\b|was\b|\#|:))+"
# Capitals and digits in groups: A-55 231, 22-0048917, E1904432, 0048/21.
_VALUE = r"[A-Z]{0,4}[-/ ]?\d+(?:[-/. ]?\d+)*(?:-?[A-Z]{1,2})?\b"
_CODE = r"(?=[A-Z]*[-/]?\d)[A-Z]{0,4}[-/]?\d[A-Z\d]*(?:[-/][A-Z\d]+)*\b"
_UNIT = (
    r"(?!(?:\s|[-–])?(?:s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|days?|weeks?|months?|"
    r"years?|ms|milliseconds?|hz|khz|mg|ml|mcg|cm|mm|bpm|t|x|%|°|degrees?|times?|fold|beats?|"
    r"people|persons?|nurses?|staff|patients?|of|and a half)\b|\s*[%°]|[.,:]\d)"
)

NUMBERS = {
    # Their name alone says that a number follows: "mrn#A-55 231", "accession 7712".
    "of records": rf"\b(?:m\.?r\.?n\b\.?|nhs|ssn|social security|accession|passport|"
    rf"health ?card|medicare|medicaid|hospital number|medical record)(?:{_MARK})?[\s:#-]*{_VALUE}",
    "short": r"\bacc[\s:#.-]+[A-Z]{0,3}\d{4,}\b",
    # Of these it needs a mark: "acc# E1904432", "study no. 31", "order id 5512".
    "marked": rf"\b(?:acc(?:ession)?|access|study|exam|order|requisition|specimen|sample|"
    rf"encounter|visit|claim|policy|insurance|member|licen[cs]e|serial|device|badge|employee|"
    rf"staff|locker|plate|registration|reference|ref|hospital|patient|pt|chart|file|case|record|"
    rf"eeg|video|recording|tape){_MARK}\s*{_CODE}",
}
PHONES = {
    # "pager 4471", "bleep 2246", "tel. 0131 496"
    "pagers": rf"\b(?:pagers?|beepers?|bleeps?|tele?(?:phone)?|phone|mobile|cell|fax|dect)\b\.?"
    rf"(?:{_MARK}|\s+at\b|\s+on\b)*\s*[:#]?\s*\+?\(?\d[\d() -]{{1,}}\d\b{_UNIT}",
    "calls": rf"\b(?:page|call|ring|reach|text)(?:\s+\w+){{1,4}}\s+(?:at|on)\s+"
    rf"\+?\d[\d() -]+\d{_UNIT}",
    # "ext. 51907"; "extension" is also what an arm does.
    "extensions": rf"\b(?:ext\.?|x|extension{_MARK})\s*[:#]?\s*\d{{3,6}}\b{_UNIT}",
}
_ELDER = r"(?:9\d|1[0-3]\d)"
_ELDER_WORDS = (
    r"(?:ninety(?:[-\s](?:one|two|three|four|five|six|seven|eight|nine))?|"
    r"(?:one|a)\s+hundred(?:\s+and)?(?:[-\s]\w+)?)"
)
_YEARS = r"[-\s]*(?:y\.?\s?[/-]?\s?o\b\.?|(?:years?|yrs?|yr)\b\.?(?:[-\s]*(?:olds?|of\s+age))?)"
AGES = {
    # 93 year old, 101-yo, 97 y/o, 92 yrs. A bare "95 years" may be anything.
    "over 89": rf"\b(?:{_ELDER}|{_ELDER_WORDS}){_YEARS}",
    "aged": rf"(?<=\b(?:aged?|age\s+of|age\s+is|age:|turned|turning)\s*)"
    rf"(?:{_ELDER}|{_ELDER_WORDS})\b{_UNIT}",
    "with sex": r"\b(?:9\d|1[0-2]\d)\s?[-/]?\s?(?:[MF]\b|(?:male|female)\b)",
    "decade": r"(?<=\b(?:in|of)\s+(?:his|her|their|the)\s+(?:(?:early|mid|late)[-\s]+)?)"
    r"(?:nineties|90['’]?s)\b|\b(?:nonagenarian|centenarian)\b",
    "born": r"(?<=\b(?:born(?:\s+(?:in|on))?|dob|d\.o\.b\.?|date\s+of\s+birth|birth\s*date)[\s:]*)"
    r"\d{1,4}(?:[-/. ]\d{1,4}){0,2}\b",
}
_STREET = r"(?:street|st|road|rd|avenue|ave|lane|drive|court|crescent|close|boulevard|blvd|square)"
PLACES = {
    # "room 412B", "rm 308", "ward 7B", "bed 14"; "bed 2 s later" is none.
    "rooms": r"\b(?:rooms?|rm|wards?|beds?|bay|suite|cubicle|theat(?:re|er)|floor|wing|"
    rf"emu|icu|picu|nicu|box)\b\.?\s*(?:no\b\.?|number|\#)?\s*[A-Z]?-?\d{{1,4}}[A-Z]?\b{_UNIT}",
    "wings": r"\b\d{1,2}\s?[-]?(?:North|South|East|West)\b(?!\s+of)",
    "floors": r"\b\d{1,2}(?:st|nd|rd|th)\s+floor\b",
    "streets": rf"\b\d{{1,5}}[A-Za-z]?\s+(?:\p{{L}}[\p{{L}}'’-]+\s+){{1,3}}{_STREET}\b",
    "British postcodes": r"\b[A-Z]{1,2}\d[A-Z\d]?\s?\d[ABD-HJLNP-UW-Z]{2}\b",
    "zip codes": r"\b(?:[A-Z]{2}\s+|zip(?:\s+code)?[\s:]+)\d{5}(?:-\d{4})?\b",
}
INITIALS = {
    # A.B.C., J.K., R. T. Vasquez; H. Okafor.
    "dotted": r"(?<![\w.])(?:\p{Lu}\.[\s-]?){2,4}(?:\s?\p{Lu}[\p{Ll}'’-]{2,})?(?<!\s)",
    "with surname": r"(?<![\w.]\s?)(?<![\p{Ll}]\s)(?:\p{Lu}\.\s?)\p{Lu}[\p{Ll}'’-]{2,}",
    # (initials MWB), initials: J K
    "labelled": r"(?<=\binitials?\s*(?:are|is|:|of)?\s*)"
    r"(?:(?:\p{Lu}[.\s]?){2,4}(?!\p{Ll})|(?:\p{Ll}\.\s?){2,4})(?<!\s)",
    # pt JK, patient A.B.
    "patient": r"(?<=\b(?:[Pp]t|[Pp]atient|[Ss]ubject)\.?\s+)\p{Lu}{2,3}\b(?!\s*[-:]?\d)",
}
# Letters that no English recogniser reads: neither found nor cleared, so they do not leave.
# Single Greek letters (alpha, micro) are signs of the trade.
_FOREIGN = r"(?:(?![\p{Latin}\p{Greek}])\p{L}|\p{Greek}(?=\p{Greek})|(?<=\p{Greek})\p{Greek})"
OTHER_SCRIPTS = {
    "letters": rf"{_FOREIGN}(?:(?:\p{{M}}|[\s\d\p{{P}}])*{_FOREIGN})*\p{{M}}*",
}
