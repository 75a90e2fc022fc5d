"""How answers are stated, whatever is answered: leading, after "the answer is", in JSON.

The patterns are strings to be put around a reader's own words. All repetitions are bounded, so
that a model that repeats one mark for ever does not cost minutes to read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from s3eval.answers.text import find_objects, shortened, whole_json
from s3eval.task import Reading

__all__ = [
    "ANSWER",
    "DENIAL",
    "LETTER",
    "MARKS",
    "OFFERED",
    "SOMEBODY_ELSE",
    "agreed",
    "from_objects",
    "masked",
    "without_thoughts",
]

#: An offered choice, "yes or no", is blanked by this character, which `MARKS` passes over.
OFFERED = "\x01"
#: What may stand around a word: blanks, quotes, emphasis, brackets, bullets, dashes.
MARKS = rf"[\s\"'“”‘’«»「」『』`*_()\[\]{{}}<>#:=.,\-–—•→⇒➜▶✓✔✅$\\{OFFERED}]{{0,40}}"
#: The letter or number of a choice: "A)", "(b)", "2.", "Option C:".
LETTER = r"(?:(?:option\s{1,3})?\(?(?:[a-e]|[1-9])\s{0,2}[).:]\s{0,3})?"
_NOUN = (
    r"(?:answer|label|prediction|verdict|conclusion|decision|result|diagnosis|option|choice"
    r"|final response)"
)
#: "The final answer is", "Answer:", but not "the patient's answer is".
ANSWER = (
    r"(?<!patient['’]s )(?<!\bhis )(?<!\bher )(?<!\btheir )(?<!\bno )(?<!\bverbal )"
    rf"\b{_NOUN}\b(?:\s{{1,3}}(?:to|for) [^.\n:?!]{{1,80}}?(?=\s(?:is|would|should)\b|:))?"
    r"(?:\s{1,3}(?:is|would be|should be|must be|would have to be|remains)\b)?"
)
#: Others in the room, whose sides and limbs were not asked about.
SOMEBODY_ELSE = (
    r"(?:nurse|doctor|caregiver|mother|father|relative|technician|examiner|staff member)"
)
#: Words that deny, or leave open, what follows in the same clause.
DENIAL = (
    r"(?:\b(?:not|never|nor|neither|without|rather than|instead of|except|cannot|unable|whether"
    r"|unlike|unlikely|against|exclud(?:es?|ed|ing)|rul(?:es?|ed|ing) out|lacks?|lacking|absence of"
    # "inconsistent with ES", but "inconsistent with tremor and suggests ES".
    r"|opposite|(?:contralateral to|inconsistent with|incompatible with)(?=(?:\s(?!(?:and|so|which"
    r"|suggest|favou?r|indicat|support|point|head|turns?|moves?)\w{0,4}\b)[\w'’-]{1,14}){0,3}\s{0,3}$)"
    r"|anything but|other than|r/o|away from|unclear|versus|vs|hardly|less likely"
    r"|doubtful|questionable|improbable|wrong to|negative for|den(?:y|ies|ied)"
    r"|mimic(?:s|king)?|resembl(?:es|ing)|similar to|if|(?<!no )doubt)\b|n['’]t\b"
    r"|\bno\b(?!\s(?:doubt|question)\b)|\bnon[\s-]{1,2}$)"
)


def agreed(readings: Sequence[Reading], text: str) -> Reading:
    """The one value that several statements of an answer agree on.

    >>> agreed([Reading("left"), Reading("right")], "left … right").reason
    "says both left and right: 'left … right'"
    """
    values = list(dict.fromkeys(r.value for r in readings if r.readable))
    if len(values) > 1:
        named = " and ".join(sorted(map(str, values)))
        return Reading(reason=f"says both {named}: {shortened(text)!r}")
    unreadable = next((r for r in readings if not r.readable), None)
    return unreadable or readings[0]


def from_objects(
    text: str,
    keys: Sequence[str],
    read: Callable[[str], Reading],
    aside: Collection[str] = (),
) -> Reading | None:
    """What the JSON objects in an answer say, None where there is no object or nothing to read.

    Args:
        keys: names of the answer in an object, any case, best first; else a lone other key counts.
        read: the reader of a text, for the values.
        aside: keys that never hold the answer (explanations).
    """
    whole = whole_json(text)
    if isinstance(whole, list) and not any(isinstance(entry, dict) for entry in whole):
        # ["yes", "no"]: texts alone are the answer, whatever else is in a list is none.
        return agreed([_read(v, keys, read, aside) for v in whole], text) if whole else _NONE
    objects = [whole] if isinstance(whole, dict) else find_objects(text)
    answers = [v for o in objects if (v := _answers(o, keys, aside)) is not None]
    if not answers:
        # {"yes": 0.3, "no": 0.7}: what stands in keys and numbers was not asked for.
        return None if whole is None else _NONE
    if any(_is_label(json_object, keys, aside, read) for json_object in objects):
        return _NONE
    return agreed([_read(v, keys, read, aside) for values in answers for v in values], text)


_NONE = Reading(reason="the JSON holds no answer")


def _is_label(
    json_object: Mapping[str, Any],
    keys: Sequence[str],
    aside: Collection[str],
    read: Callable[[str], Reading],
) -> bool:
    """Whether the lone key is itself an answer: {"no": true}, which says neither."""
    lone = None if any(key in json_object for key in keys) else _lone_key(json_object, aside)
    return lone is not None and read(lone).readable


def _answers(json_object: Mapping[str, Any], keys: Sequence[str], aside: Collection[str]) -> Any:
    named = [json_object[k] for k in keys if k in json_object]
    if named:
        return named
    lone = _lone_key(json_object, aside)
    return None if lone is None else [json_object[lone]]


def _lone_key(json_object: Mapping[str, Any], aside: Collection[str]) -> str | None:
    """The one key that may hold an answer; None where there are none or several."""
    other = [k for k in json_object if k not in aside and not _ASIDE.search(k)]
    return other[0] if len(other) == 1 else None


_THOUGHTS = r"reason|rational|think|thought|analy[sz]|scratch|monologue|reflect"
#: Keys of an object that hold no answer: why, what was thought, how certain.
_ASIDE = re.compile(
    rf"{_THOUGHTS}|justif|expla|descri|evidence|confiden|observ|probab|certain|comment|\bnotes?\b"
    r"|error|warning"
)
_THOUGHT = re.compile(_THOUGHTS, re.IGNORECASE)


def without_thoughts(json_object: Mapping[str, Any]) -> dict[str, Any]:
    """An object without the keys under which a model thinks.

    >>> without_thoughts({"thought": "0:10?", "timestamp": "0:31"})
    {'timestamp': '0:31'}
    """
    return {k: v for k, v in json_object.items() if not _THOUGHT.search(str(k))}


def _read(
    value: Any, keys: Sequence[str], read: Callable[[str], Reading], aside: Collection[str]
) -> Reading:
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, bool):
        value = "yes" if value else "no"
    if isinstance(value, dict):
        # {"result": {"answer": "no"}}: what lies deeper than this was not asked for.
        lowered = {str(k).strip().lower(): v for k, v in value.items()}
        inner = [v for v in _answers(lowered, keys, aside) or [] if isinstance(v, str)]
        value = inner[0] if len(inner) == 1 else value
    if isinstance(value, str):
        return read(value) if value.strip() else Reading(reason="the JSON's answer is empty")
    return Reading(reason=f"the JSON's answer is no text: {shortened(str(value))!r}")


def masked(text: str, offered: re.Pattern[str]) -> str:
    """The text with offered choices ("yes or no") blanked; everything stays in its place."""
    return offered.sub(lambda m: OFFERED * len(m.group()), text)
