"""Lists that are told as a Markdown table: a row names a sign, other cells say when, or whether."""

from __future__ import annotations

import re

__all__ = ["rows_as_lines"]

_ROW = re.compile(r"^[ \t]{0,9}\|(?P<cells>[^\n]{1,600})\|[ \t]{0,9}$")
_RULE = re.compile(r"[\s|:-]{3,}")
_WHEN = re.compile(r"\b(?:time|timestamp|onset|start|order|step|no|number|rank|when)\b|#", re.I)
_ORDER = re.compile(r"\W{0,4}(?:\d{1,2}(?:st|nd|rd|th)?\W{0,3}|\d{1,3}:\d{2}(?::\d{2})?\W{0,3})")
_SECONDS = re.compile(r"\W{0,4}(\d{1,4}(?:\.\d{1,3})?\s?s(?:ec(?:ond)?s?)?)\W{0,3}", re.IGNORECASE)
_VERDICT = re.compile(
    r"\W{0,4}(?:yes|no|true|false|present|absent|none|n/?a|observed|seen|visible|detected|unclear"
    r"|uncertain|not (?:seen|observed|present|visible|detected|found|clear))\W{0,4}|[✓✔✅✗✘❌✖]",
    re.IGNORECASE,
)


def rows_as_lines(text: str, sign: re.Pattern[str]) -> str:
    """Each row that names a sign as a line: its place or time, the sign, and whether it is there.

    Headings and remarks are left out. Text without a table of at least two rows stays as it is,
    and so do rows that name several signs: those are lists themselves.

    >>> import re
    >>> sign = re.compile("tonic|clonic")
    >>> rows_as_lines("| # | sign | seen |\\n|---|---|---|\\n| 1 | tonic | yes |", sign)
    '1 tonic: yes'
    """
    if text.count("|") < 4:
        return text
    lines = text.split("\n")
    matched = [_ROW.match(line) for line in lines]
    if sum(match is not None for match in matched) < 2:
        return text
    kept: list[str] = []
    headings: list[str] = []
    for line, match in zip(lines, matched, strict=True):
        if not match:
            kept.append(line)
            continue
        cells = [cell.strip() for cell in match["cells"].split("|")]
        named = [number for number, cell in enumerate(cells) if sign.search(cell)]
        if not named:
            headings = headings or cells
        elif len(named) == 1 or _names(headings, named[0]):
            kept.append(_line(cells, named[0], headings))
        else:
            kept.append(line)
    return "\n".join(kept)


def _names(headings: list[str], number: int) -> bool:
    """Whether a column is the one of the signs; later columns may name others in remarks."""
    heading = headings[number] if number < len(headings) else ""
    return bool(re.search(r"symptom|sign|feature|event", heading, re.IGNORECASE))


def _line(cells: list[str], named: int, headings: list[str]) -> str:
    """The cells of one row that count, the order first."""
    before, after = "", ""
    for number, cell in enumerate(cells):
        heading = headings[number] if number < len(headings) else ""
        if number == named:
            continue
        if _VERDICT.fullmatch(cell):
            after = after or f": {cell}"
        elif _ORDER.fullmatch(cell) and (not heading or _WHEN.search(heading)):
            before = before or f"{cell} "
        elif (seconds := _SECONDS.fullmatch(cell)) and _WHEN.search(heading):
            before = before or f"at {seconds[1]} "
    return f"{before}{cells[named]}{after}"
