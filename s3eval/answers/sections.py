"""Answers under headings: what stands under "Answer:" counts, what led to it does not."""

from __future__ import annotations

import re

from s3eval.answers.hints import is_plain

__all__ = ["answer_section", "split_sections"]

_HINTS = ("answer", "response", "verdict", "diagnosis", "timestamp", "sequence")
_HEADING = re.compile(
    r"^[ \t*#_>]{0,9}(?:"
    r"(?P<answer>(?:(?:my|the)\s)?(?:(?:final|short|correct)\s)?(?:answer|response|verdict|diagnosis|timestamp|sequence))"
    r"|(?:(?:my|the)\s)?(?:step[ -]by[ -]step\s)?(?:reasoning|rationales?|explanations?"
    r"|justification|analysis|thoughts?|evidence|descriptions?|observations?|image description))"
    r"(?:[ \t]is)?[ \t*_]{0,4}(?::[ \t*_]{0,4}|$)",
    re.IGNORECASE | re.MULTILINE,
)
_STATED = re.compile(r"\b(?:answer|response|verdict)\b", re.IGNORECASE)
#: What takes something back may stand under any heading.
_TAKES_BACK = re.compile(
    r"\b(?:wait|actually|correction|corrected|sorry|mistaken?|instead|revis\w{1,4}|on reflection"
    r"|on second thoughts?)\b",
    re.IGNORECASE,
)


def answer_section(text: str) -> str:
    """What stands under the headings of an answer; all of the text where there are none.

    Several such sections come back one after the other. Sections of reasons that follow the
    answer and take something back ("Explanation: actually ...") stay.

    >>> answer_section("Reasoning: it could be 00:10.\\nFinal answer: 00:31")
    '00:31'
    >>> answer_section("**Answer:** left\\n\\n**Explanation:** the right arm rests.")
    'left'
    >>> answer_section("It is at 00:31."), answer_section("Answer:\\n")
    ('It is at 00:31.', 'Answer:\\n')
    """
    return split_sections(text)[0]


def split_sections(text: str) -> tuple[str, str]:
    """The answer and the reasons that stand under headings of their own.

    >>> split_sections("Reasoning: the arms jerk.\\nAnswer: yes")
    ('yes', 'the arms jerk.')
    """
    if is_plain(text, _HINTS):
        return text, ""
    marks = [*_HEADING.finditer(text)]
    if not any(mark["answer"] for mark in marks):
        return text, ""
    kept: list[str] = []
    rest = [before] if (before := text[: marks[0].start()].strip()) else []
    for number, mark in enumerate(marks):
        end = marks[number + 1].start() if number + 1 < len(marks) else len(text)
        section = text[mark.end() : end].strip()
        if section and (mark["answer"] or (kept and _TAKES_BACK.search(section))):
            # "Answer: left. Answer: right.": both are stated, and both are kept so.
            kept.append(mark.group() + section if _STATED.search(section) else section)
        elif section:
            rest.append(section)
    if not kept or (not rest and len(marks) == 1):
        return text, ""
    return "\n".join(kept), "\n".join(rest)
