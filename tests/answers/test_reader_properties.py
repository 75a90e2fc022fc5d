"""What holds for any text at all."""

from __future__ import annotations

import json
import time
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3eval.answers import (
    cleaned,
    find_json,
    parse_clock,
    read_body_part,
    read_diagnosis,
    read_sequence,
    read_side,
    read_time,
    read_yes_no,
    shortened,
    split_sequence,
    split_yes_no,
    without_thinking,
)
from s3eval.vocabulary import BODY_PARTS, FEATURE_NAMES, FEATURES

READERS = {
    "yes_no": (read_yes_no, lambda v: v in ("yes", "no")),
    "yes_no_na": (lambda t: read_yes_no(t, na=True), lambda v: v in ("yes", "no", "na")),
    "side": (read_side, lambda v: v in ("left", "right")),
    "diagnosis": (read_diagnosis, lambda v: v in ("ES", "NES")),
    "time": (read_time, lambda v: v >= 0),
    "sequence": (read_sequence, lambda v: all(isinstance(t, str) and t for t in v)),
    "body_part": (read_body_part, lambda v: v in BODY_PARTS),
    "published_side": (partial(read_side, protocol="release"), lambda v: v in ("left", "right")),
    "published_diagnosis": (
        partial(read_diagnosis, protocol="release"),
        lambda v: v in ("ES", "NES"),
    ),
    "published_sequence": (
        partial(read_sequence, protocol="release"),
        lambda v: all(isinstance(t, str) and t for t in v),
    ),
}
PLAIN = st.text(alphabet=st.characters(codec="utf-8"), max_size=200)
PARTS = (
    'yes no left right ES NES 00:12 tonic head answer is { } " : , ``` NA the . <think> </think> '
    "not or and 1m 5s - \\\\boxed{ [THINK] <|channel|>final user video provided cannot ' ( ) A) ?"
)
WORDS = st.lists(st.sampled_from([*PARTS.split(), "\n"]), max_size=14).map(" ".join)


@pytest.mark.parametrize("name", READERS)
@given(text=st.one_of(PLAIN, WORDS))
def test_a_reading_is_a_value_or_a_reason(name, text):
    read, valid = READERS[name]
    found = read(text)
    assert found.readable or found.reason
    if found.readable:
        assert valid(found.value)


@pytest.mark.parametrize("name", READERS)
@given(text=st.one_of(PLAIN, WORDS))
def test_thinking_changes_nothing(name, text):
    """An answer reads the same with a block of thought before it, whatever was thought."""
    # Other thoughts, turns and channels end or begin where they stand.
    if any(mark in text for mark in ("<", "[THINK]", "&lt;", "user", "thought", "analysis")):
        return
    read, _ = READERS[name]
    thought = "<think>yes no left right ES NES 00:59 tonic head</think>\n" + text
    assert read(thought).value == read(text).value


@pytest.mark.parametrize("name", READERS)
@given(text=PLAIN)
def test_white_space_around_changes_nothing(name, text):
    read, _ = READERS[name]
    assert read(f"\n  {text}\t\n").value == read(text).value


@given(st.text(max_size=80), st.sampled_from(["yes", "no"]))
def test_a_json_answer_is_the_answer(justification, label):
    text = json.dumps({"answer": label, "justification": justification})
    found, why = split_yes_no(f"Here you are:\n```json\n{text}\n```")
    if not any(mark in justification.lower() for mark in ("<", "```")):
        assert found.value == label
        assert why == justification.strip()


@given(st.integers(0, 59), st.integers(0, 59), st.integers(0, 9))
def test_clock_times_round_trip(seconds, minutes, hours):
    assert parse_clock(f"{minutes:02}:{seconds:02}") == minutes * 60 + seconds
    total = hours * 3600 + minutes * 60 + seconds
    assert read_time(f"at {hours}:{minutes:02}:{seconds:02}.").value == total


@given(st.lists(st.sampled_from(FEATURES), min_size=1, max_size=12))
def test_lists_of_labels_round_trip(features):
    names = [f.name for f in features]
    assert read_sequence(", ".join(f.label for f in features)).value == names
    assert (
        read_sequence("\n".join(f"{i}. {f.label}" for i, f in enumerate(features, 1))).value
        == names
    )
    assert split_sequence(",".join(names) + ".") == names


@given(PLAIN)
def test_splitting_keeps_no_separators(text):
    for token in split_sequence(text):
        assert token == token.strip()
        assert not any(c in token for c in ",， \n\t")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda v: st.lists(v, max_size=3) | st.dictionaries(st.text(max_size=5), v, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=5), JSON, max_size=3))
def test_json_is_found_in_prose(value):
    assert find_json(f"Sure: {json.dumps(value)} and that is all") == value


def test_every_feature_name_reads_as_itself():
    for name in FEATURE_NAMES:
        assert read_sequence(name).value == [name]


def test_only_what_follows_the_thought_counts():
    assert without_thinking("a<think>b</think>c").replace(" ", "") == "ac"
    assert cleaned("<think>b") == ""
    assert shortened("x" * 100, 10) == "x" * 9 + "…"


@pytest.mark.parametrize("mark", ["*", "{", "[", "(", " ", "\n", ".", ",", "-", ":", '"', "x", "_"])
@pytest.mark.parametrize("name", READERS)
def test_endless_repetition_is_read_in_the_end(name, mark):
    """Models fall into loops; a reader quadratic in a mark would stand still here for minutes."""
    read, _ = READERS[name]
    assert not read(mark * 30_000).readable


@pytest.mark.parametrize("words", ["the answer ", "non-", "00:", "answer is ", "so the final "])
@pytest.mark.parametrize("name", READERS)
def test_endless_phrases_are_read_in_the_end(name, words):
    read, _ = READERS[name]
    found = read(words * 5_000)
    assert found.readable or found.reason


#: What 5 MB of an answer may take to read, in seconds; a quadratic pattern takes hours.
SECONDS = 10
ENDLESS = [
    "1",
    " ",
    "\n",
    "[{",
    '{"',
    "no ",
    "no usable video ",
    "left not right ",
    "ES NES ",
    "00:",
    "5 s ",
    "tonic, ",
    "<think>",
    "</think>a",
    "<answer>",
    "\\boxed{",
    "user\n",
    "I cannot see the ",
    "the answer is ",
]


@pytest.mark.slow
@pytest.mark.parametrize("part", ENDLESS)
def test_five_megabytes_of_anything_are_read_in_seconds(part):
    text = "a " + part * (5_000_000 // len(part)) + " b"
    for read, _ in READERS.values():
        start = time.process_time()
        found = read(text)
        assert time.process_time() - start < SECONDS
        assert found.readable or found.reason
