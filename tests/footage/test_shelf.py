"""Choosing frames and keeping each once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3eval.errors import S3EvalError
from s3eval.footage import Clip, FootageFailure, Sampling
from s3eval.footage.selection import Choice, choose
from s3eval.footage.shelf import Shelf

SIZE = (4, 2)


def choice(*numbers):
    return Choice(Clip("v", 0.0, 1.0, Sampling()), numbers)


def picture(number):
    return np.full((2, 4, 3), number % 256, np.uint8)


@given(
    st.lists(st.lists(st.integers(0, 20), min_size=1, max_size=8).map(sorted), max_size=6),
    st.sampled_from([0, 60, 10**9]),
)
def test_every_clip_gets_its_frames_whatever_is_shared(wanted, memory):
    shelf = Shelf([choice(*w) for w in wanted], [SIZE] * len(wanted), memory)
    assert shelf.wanted() == sorted({n for w in wanted for n in w})
    for number in shelf.wanted():
        for size in shelf.sizes_of(number):
            shelf.put(number, size, picture(number))
    for index, numbers in enumerate(wanted):
        frames = shelf.take(index)
        assert [int(f[0, 0, 0]) for f in frames] == numbers
    assert not shelf._home and not shelf._rows, "everything taken, nothing kept"
    shelf.close()


def test_a_frame_nobody_waits_for_is_not_stored():
    shelf = Shelf([choice(1, 2), choice(2, 3)], [SIZE] * 2)
    shelf.put(7, SIZE, picture(7))
    assert not shelf._rows
    shelf.drop(0)
    assert shelf.sizes_of(1) == [] and shelf.sizes_of(2) == [SIZE]


def test_no_room_for_temporary_frames_is_one_clear_error(monkeypatch):
    import tempfile

    def full(**_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    shelf = Shelf([choice(1)], [SIZE], 0)
    with pytest.raises(S3EvalError, match="TMPDIR") as caught:
        shelf.put(1, SIZE, picture(1))
    assert "No space left" in str(caught.value)


@given(
    st.lists(st.floats(0.01, 2.0), min_size=1, max_size=60),
    st.floats(0, 20),
    st.floats(0.2, 20),
    st.sampled_from([None, 0.5, 2.0, 12.0]),
)
def test_choice_is_the_frame_on_screen(steps, start, length, fps):
    times = np.cumsum([0.0, *steps])
    end = float(times[-1]) + 0.04
    clip = Clip("v", start, start + length, Sampling(fps, 40))
    found = choose(clip, times, end)
    from s3eval.footage import sample_times

    wanted = sample_times(clip)
    if isinstance(found, FootageFailure):
        assert wanted[-1] >= end and f"{end:.2f}" in found.reason
        return
    assert wanted[-1] < end + 0.1
    for at, number in zip(wanted, found.numbers, strict=True):
        assert times[number] <= at + 1e-5 or number == 0
        assert number + 1 == len(times) or times[number + 1] > at
