"""What every reader does first: thoughts left out, wrappers opened, JSON found in prose."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import Any

from s3eval.answers.thoughts import without_thinking

__all__ = [
    "cleaned",
    "find_json",
    "find_objects",
    "shortened",
    "single_spaced",
    "whole_json",
    "without_thinking",
]

#: Of a longer answer, a model that runs on, the first and the last half of this is read.
LONGEST = 200_000
#: Brackets tried before a text counts as holding no JSON: endless "[[[" must come to an end.
OPENINGS = 50

# Characters without a width or a meaning: NUL, zero-width blanks, marks of direction.
_INVISIBLE = re.compile("[\x00\x01\u200b-\u200f\u2060\ufeff]")
_ROLES = "user|human|system|assistant|model|ai|bot|gpt"
_ASKING = frozenset({"user", "human", "system"})
# <|im_start|>user, <|user|>, <start_of_turn>model: a role of its own line, or a token alone.
_SPECIAL = re.compile(
    rf"<\|(?P<role>{_ROLES})\|>|<\|[^|<>]{{1,40}}\|>|</?s>"
    r"|<(?:eos|bos|pad|end_of_turn|start_of_turn|end_of_utterance)>|\[/?INST\]"
    r"|\[END[ _]FINAL[ _]RESPONSE\]",
    re.IGNORECASE,
)
_TURN = re.compile(
    rf"^[ \t#*>]{{0,6}}(?P<role>{_ROLES})[ \t*]{{0,4}}(?::[ \t*]{{0,4}}|$)"
    r"|\b(?P<shouted>(?-i:USER|HUMAN|ASSISTANT)):",
    re.IGNORECASE | re.MULTILINE,
)
_LATEX = re.compile(r"\\(?:text(?:bf|it|rm|tt)?|math(?:rm|bf|it)|emph)\s{0,3}\{([^{}]{0,400})\}")
_TAGGED = re.compile(
    r"<(?P<tag>answer|final_answer|final|solution|response|output|conclusion)>(?P<inner>.*?)"
    r"(?:</(?P=tag)>|\Z)"
    r"|\[ANSWER\](?P<square>.*?)(?:\[/ANSWER\]|\Z)"
    r"|\\{1,2}(?:boxed|fbox)\s{0,3}\{(?P<box>[^{}]{0,4000})\}",
    re.DOTALL | re.IGNORECASE,
)
# What was struck out is no part of an answer.
_STRUCK = re.compile(
    r"~~[^~\n]{1,400}~~|<(?P<tag>del|strike)>.{0,400}?</(?P=tag)>", re.DOTALL | re.IGNORECASE
)
_MARKUP = re.compile(
    r"</?(?:b|i|u|p|em|strong|span|div|br|h[1-6]|li|ul|ol|code|font)(?:\s[^<>]{0,80})?/?>",
    re.IGNORECASE,
)
#: Tags of no known meaning around an answer: <timestamp>00:31</timestamp>.
_CLOSING = re.compile(r"</([^\W\d]\w{0,30})>")
_TAG = re.compile(r"</?([^\W\d]\w{0,30})>")
# Letters, digits and signs of full width, as keyboards of East Asia write them.
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_BOX_TOKENS = re.compile(r"<\|(begin|end)_of_box\|>", re.IGNORECASE)
#: One of these is in all that `cleaned` takes off beside thoughts, unless a role is all there is.
_WRAPPING = re.compile(r"[<\[\\`:\n~]")
_LONGEST_ROLE = 30
_BLANKS = re.compile(r"[^\S\n]+")
_LANGUAGE = re.compile(r"[A-Za-z0-9_+-]{0,20}[ \t]{0,8}\r?\n")


def cleaned(text: str) -> str:
    """The answer proper: no thoughts, no special tokens, no other speaker's turn, no wrapper.

    Answers in marks of their own (``<answer>``, ``\\\\boxed{}``) count alone; several that differ
    come back one a line. A code fence around the whole is taken off. Of more than 200,000
    characters the middle is left out, so that no answer takes long to read.

    >>> cleaned("<think>…</think><answer>left</answer><|im_end|>")
    'left'
    >>> cleaned("```json\\n{\\"a\\": 1}\\n```")
    '{"a": 1}'
    >>> cleaned("So it is $\\\\boxed{\\\\text{Yes}}$."), cleaned("ASSISTANT: No USER: And now?")
    ('Yes', 'No')
    """
    text = without_thinking(_INVISIBLE.sub("", _bounded(text)))
    text = text.strip()
    if len(text) > _LONGEST_ROLE and not _WRAPPING.search(text):
        return text
    text = _BOX_TOKENS.sub(lambda m: "<answer>" if m[1].lower() == "begin" else "</answer>", text)
    text = _SPECIAL.sub(lambda m: f"\n{m['role']}\n" if m["role"] else "\n", text)
    text = _own_turn(text.strip())
    if "~~" in text or "</" in text:
        text = _STRUCK.sub(" ", text)
    if "\\" in text:
        text = _LATEX.sub(r"\1", _LATEX.sub(r"\1", text))
    tagged = [m["inner"] or m["square"] or m["box"] or "" for m in _TAGGED.finditer(text)]
    if tagged:
        text = "\n".join(dict.fromkeys(inner.strip() for inner in tagged if inner.strip()))
    return _unfenced(text.strip())


def _bounded(text: str) -> str:
    if len(text) <= LONGEST:
        return text
    head, tail = text[: LONGEST // 2], text[-LONGEST // 2 :]
    # Between words where there are any, so that none is cut in two.
    last, first = head.rfind(" ", -200), tail.find(" ", 0, 200)
    return head[: last if last > 0 else None] + "\n" + tail[max(first, 0) :]


def _own_turn(text: str) -> str:
    """The model's own turn, where the prompt is echoed or other turns are made up after it."""
    marks = list(_TURN.finditer(text))
    if not marks:
        return text
    edges = [m.start() for m in marks[1:]] + [len(text)]
    turns = [("", text[: marks[0].start()])]
    for mark, edge in zip(marks, edges, strict=True):
        turns.append(((mark["role"] or mark["shouted"]).lower(), text[mark.end() : edge]))
    turns = [(role, content.strip()) for role, content in turns if content.strip()]
    own = next((i for i, (role, _) in enumerate(turns) if role not in _ASKING), None)
    if own is None:
        return ""
    content = turns[own][1]
    if not turns[own][0] and own + 1 < len(turns) and turns[own + 1][0] not in _ASKING:
        # An echo without a role, or an answer in two parts: whatever it is, all of it counts.
        content = f"{content}\n{turns[own + 1][1]}"
    return content


def _unfenced(text: str) -> str:
    if len(text) < 6 or not (text.startswith("```") and text.endswith("```")):
        return text
    inner = text[3:-3]
    if "```" in inner:
        return text
    language = _LANGUAGE.match(inner)
    return (inner[language.end() :] if language else inner).strip()


def single_spaced(text: str) -> str:
    """Every run of white space within a line as one blank; lines stay.

    Letters of full width become ordinary ones, letters with a combining mark one character:
    a reader that knows "no" must not find it in "nó".

    >>> single_spaced("a \\t b\\n c"), single_spaced("Ｙｅｓ：００：３１")
    ('a b\\n c', 'Yes:00:31')
    """
    if not text.isascii():
        text = unicodedata.normalize("NFC", text.translate(_FULL_WIDTH))
    if "</" in text or "<br" in text:
        text = _MARKUP.sub(" ", text)
        names = {*_CLOSING.findall(text)}
        if names:
            # Lines of their own: what stands in a tag and what follows are two statements.
            text = _TAG.sub(lambda m: "\n" if m[1] in names else m.group(), text).strip()
    if " ".join(text.split()) == text:  # so are most answers
        return text
    return _BLANKS.sub(" ", text)


def find_json(text: str, kind: type = dict) -> Any:
    """The first JSON value of that kind anywhere in the text; None when there is none.

    Prose around it, fences, typographic quotes and a trailing comma are tolerated.

    >>> find_json('Sure! {"timestamp": "00:31",} Hope it helps.')
    {'timestamp': '00:31'}
    >>> find_json("nothing here") is None
    True
    """
    return next(_values(text, kind), None)


def find_objects(text: str) -> list[dict[str, Any]]:
    """All JSON objects in the text that lie in no other, keys in lower case.

    A key that stands twice with different values has them all, in a list: the last is no more
    an answer than the first.

    >>> find_objects('{"Answer": "yes"} or {"answer": {"is": "no"}}')
    [{'answer': 'yes'}, {'answer': {'is': 'no'}}]
    >>> find_objects('{"answer": "yes", "Answer": "no"}')
    [{'answer': ['yes', 'no']}]
    """
    return [*_values(text, dict, _every_value)]


def _every_value(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values: dict[str, list[Any]] = {}
    for key, value in pairs:
        known = values.setdefault(key.strip().lower(), [])
        if value not in known:
            known.append(value)
    return {key: known[0] if len(known) == 1 else known for key, known in values.items()}


def whole_json(text: str) -> Any:
    """The JSON object or list that is the whole text; None where there is more, or none.

    >>> whole_json('["yes", "no"]'), whole_json('["yes"] or "no"')
    (['yes', 'no'], None)
    """
    text = text.strip()
    if not (text[:1] in "{[" and text[-1:] in "}]" and text):
        return None
    for candidate in (text, _repaired(text)):
        try:
            return json.loads(candidate, strict=False, object_pairs_hook=_every_value)
        except (ValueError, RecursionError):
            continue
    return None


def _values(
    text: str,
    kind: type,
    made_of: Callable[[list[tuple[str, Any]]], dict[str, Any]] | None = None,
) -> Iterator[Any]:
    opening = "{" if kind is dict else "["
    if opening not in text:
        return
    decoder = json.JSONDecoder(strict=False, object_pairs_hook=made_of)
    for candidate in (text, _repaired(text)):
        at, any_yielded = candidate.find(opening), False
        for _ in range(OPENINGS):
            if at < 0:
                break
            end = at + 1
            try:
                value, end = decoder.raw_decode(candidate, at)
            except (ValueError, RecursionError):
                value = None
            if isinstance(value, kind):
                any_yielded = True
                yield value
            at = candidate.find(opening, end)
        if any_yielded:
            return


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
    line = " ".join(text[: 40 * length].split())
    return line if len(line) <= length else line[: length - 1] + "…"
