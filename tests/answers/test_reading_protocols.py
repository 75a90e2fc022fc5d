"""What only the published rule reads, and why an answer is not read."""

from __future__ import annotations

import pytest

from s3eval.answers import (
    read_body_part,
    read_diagnosis,
    read_sequence,
    read_side,
    read_time,
    read_yes_no,
)


@pytest.mark.parametrize(
    ("text", "release"),
    [
        ("Not the left arm but the right one", "right"),
        ("From the camera it is left, so the patient's right.", "right"),
        ("The head does not turn left.", "left"),
        ("left or right", "right"),
        ("Both, the left more than the right.", "right"),
    ],
)
def test_sides_that_only_the_published_rule_reads(text, release):
    assert read_side(text, protocol="release").value == release
    found = read_side(text)
    assert found.value is None
    assert found.reason


@pytest.mark.parametrize(
    ("text", "release"),
    [
        ("not ES", "ES"),
        ("ES is ruled out.", "ES"),
        ("ES or NES", "NES"),
        ("Could be NES, more likely ES", "NES"),
        ('{"description": "resembles ES", "answer": "unclear"}', "ES"),
    ],
)
def test_diagnoses_that_only_the_published_rule_reads(text, release):
    assert read_diagnosis(text, protocol="release").value == release
    found = read_diagnosis(text)
    assert found.value is None
    assert found.reason


@pytest.mark.parametrize(
    ("text", "release", "paper"),
    [
        (
            "tonic (0:05), right arm flexion",
            ["tonic_(0:05)", "right_arm_flexion"],
            ["tonic", "arm_flexion"],
        ),
        ("tonic, no clonic", ["tonic", "no_clonic"], ["tonic"]),
        ("tonic, sits up", ["tonic", "sits_up"], ["tonic", "sits_up"]),
        ("Step 2: head turning", ["head_turning"], ["head_turning"]),
    ],
)
def test_sequences_by_protocol(text, release, paper):
    found = read_sequence(text, protocol="release")
    assert found.value == (
        release if any(t in ("tonic", "head_turning") for t in release) else None
    )
    assert read_sequence(text).value == paper


def test_a_stated_answer_stands_whatever_was_weighed_before_it():
    assert read_side("The left one rests. Answer: right").value == "right"
    assert read_diagnosis("NES, not ES").value == "NES"
    assert read_diagnosis("ES. This argues for NES.").value is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("-0:05", "no time of day or film"),
        ("12:30 PM", "no time of day or film"),
        ("between 3 and 5 s", "a range"),
        ("5 seconds after 00:10", "a range"),
        ("It does not show at 00:31.", "denies"),
        ("1 minute 75 seconds", "no time that is certain"),
        ("1,200 s", "no time that is certain"),
        ('{"start": "00:10", "end": "00:20"}', "2 different"),
        ("00:31 in the first clip, 00:42 in the second", "2 different"),
    ],
)
def test_why_a_time_is_not_read(text, says):
    found = read_time(text)
    assert not found.readable
    assert says in found.reason


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Yes or no", "offers both"),
        ("No. Yes.", "says both"),
        ("No - wait, yes.", "says both"),
        ("No video was provided.", "nothing was seen"),
        ("No idea.", "neither"),
        ("No, I cannot tell.", "cannot be told"),
        ('{"answer": "yes"} {"answer": "no"}', "says both"),
        ('{"answer": "unknown"}', "neither"),
    ],
)
def test_why_a_yes_or_no_is_not_read(text, says):
    found = read_yes_no(text)
    assert not found.readable
    assert says in found.reason


@pytest.mark.parametrize(
    ("read", "texts"),
    [
        (
            read_yes_no,
            "No, but yes.|Yes (or no)|Yes. I mean no.|Yes-no|'yes' 'no'|[yes, no]|yes no yes no|"
            "No, hard to say.|No. The video does not provide enough information to judge.|"
            "No input.|No visibility|No analysis is possible.|No face is visible.|"
            "No, I cannot determine that|No No Yes|Yes?|No. 3|Answer: Yes or maybe no|"
            "Yes. On reflection, no.",
        ),
        (
            read_side,
            "Left?|left is wrong|The right arm is not moving.|viewer's left|the opposite of left|"
            "Left. The head turns to the right.|No left|more left than right",
        ),
        (
            read_diagnosis,
            "ES: no|Is it ES? No.|ES unlikely|non ES|ES-like|mimics ES|I doubt it is ES|"
            "less likely ES|epileptic vs non-epileptic|ES 80%, NES 20%|negative for ES",
        ),
        (read_body_part, "Head or neck|head?|The face is not involved.|arms or hands|left arm: no"),
        (
            read_time,
            "1 s 500 ms|1 minute 5|five or six seconds|first 5 seconds|5 seconds before the end|"
            "00:10 plus 5 seconds|5±1 s|> 00:31|after 00:31|by 00:31|2023-01-01 00:31|00:31 UTC|"
            "half a minute|a minute or two|00:31/01:00|5s to 10s",
        ),
        (
            read_sequence,
            "tonic or clonic|clonic was preceded by tonic|before clonic, tonic|tonic? clonic?|"
            "none, except tonic|nothing but tonic|tonic absent|tonic: no",
        ),
    ],
)
def test_nothing_is_read_out_of_what_is_left_open_or_taken_back(read, texts):
    readings = {text: read(text).value for text in texts.split("|")}
    assert {text: value for text, value in readings.items() if value is not None} == {}
