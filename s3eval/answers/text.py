"""What every reader does first: thinking left out, fences opened, JSON found in prose."""

from __future__ import annotations

import json
import re
from typing import Any

__all__ = ["cleaned", "find_json", "shortened", "without_thinking"]

#: Brackets tried before a text counts as holding no JSON: endless "[[[" must come to an end.
OPENINGS = 50

_THINKING = re.compile(r"<(think|thinking|thought|reasoning)>.*?</\1>", re.DOTALL | re.IGNORECASE)
_THINKING_END = re.compile(r"^.*</(?:think|thinking|thought|reasoning)>", re.DOTALL | re.IGNORECASE)
_THINKING_OPEN = re.compile(r"<(?:think|thinking|thought|reasoning)>.*$", re.DOTALL | re.IGNORECASE)
_ANSWER_TAG = re.compile(
    r"<(answer|final_answer|final)>(.*?)(?:</\1>|$)", re.DOTALL | re.IGNORECASE
)
_FENCE = re.compile(r"^\s*```[a-zA-Z0-9_-]*\s*\n?(.*?)\n?\s*```\s*$", re.DOTALL)
_SPECIAL = re.compile(r"<\|[^|<>]{1,40}\|>|</?s>|<(?:eos|bos|pad)>")


def without_thinking(text: str) -> str:
    """The answer without the reasoning a thinking model writes first.

    A block that was never closed (the answer was cut off while thinking) leaves nothing.

    >>> without_thinking("<think>Hm, maybe no?</think>\\nYes.")
    'Yes.'
    >>> without_thinking("no tags, closing only</think> No")
    'No'
    >>> without_thinking("<think>still thinking")
    ''
    """
    if "</" in text:
        text = _THINKING_END.sub("", _THINKING.sub(" ", text))
    return _THINKING_OPEN.sub("", text).strip()


def cleaned(text: str) -> str:
    """The answer proper: no thinking, no special tokens, no code fence around the whole.

    >>> cleaned("<think>…</think><answer>left</answer><|im_end|>")
    'left'
    >>> cleaned("```json\\n{\\"a\\": 1}\\n```")
    '{"a": 1}'
    """
    text = _SPECIAL.sub(" ", without_thinking(text))
    tagged = [m.group(2) for m in _ANSWER_TAG.finditer(text)]
    if tagged:
        text = tagged[-1]
    fenced = _FENCE.match(text)
    return (fenced.group(1) if fenced else text).strip()


def find_json(text: str, kind: type = dict) -> Any:
    """The first JSON value of that kind anywhere in the text; None when there is none.

    Prose around it, fences, typographic quotes and a trailing comma are tolerated.

    >>> find_json('Sure! {"timestamp": "00:31",} Hope it helps.')
    {'timestamp': '00:31'}
    >>> find_json("nothing here") is None
    True
    """
    opening = "{" if kind is dict else "["
    decoder = json.JSONDecoder(strict=False)
    for candidate in (text, _repaired(text)):
        at = candidate.find(opening)
        for _ in range(OPENINGS):
            if at < 0:
                break
            try:
                value, _end = decoder.raw_decode(candidate, at)
            except (ValueError, RecursionError):
                value = None
            if isinstance(value, kind):
                return value
            at = candidate.find(opening, at + 1)
    return None


def _repaired(text: str) -> str:
    text = text.translate(str.maketrans("“”„‟‘’", '""""\'\''))
    text = re.sub(r",\s*([}\]])", r"\1", text)
    if '"' not in text:
        text = text.replace("'", '"')
    return text


def shortened(text: str, length: int = 60) -> str:
    """The text on one line, cut, for a reason a person reads.

    >>> shortened("a  b", 10), shortened("abcdefghij", 5)
    ('a b', 'abcd…')
    """
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1] + "…"
