"""Free text to readings: pure functions, one form of answer a file.

Every reader takes what a model said and gives a `s3eval.task.Reading`: a typed value, or the
reason why none can be read. None of them ever guesses: an answer that says two things, or
nothing, is unreadable and counted as such (docs/reading.md). Where a published rule decides
otherwise, a reader takes ``protocol`` and keeps to that rule under ``release``.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

# Looked up on first use: what compares recorded runs reads no answer, and compiling the patterns
# of all readers takes longer than many a command.
_HOME = {
    "canonical": "signs",
    "cleaned": "text",
    "find_json": "text",
    "find_objects": "text",
    "nothing_seen": "refusals",
    "parse_clock": "times",
    "read_body_part": "body_part",
    "read_diagnosis": "diagnosis",
    "read_report": "report",
    "read_sequence": "listing",
    "read_side": "side",
    "read_time": "times",
    "read_yes_no": "yes_no",
    "shortened": "text",
    "split_sequence": "listing",
    "split_yes_no": "yes_no",
    "unknown_tokens": "listing",
    "without_thinking": "text",
}
__all__ = [
    "canonical",
    "cleaned",
    "find_json",
    "find_objects",
    "nothing_seen",
    "parse_clock",
    "read_body_part",
    "read_diagnosis",
    "read_report",
    "read_sequence",
    "read_side",
    "read_time",
    "read_yes_no",
    "shortened",
    "split_sequence",
    "split_yes_no",
    "unknown_tokens",
    "without_thinking",
]

if TYPE_CHECKING:
    from s3eval.answers.body_part import read_body_part
    from s3eval.answers.diagnosis import read_diagnosis
    from s3eval.answers.listing import read_sequence, split_sequence, unknown_tokens
    from s3eval.answers.refusals import nothing_seen
    from s3eval.answers.report import read_report
    from s3eval.answers.side import read_side
    from s3eval.answers.signs import canonical
    from s3eval.answers.text import cleaned, find_json, find_objects, shortened, without_thinking
    from s3eval.answers.times import parse_clock, read_time
    from s3eval.answers.yes_no import read_yes_no, split_yes_no


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 's3eval.answers' has no attribute '{name}'")
    attribute = getattr(importlib.import_module(f"s3eval.answers.{_HOME[name]}"), name)
    globals()[name] = attribute  # Readers are called for every answer.
    return attribute
