"""Times as a dataset's tables write them: read as they stand, or refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3eval.dataset.tables import number


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("", None),
        ("0", 0.0),
        ("12.5", 12.5),
        ("7200", 7200.0),
        ("1:05", 65.0),
        ("1:5", 65.0),
        ("1:05.5", 65.5),
        ("90:00", 5400.0),
        ("0:01:05", 65.0),
        ("1:00:00", 3600.0),
    ],
)
def test_what_is_a_time(text, seconds):
    assert number(text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        *("1:99", "1:60", "0:60:00", "1:-5", "-1:05", "-5", "+5", "0:1e2", "1e3", "1_0", "1:0_5"),
        *("1:0.5:3", "1.5:30", "0.5:00:00", "1:2:3:4", ":30", "1:", "1::5", "1:05:", "nan", "inf"),
        *("12,5", "1 05", " 1:05", "1:05 ", "٣", "１:０５", "²", "0x10", ".", "5.", ".5", "1;05"),
        *("9" * 400, "1:05 pm", "5s"),
    ],
)
def test_what_is_a_typing_error(text):
    with pytest.raises(ValueError):
        number(text)


@given(st.text(max_size=12))
def test_any_text_is_a_time_or_a_typing_error(text):
    try:
        seconds = number(text)
    except ValueError:
        return
    assert seconds is None or 0 <= seconds < float("inf")


@given(st.integers(0, 99), st.integers(0, 59), st.integers(0, 59), st.integers(0, 99))
def test_clock_times_are_their_seconds(hours, minutes, seconds, hundredths):
    text = f"{hours}:{minutes:02}:{seconds:02}.{hundredths:02}"
    assert number(text) == pytest.approx(3600 * hours + 60 * minutes + seconds + hundredths / 100)
