"""Only what is wrong with a file is told as a fault of the file."""

from __future__ import annotations

import errno
from types import SimpleNamespace

import av
import pytest

from s3eval.errors import S3EvalError
from s3eval.footage import FootageError
from s3eval.footage.media import footage_errors, zero_of


def raised_within(work):
    """What comes of it where a plugin's code reads media."""
    with pytest.raises(BaseException) as caught, footage_errors("v"):
        work()
    return caught.value


def full_disk():
    raise OSError(errno.ENOSPC, "No space left on device")


def interrupted():
    raise KeyboardInterrupt


def refused():
    raise S3EvalError("No consent")


def out_of_memory():
    raise MemoryError


@pytest.mark.parametrize(
    ("work", "kind"),
    [
        (lambda: None + 1, TypeError),
        (lambda: {}["rate"], KeyError),
        (lambda: int("x"), ValueError),
        # A wrong call of the library is no damage of a file either.
        (lambda: av.VideoFrame("wide", 4), TypeError),
        (full_disk, OSError),
        (interrupted, KeyboardInterrupt),
        (refused, S3EvalError),
        (out_of_memory, MemoryError),
    ],
)
def test_what_the_code_around_raises_keeps_its_kind(work, kind):
    assert type(raised_within(work)) is kind


def test_a_full_disk_is_no_fault_of_the_file_that_is_read():
    full = av.error.OSError(errno.ENOSPC, "No space left on device", "out.mp4")
    assert raised_within(lambda: (_ for _ in ()).throw(full)) is full


def test_what_the_library_says_of_data_is_a_fault_of_the_file(tmp_path, film):
    data = film("plain.mp4", 120, options={"bf": "3"}).read_bytes()
    (tmp_path / "cut.mp4").write_bytes(data[: len(data) // 2])
    whole = av.VideoFrame(4, 4, "rgb24")
    for work in (
        lambda: av.open(str(tmp_path / "cut.mp4")),
        lambda: whole.to_ndarray(format="no-such-layout"),
        # The code that reads files goes by the numbers in them.
        lambda: zero_of(SimpleNamespace(start_time="never"), 0.0),
    ):
        error = raised_within(work)
        assert type(error) is FootageError
        assert error.kind == "damaged"
        assert "cannot be decoded" in str(error)
