"""Sets of answers as models write them, with what they say: none may be misread.

``ordinary_answers.jsonl`` was written before the readers were changed to its standard,
``further_answers.jsonl`` after it and before they were run on it (docs/reading.md has the figures
of the first try). ``edge_answers.jsonl`` was written to be misread: choices with shares, crossed
out, in JSON, in full width, taken back, left open. ``later_answers.jsonl`` is by another author:
thoughts in more marks, headings, tables, limbs at rest, lengths, errors. ``value`` is null where
an answer says nothing
that was asked.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from s3eval.answers import (
    read_body_part,
    read_diagnosis,
    read_report,
    read_sequence,
    read_side,
    read_time,
    read_yes_no,
)

HERE = Path(__file__).parent
SETS = ("ordinary_answers", "further_answers", "edge_answers", "later_answers")
#: Of the answers that say something, how many may be unreadable by mistake.
UNREADABLE = 0.01
READERS = {
    "yes_no": read_yes_no,
    "yes_no_na": lambda text: read_yes_no(text, na=True),
    "side": read_side,
    "body_part": read_body_part,
    "time": read_time,
    "sequence": read_sequence,
    "diagnosis": read_diagnosis,
    "report": read_report,
}


def rows(name: str) -> list[dict]:
    lines = (HERE / f"{name}.jsonl").read_text(encoding="utf-8").split("\n")
    return [json.loads(line) for line in lines if line]


@pytest.mark.parametrize("name", SETS)
def test_the_set_is_what_it_claims_to_be(name):
    known = rows(name)
    assert len({(row["reader"], row["text"]) for row in known}) == len(known) > 400
    assert sum(row["value"] is None for row in known) > 100
    assert {row["reader"] for row in known} <= {*READERS}


@pytest.mark.parametrize("name", SETS)
def test_no_answer_is_read_as_what_it_does_not_say(name):
    misread = [
        (row["reader"], row["text"], found.value)
        for row in rows(name)
        if (found := READERS[row["reader"]](row["text"])).readable and found.value != row["value"]
    ]
    assert misread == []


@pytest.mark.parametrize("name", SETS)
def test_what_is_said_is_read(name):
    said = [row for row in rows(name) if row["value"] is not None]
    lost = [row for row in said if not READERS[row["reader"]](row["text"]).readable]
    assert len(lost) <= UNREADABLE * len(said), lost
