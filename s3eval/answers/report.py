"""Narrative reports (paper, Table 9, Task 6)."""

from __future__ import annotations

import re

from s3eval.answers.refusals import nothing_seen
from s3eval.answers.text import cleaned, shortened
from s3eval.task import Reading

__all__ = ["read_report"]

#: A heading without a text, or what stands for a text that is to follow.
_BLANK = re.compile(
    r"\W{0,9}(?:(?:here is |this is )?(?:the |a |my )?(?:clinical |narrative )?"
    r"(?:report|description|summary|answer|response)|todo|tbd|undefined|nan|nil"
    r"|no (?:report|answer|content|response|description|output)|(?:I am |I['’]m )?sorry"
    r"|insert (?:text|report|description) here|placeholder|lorem ipsum)\W{0,9}",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]")


def read_report(text: str) -> Reading:
    """The paragraph, in one line.

    Unreadable is an answer without a text ("fail", "n/a") and one that says that nothing was
    shown: a refusal is no report, and would be scored as a poor one.

    >>> read_report("The head turns\\n to the right.").value
    'The head turns to the right.'
    >>> read_report("I cannot view the video.").reason
    "says that nothing was seen: 'I cannot view the video.'"
    """
    from s3eval.metrics.text import left_out

    report = " ".join(cleaned(text).split())
    if not report:
        return Reading(reason="nothing was said" if not text.strip() else "only thinking")
    if left_out(report) or _BLANK.fullmatch(report) or not _WORD.search(report):
        return Reading(reason=f"no report: {shortened(report)!r}")
    if nothing_seen(report):
        return Reading(reason=f"says that nothing was seen: {shortened(report)!r}")
    return Reading(report)
