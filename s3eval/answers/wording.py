"""Words that say in which order signs came, where it is not the order of the text."""

from __future__ import annotations

import re

from s3eval.answers.hints import is_plain
from s3eval.answers.signs import NAMES, SIGN, signs_in

__all__ = ["BACKWARDS", "in_words", "is_open"]

# Where a sequence is told in words that turn the order round, it is not in the text's order.
_REVERSED = re.compile(
    r"\b(?:after|preceded by|following|(?<!as )follows|versus|vs)\b(?! (?:that|this|which))"
    r"|<-|<=|←|⇐|⟵|\S\s<\s\S",
    re.IGNORECASE,
)
BACKWARDS = re.compile(
    r"\b(?:reversed? (?:chronological )?order|last to first|backwards)\b", re.IGNORECASE
)
_OPEN = re.compile(
    r"\border\W{0,3}(?:is\s|was\s)?(?:unclear|unknown|uncertain|not)\b|\bunordered\b"
    r"|\bin no (?:particular|specific|certain) order\b|\bor (?:neither|none|not)\b|\bmaybe not\b"
    r"|(?:\b(?:cannot|could not|unable to|(?:not |im)possible to|hard to|difficult to)|n['’]t)\s"
    r"(?:\w{1,12}\s){0,2}?(?:determine|tell|establish|say|judge|assess)\b[^.\n]{0,40}?"
    r"\b(?:order|sequence|which|before|after)\b"
    r"|\b(?:order|sequence)\b[^.\n]{0,20}(?:\b(?:cannot|could not|can not)|n['’]t) be\b"
    r"|^\W{0,6}(?:for example|for instance|e\.g\.)",
    re.IGNORECASE,
)
_CLAUSES = re.compile(r"[\n;,，()]|\.\s")
_AFTER = re.compile(
    rf"\bafter\s(?:(?:the|an?|some|brief|initial|first)\s){{0,2}}(?={NAMES})", re.IGNORECASE
)
_EARLIER = re.compile(
    r"^\W*(?:and |with |but )?(?:earlier|previously|(?:had |having )?(?:begun|began|started) with"
    r"|prior to (?:that|this|it|which)|before (?:that|this|it|which)|the first \w{4,8} (?:was|is)"
    r"|(?:(?:which|it|this|that) (?:was|is) )?preceded by)\b\W*"
    rf"|(?:{NAMES}) (?:beforehand|earlier|previously|came first|was first|occurred first)\b",
    re.IGNORECASE,
)
_TAKEN_BACK = re.compile(r"\b(?:wait|correction|scratch that|I mean)\b", re.I)
#: One of these is in all that leaves an order open.
_HINTS = (
    *("order", "sequence", "which", "before", "after", "or n"),
    *("maybe", "example", "instance", "e.g"),
    *("earlier", "previous", "begun", "began", "started", "prior", "first", "preceded"),
    *("wait", "correction", "scratch", "mean"),
)


def is_open(text: str) -> bool:
    """Whether words leave the order of the signs open, take one back or name the later one first.

    "tonic, or neither", "tonic, no wait, clonic", "clonic, with tonic beforehand"; but "after
    tonic" is no more than a link where tonic was named before.

    >>> is_open("clonic, after tonic"), is_open("tonic, after tonic clonic")
    (True, False)
    """
    if is_plain(text, _HINTS):
        return False
    taken_back = _TAKEN_BACK.search(text)
    if taken_back and signs_in(text[: taken_back.start()]) and signs_in(text[taken_back.end() :]):
        return True
    if _OPEN.search(text):
        return True
    known: set[str] = set()
    for number, part in enumerate(_CLAUSES.split(text)):
        signs = signs_in(part)
        linked = _AFTER.search(part)
        later = number > 0 or bool(linked and signs_in(part[: linked.start()]))
        if linked and later and not known.issuperset(signs_in(part[linked.end() :])[:1]):
            return True
        if known and (_EARLIER.search(part) if signs else _EARLIER.fullmatch(part)):
            return True
        known.update(signs)
    return False


def in_words(part: str) -> bool:
    """Whether words turn the order round or leave it open: the text's order is then not told.

    >>> in_words("clonic preceded by tonic"), in_words("no tonic or clonic")
    (True, False)
    """
    if not SIGN.search(part):
        return False
    if re.match(r"\W*(?:no|not|without)\b", part, re.IGNORECASE):
        return False
    turned = _REVERSED.search(part) or re.search(r"\bor\b", part, re.IGNORECASE)
    led = re.match(
        r"\W*(?:and |but )?(?:before|preceded by|following(?! (?:that|this)))\b", part, re.I
    )
    return bool(turned and len(signs_in(part)) > 1) or bool(led)
