"""Free text to readings: pure functions, one form of answer a file.

Every reader takes what a model said and gives a `s3eval.task.Reading`: a typed value, or the
reason why none can be read. None of them ever guesses: an answer that says two things, or
nothing, is unreadable and counted as such (docs/reading.md). Where a published rule decides
otherwise, a reader takes ``protocol`` and keeps to that rule under ``release``.
"""

from __future__ import annotations

from s3eval.answers.body_part import read_body_part
from s3eval.answers.diagnosis import read_diagnosis
from s3eval.answers.listing import canonical, read_sequence, split_sequence, unknown_tokens
from s3eval.answers.refusals import nothing_seen
from s3eval.answers.report import read_report
from s3eval.answers.side import read_side
from s3eval.answers.text import cleaned, find_json, find_objects, shortened, without_thinking
from s3eval.answers.times import parse_clock, read_time
from s3eval.answers.yes_no import read_yes_no, split_yes_no

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
