"""Narrative reports (paper, Table 9, Task 6)."""

from __future__ import annotations

import re

from s3eval.answers.refusals import nothing_seen
from s3eval.answers.text import cleaned, shortened
from s3eval.task import Reading

__all__ = ["read_report"]

#: What a server or a filter says in place of a model.
_ERROR = re.compile(
    r"\W{0,3}(?:(?:internal server |runtime |value |http )?error"
    r"(?:\W{1,3}(?:code\s)?(?:\d{3}\b|time|cuda|out of memory|no\s|failed)[^.]{0,30})?"
    r"|time[d ]{0,2}out|(?:cuda )?out of memory|blocked|filtered|redacted|image|video|audio"
    r"|(?:request|response|content|output) (?:was )?(?:blocked|filtered|removed)\b[^.]{0,40}"
    r"|\w{1,20}\W{1,4}null)\W{0,3}",
    re.IGNORECASE,
)
_UNABLE = (
    r"(?:(?:I['’]m |I am )?(?:sorry|apologi[sz]e)[,.]?\s(?:but\s)?)?"
    r"(?:(?:I\s)?(?:cannot|can['’]t|could not|couldn['’]t)"
    r"|(?:I am |I['’]m )?(?:unable|not able) to|no (?:report|description|answer|response))\s"
)
#: That there will be no report, although no film is spoken of.
_REFUSED = re.compile(
    rf"\W{{0,3}}{_UNABLE}"
    r"(?:(?:describe|report on)\b[^.\n]{0,30}\b(?:video|clip|footage|happens)\b"
    r"|(?:generate|produce|write|provide|give|create|be|is|was|can be|could be)\b[^.\n]{0,20}"
    r"\b(?:report|description|summary|generated|produced|given|provided|written|available)\b"
    r"|available\b|(?:determine|tell|say|answer|assess)(?: (?:this|that|it))?\W{0,3}$)"
    r"|\W{0,3}(?:sorry\W{1,3})?(?:the|this) (?:content|request) violates\b",
    re.IGNORECASE,
)
#: A heading without a text, or what stands for a text that is to follow.
_BLANK = re.compile(
    r"\W{0,9}(?:(?:(?:sure|certainly|of course|ok|okay)\W{0,3})?"
    r"(?:(?:here is |here['’]s |this is )?(?:the |an? |my )?"
    r"(?:(?:clinical|narrative|concise|brief|short|semiology|seizure|requested)\s){0,3}"
    r"(?:report|description|summary|answer|response)(?:\W{1,4}(?:n/?a|none|null|not available))?)?"
    r"|todo|tbd|undefined|nan|nil"
    r"|no (?:report|answer|content|response|description|output)|(?:I am |I['’]m )?sorry"
    r"|insert (?:text|report|description) here|placeholder|lorem ipsum|yes|no|null|none"
    r"|not applicable|unknown|unclear|uncertain|no comment|(?:I )?(?:do not|don['’]t) know)\W{0,9}",
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
    blank = _BLANK.fullmatch(report) or _ERROR.fullmatch(report) or not _WORD.search(report)
    if left_out(report) or blank:
        return Reading(reason=f"no report: {shortened(report)!r}")
    if nothing_seen(report) or _REFUSED.match(report):
        return Reading(reason=f"says that nothing was seen: {shortened(report)!r}")
    return Reading(report)
