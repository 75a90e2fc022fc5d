"""Lists of symptoms in order of time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from s3eval.answers.mentions import mentions
from s3eval.answers.order import Order, ascending, order_of, stated_order, value_order
from s3eval.answers.refusals import nothing_seen
from s3eval.answers.rows import rows_as_lines
from s3eval.answers.sections import answer_section
from s3eval.answers.signs import NAMES, SIGN, canonical, signs_in
from s3eval.answers.stated import without_thoughts
from s3eval.answers.text import (
    cleaned,
    find_json,
    find_objects,
    shortened,
    single_spaced,
    whole_json,
)
from s3eval.answers.wording import BACKWARDS, in_words, is_open
from s3eval.task import Reading
from s3eval.vocabulary import FEATURE_NAMES, Protocol

__all__ = ["read_sequence", "split_sequence", "unknown_tokens"]

_NOTHING = re.compile(
    r"^\W{0,12}(?:none\b(?! of the (?:frames?|images?|videos?|clips?))"
    r"|nothing\b(?! (?:can|could|may) )|n/?a\W*$|\[\s{0,9}\]\W*$"
    r"|(?:there (?:are|is|were)\s)?no\s"
    r"(?!(?:\w{1,20}\s){0,2}?(?:information|data|details?|way|idea|other|further"
    r"|additional)\b)"
    r"(?:\w{1,20}\s){0,4}?(?:symptoms?|signs?|features?|events?)\b"
    r"(?!\s(?:can|could) (?:be )?(?:determined|assessed|judged|told|evaluated))"
    r"|(?:(?:the|this) )?(?:patient|video|clip)\s(?:shows?|has|had|exhibits?|displays?|showed"
    r"|demonstrates?)\sno\s(?:\w{1,20}\s){0,4}?(?:symptoms?|signs?|features?)\b"
    r"|\(?empty(?: list)?\)?\W*$|no (?:seizure activity|abnormal (?:movements?|signs?))\b"
    r"|(?:(?:the|this) )?(?:patient|video|clip|I)\s(?:\w{1,12}\s){0,2}?(?:does|do|did|is|was)"
    r"(?: not|n['’]t)\s(?:\w{1,12}\s){0,3}?any\s(?:\w{1,20}\s){0,4}?"
    r"(?:symptoms?|signs?|features?)\b)",
    re.IGNORECASE,
)
_EXCEPT = re.compile(
    r"\b(?:except|other than|apart from|besides|but)\b[^.\n]{0,40}(?:" + NAMES + ")", re.IGNORECASE
)
_PROMPT = re.compile(r"symptoms are limited to|example output:", re.IGNORECASE)
_HEADING = re.compile(r"^[^\n,:]{0,60}:\s{1,9}", re.DOTALL)
_BULLET = re.compile(r"^[ \t]{0,9}(?:[-*•]|\(?\d{1,2}[.)])[ \t]{0,9}", re.MULTILINE)
# "- [ ] clonic": a box that nobody ticked.
_UNCHECKED = re.compile(r"(?:\[ ?\]|[☐□⬜])[ \t]{0,2}[^\n,;\[☐□⬜☑☒✓✔✅■]{0,200}")
_TICKED = re.compile(r"\[x\]|[☑☒✓✔✅■]", re.IGNORECASE)
# "tonic (both arms, right first)": what is said about a sign holds no commas of the list.
_ASIDE = re.compile(r"(?<=[\w*])\s{0,3}\([^()\n]{0,300}\)")
# "tonic (absent)", "tonic [not seen]", "tonic (✗)": what denies the sign before it.
_NOT_THERE = re.compile(
    r"[(\[]\s?(?:no|none|absent|false|negative|n/?a|unclear|uncertain|unknown|[✗✘❌✖]"
    r"|not (?:seen|observed|present|visible|detected|found|clear|shown|applicable))\s?[)\]]",
    re.IGNORECASE,
)
_ABSENT = frozenset(("", "no", "false", "none", "null", "absent", "n/a", "0"))
_LISTS = (
    "sequence",
    "symptoms",
    "event_sequence",
    "events",
    "answer",
    "output",
    "signs",
    "features",
    "final_answer",
    "response",
)
_ENTRIES = ("symptom", "sign", "feature", "event", "name", "label")


def split_sequence(text: str) -> list[str]:
    """The protocol's splitting (Task 5) and nothing more.

    Split on commas (also full-width), trim, drop a trailing ``.`` or ``;``, white space inside
    a token becomes ``_``; empty tokens are dropped.

    >>> split_sequence("head turning, tonic，clonic.")
    ['head_turning', 'tonic', 'clonic']
    """
    tokens = (re.sub(r"[.;]+$", "", t.strip()).strip() for t in re.split(r"[,，]", text))
    return [re.sub(r"\s+", "_", t) for t in tokens if t]


def unknown_tokens(tokens: Sequence[str]) -> list[str]:
    """The tokens that name no feature, in order, without repeats.

    >>> unknown_tokens(["tonic", "sits_up", "sits_up"])
    ['sits_up']
    """
    return [t for t in dict.fromkeys(tokens) if t not in FEATURE_NAMES]


def read_sequence(text: str, *, protocol: Protocol = "paper") -> Reading:
    """A list of tokens in order; an answer that says there are none is the empty list.

    Lines, numbers, arrows and JSON lists are taken for commas; then the protocol's splitting
    applies and spellings become canonical. Unknown tokens stay where they are (they count as
    wrong), but a text that names no symptom at all is unreadable.

    ``release`` leaves it at that. ``paper`` also finds the sign in a token that says more about
    it (a time, a step's number, a side), leaves out what a token denies, and reads nothing out of
    a text that turns the order round ("clonic after tonic") or repeats the question's list.

    >>> read_sequence("1. Head turning\\n2. figure-4 → tonic").value
    ['head_turning', 'figure4', 'tonic']
    >>> read_sequence("0:05 tonic (both arms, stiff), step 2: clonic jerks, no blank stare").value
    ['tonic', 'clonic']
    >>> read_sequence("There are no seizure symptoms observed in the video.").value
    []
    >>> read_sequence("I cannot watch videos.").reason
    "says that nothing was seen: 'I cannot watch videos.'"
    """
    proper = cleaned(text)
    if not proper:
        return Reading(reason="nothing was said")
    if nothing_seen(proper):
        return Reading(reason=f"says that nothing was seen: {shortened(proper)!r}")
    if protocol == "release":
        return _published(proper)
    listed = _from_json(proper)
    if listed is None:
        plain = rows_as_lines(answer_section(single_spaced(proper)), SIGN)
        if _PROMPT.search(plain):
            return Reading(reason=f"repeats the question: {shortened(proper)!r}")
        if _NOTHING.match(plain):
            return _none_of(plain)
        if _runs_backwards(plain) or is_open(plain):
            return Reading(reason=f"tells order or choice in words: {shortened(proper)!r}")
        listed = _parts(plain)
    elif listed == [_UNTOLD]:
        return Reading(reason=f"the JSON tells no order of signs: {shortened(proper)!r}")
    elif not listed:
        return Reading([])
    if any(in_words(part.replace("_", " ")) for part in listed):
        return Reading(reason=f"tells order or choice in words: {shortened(proper)!r}")
    tokens = [token for part in listed for token in _tokens(part)]
    if not any(t in FEATURE_NAMES for t in tokens):
        return Reading(reason=f"names no symptom: {shortened(proper)!r}")
    return Reading(tokens)


def _none_of(text: str) -> Reading:
    """The empty list, unless a sign is named after all ("none at first, then tonic")."""
    affirmed = mentions(text, SIGN, lambda m: m.group()).affirmed
    started = re.split(r"[.\n]", text, maxsplit=1)[0]
    if _EXCEPT.search(text) or (affirmed and not re.search(r"\bsuch as\b|\blike\b|\(", started)):
        return Reading(reason=f"names none and some: {shortened(text)!r}")
    return Reading([])


def _parts(text: str) -> list[str]:
    plain = _ASIDE.sub(_aside, text)
    text = plain if SIGN.search(plain) else text
    heading = _HEADING.match(text)
    if heading and not SIGN.search(heading.group()):
        text = text[heading.end() :]
    return split_sequence(_with_commas(text))


def _aside(aside: re.Match[str]) -> str:
    """Nothing, or what an aside says of the sign before it: that it is not there."""
    return ": absent" if _NOT_THERE.fullmatch(aside.group().strip()) else ""


def _tokens(part: str) -> list[str]:
    """What one part of a list names: a known token, the signs within it, or itself."""
    token = canonical(part)
    if token in FEATURE_NAMES:
        return [token]
    mentioned = mentions(part.replace("_", " "), SIGN, lambda m: canonical(m.group()))
    if mentioned.named:
        return signs_in(part) if not mentioned.denied else [*mentioned.affirmed]
    name = _CLOCKS.sub("", token).strip("_ .:-")
    return [] if not re.search(r"[^\W\d_]", name) or _CONNECTIVE.fullmatch(name) else [token]


# "First, head turning; second, tonic": words that only join the signs.
_CONNECTIVE = re.compile(
    r"(?:and_?)?(?:at_?)?(?:first|second|third|fourth|fifth|last|then|next|finally|lastly|firstly"
    r"|secondly|thirdly|later|afterwards?|initially|subsequently|and|steps?|end|start|time"
    r"|symptoms?|signs?|features?|events?|order|sequence|in_(?:that|this|chronological)_order)",
    re.IGNORECASE,
)
_CLOCKS = re.compile(r"\d{1,3}:\d{2}(?::\d{2})?(?:\.\d+)?|\b\d+(?:\.\d+)?_?s(?:ec(?:ond)?s?)?\b")


def _from_json(text: str) -> list[str] | None:
    """The texts of a JSON list, or of the list an object holds; None where there is none."""
    json_list = find_json(text, list) if text[:1] in "[{" else None
    if isinstance(json_list, list) and all(isinstance(t, str) for t in json_list):
        return [re.sub(r"\s+", "_", t.strip().rstrip(".;")) for t in json_list if t.strip()]
    if isinstance(whole_json(text), list) and not all(isinstance(e, dict) for e in json_list or ()):
        # ["tonic", 5]: what else is meant is not known.
        return [_UNTOLD]
    entries = json_list if isinstance(json_list, list) else find_objects(text)
    thinking = [e for e in entries if isinstance(e, dict) and without_thoughts(e) != e]
    if thinking:
        entries = [without_thoughts(e) if isinstance(e, dict) else e for e in entries]
        if not any(entries):
            return [_UNTOLD]
    if not all(isinstance(entry, dict) for entry in entries) or not entries:
        return None
    if len(entries) > 1:
        named = [_entry(entry) for entry in entries]
        if not ascending([stated_order(entry) for entry in entries]):
            return [_UNTOLD]
        return [name for name in named if name] if all(named) else None
    only = entries[0]
    lists = [only[k] for k in _LISTS if isinstance(only.get(k), str)]
    if lists:
        return [] if _NOTHING.match(lists[0]) else _parts(single_spaced(lists[0]))
    if only and all(canonical(str(k)) in FEATURE_NAMES for k in only):
        # {"tonic": 0.9, "clonic": 0.1} are shares; {"clonic": 2, "tonic": 1} turns round.
        orders = [value_order(str(v)) for v in only.values()]
        if any(isinstance(v, float) for v in only.values()) or not ascending(orders):
            return [_UNTOLD]
        return [str(k) for k, v in only.items() if str(v).strip().lower() not in _ABSENT]
    values = [*only.values()]
    if values and all(isinstance(v, str) for v in values):
        if not ascending([order_of(k) for k in only]):
            return [_UNTOLD]
        return [str(v) for v in values]
    return None


#: Stands for a list whose order or members are not told; no token is called so.
_UNTOLD = "\x00"


# Lines, items of a list and sentences; "b) clonic a) tonic", "[1] clonic [0] tonic".
_PARTS = re.compile(r"[\n;]|\sand\s|,\s|\.\s(?=[A-Z])|\s(?=\(?[a-fA-F1-9]\)\s)|\s(?=\[\d\]\s)")
# A heading of later signs: "Spread:" in "Onset: a) staring b) tonic. Spread: a) clonic".
_HEADED = re.compile(
    r"^(?!.*\b(?i:onset|start|beginning|first|initial|early)\b)"
    r"(?:.*[^\W\d_].*:\W{0,4}|\W{0,6}(?:\d{1,2}[.)]\s)?[A-Z][a-z -]{2,30})$"
)


def _runs_backwards(text: str) -> bool:
    """Whether the numbers or times beside a prose list's signs say another order than its own."""
    if BACKWARDS.search(text):
        return True
    orders: list[Order] = []
    before, begun, highest = "", 0.0, 0.0
    for part in _PARTS.split(text):
        if SIGN.search(part.replace("_", " ")):
            order = order_of(part)
            if order.step == 1 and _HEADED.search(SIGN.sub("sign#", before[-120:])):
                # The numbers begin anew: they go on from the highest so far.
                begun = highest
            if order.step is not None:
                highest = max(highest, begun + order.step)
                order = Order(step=begun + order.step)
            orders.append(order)
        before = part if part.strip() else before
    return not ascending(orders)


def _entry(entry: dict[str, Any]) -> str:
    """The sign that one object of a list names: {"symptom": "tonic", "time": "00:05"}."""
    return next((str(entry[k]) for k in _ENTRIES if isinstance(entry.get(k), str)), "")


def _with_commas(text: str) -> str:
    # "□ tonic, □ clonic": a bullet where no box is ticked.
    text = text if _TICKED.search(text) else text.replace("□", "")
    text = _BULLET.sub("", _UNCHECKED.sub("", text.replace("\\n", "\n")))
    text = re.sub(r"[ \t]{0,9}(?:-{1,3}>|=>|→|⇒|➔|>|;|\||\n)[ \t]{0,9}", ",", text)
    return re.sub(r",\s{0,9}(?:and|then|followed by)\s{1,9}", ",", text, flags=re.IGNORECASE)


_NOTHING_PUBLISHED = re.compile(
    r"^\W*(?:none|nothing|n/?a|\[\s*\]|no\s+(?:\w+\s+){0,3}(?:symptoms?|signs?|features?)\b.*"
    r"|there (?:are|is|were) no\b.*)\W*$",
    re.IGNORECASE | re.DOTALL,
)


def _published(proper: str) -> Reading:
    """The protocol's splitting after lists, arrows and JSON are made commas."""
    json_list = find_json(proper, list) if proper[:1] in "[{" else None
    listed = None
    if isinstance(json_list, list) and all(isinstance(t, str) for t in json_list):
        listed = [re.sub(r"\s+", "_", t.strip().rstrip(".;")) for t in json_list if t.strip()]
        if not listed:
            return Reading([])
    if listed is None:
        plain = single_spaced(proper)
        if _NOTHING_PUBLISHED.match(plain):
            return Reading([])
        if canonical(plain.split(":", maxsplit=1)[0]) not in FEATURE_NAMES:
            plain = _HEADING.sub("", plain)
        listed = split_sequence(_with_commas(plain))
    tokens = [canonical(t) for t in listed]
    if not any(t in FEATURE_NAMES for t in tokens):
        return Reading(reason=f"names no symptom: {shortened(proper)!r}")
    return Reading(tokens)
