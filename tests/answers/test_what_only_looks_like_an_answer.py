"""Times that bound or measure something, first thoughts, other orders, headings without a text."""

from __future__ import annotations

import pytest

from s3eval.answers import (
    read_diagnosis,
    read_report,
    read_sequence,
    read_side,
    read_time,
    read_yes_no,
)


@pytest.mark.parametrize(
    "text",
    [
        "00:31 at the latest",
        "at most 00:31",
        "max 00:31",
        "as late as 00:31",
        "00:31 or later",
        "00:31+",
        "within the first 00:10",
        "The video is 00:31 long.",
        "Video length: 00:31",
        "total duration 00:31",
        "The clip lasts 00:31",
        "The video ends at 00:31 without an onset",
        "I watched 00:31 of video",
        "not visible; the video runs from 00:00",
        "nothing happens at 00:31",
        "absent at 00:31",
        "00:31 (no event)",
        "clock on wall 10:15",
        "recorded at 14:05:33",
        "T-00:31",
        "(00:10,00:15)",
        '{"present": false, "timestamp": "00:00"}',
        '{"timestamp": "00:00", "visible": "no"}',
    ],
)
def test_a_bound_a_length_or_a_time_of_nothing_is_no_time(text):
    assert read_time(text).value is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("The seizure starts at 00:31 in the video.", 31.0),
        ("The clip starts with the patient asleep; onset 00:05", 5.0),
        ('{"present": true, "timestamp": "00:05"}', 5.0),
        ("T+00:31", 31.0),
    ],
)
def test_times_beside_such_words_are_read(text, value):
    assert read_time(text).value == value


@pytest.mark.parametrize(
    "text",
    ["Yes was my first thought, but No.", "I cannot answer yes", "Yes, I can see the video."],
)
def test_a_yes_that_answers_nothing(text):
    assert read_yes_no(text).value is None


def test_a_yes_that_says_what_is_seen():
    assert read_yes_no("Yes, I can see the arm jerk.").value == "yes"


@pytest.mark.parametrize(
    "text", ["inconsistent with ES", "It's an epileptic seizure mimic.", "P(ES)=0.1"]
)
def test_a_diagnosis_that_is_only_named(text):
    assert read_diagnosis(text).value is None
    assert read_diagnosis("consistent with ES").value == "ES"


def test_the_other_side_is_not_the_side():
    assert read_side("contralateral to the left").value is None


@pytest.mark.parametrize(
    "text",
    [
        "finally tonic, initially clonic",
        "tonic (last), clonic (first)",
        "b) clonic a) tonic",
        "[2] tonic [1] clonic",
    ],
)
def test_an_order_told_backwards_in_a_line(text):
    assert read_sequence(text).value is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("initially clonic, finally tonic", ["clonic", "tonic"]),
        ("a) tonic b) clonic", ["tonic", "clonic"]),
        ("- [x] tonic\n- [ ] clonic", ["tonic"]),
    ],
)
def test_an_order_told_forwards_and_boxes_that_are_ticked(text, value):
    assert read_sequence(text).value == value


@pytest.mark.parametrize(
    "text",
    ["-", "...", "{}", "```", "Report:", "TODO", "undefined", "No report", "Sorry.", "***" * 9],
)
def test_a_heading_or_marks_alone_are_no_report(text):
    assert read_report(text).value is None
    assert read_report("Response to voice is absent.").value
