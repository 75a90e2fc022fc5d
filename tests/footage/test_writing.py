"""Clips written as files and read again by the decoder."""

from __future__ import annotations

import io
import wave
from fractions import Fraction

import numpy as np
import pytest

from s3eval import Clip, Footage, Sampling
from s3eval.footage.decoding import decode, probe
from s3eval.footage.writing import frame_rate, mp4_of, wav_of

RATE = 16_000


@pytest.fixture
def frames():
    """Eight grey frames, each brighter than the one before; the sides are odd."""
    levels = np.arange(8, dtype=np.uint8) * 30
    return np.broadcast_to(levels[:, None, None, None], (8, 65, 97, 3))


def tone(seconds: float):
    return np.sin(np.arange(round(seconds * RATE)) * 0.2).astype(np.float32) * 0.5


def test_frames_and_sound_are_read_as_they_were_written(frames, tmp_path):
    file = tmp_path / "v.mp4"
    file.write_bytes(mp4_of(frames, Fraction(2), tone(4.0)))
    clip = Clip("v", 0.0, 4.0, Sampling(2.0, 8))
    (read,) = decode(file, [clip])
    assert isinstance(read, Footage)
    assert read.frames.shape == (8, 64, 96, 3)
    assert read.times == pytest.approx(np.arange(8) / 2)
    assert read.frames.mean(axis=(1, 2, 3)) == pytest.approx(np.arange(8) * 30, abs=3)
    assert read.sound is not None
    middle = slice(RATE, 3 * RATE)
    assert np.abs(read.sound[middle] - tone(4.0)[middle]).max() < 0.05


@pytest.mark.parametrize("sound", [None, np.zeros(0, np.float32)])
def test_without_samples_there_is_no_sound_track(frames, tmp_path, sound):
    file = tmp_path / "v.mp4"
    file.write_bytes(mp4_of(frames, Fraction(2), sound))
    assert not probe(file).has_sound


def test_the_same_frames_give_the_same_file(frames):
    assert mp4_of(frames, Fraction(2), tone(4.0)) == mp4_of(frames, Fraction(2), tone(4.0))


def test_samples_beyond_full_scale_are_clipped():
    with wave.open(io.BytesIO(wav_of(np.array([-3.0, -1.0, 0.0, 0.5, 3.0], np.float32)))) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, RATE)
        samples = np.frombuffer(file.readframes(5), "<i2")
    assert samples.tolist() == [-32767, -32767, 0, 16383, 32767]


@pytest.mark.parametrize(("count", "rate"), [(8, Fraction(2)), (1, Fraction(1, 4)), (0, 1)])
def test_a_file_has_the_rate_of_the_clip(count, rate):
    clip = Clip("v", 0.0, 4.0, Sampling())
    frames = np.zeros((count, 2, 2, 3), np.uint8)
    assert frame_rate(Footage(clip, frames, np.arange(count) / 2, None, 4.0)) == rate
