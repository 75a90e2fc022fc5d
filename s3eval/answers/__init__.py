"""Free text to readings: pure functions, one form of answer a file.

Every reader takes what a model said and gives a `s3eval.task.Reading`: a typed value, or the
reason why none can be read. None of them ever guesses: an answer that says two things, or
nothing, is unreadable and counted as such.
"""

from __future__ import annotations

from s3eval.answers.text import cleaned, find_json, shortened, without_thinking
from s3eval.answers.yes_no import read_yes_no, split_yes_no

__all__ = [
    "cleaned",
    "find_json",
    "read_yes_no",
    "shortened",
    "split_yes_no",
    "without_thinking",
]
