"""Sizes as displayed, and sound in step."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3eval.footage import Clip, Sampling
from s3eval.footage.decoding import decode, probe
from s3eval.footage.sizes import Orientation, Scaler, target_size

GRID = Sampling(2.0, 60)
CLIP = Clip("v", 0.0, 2.0, GRID)

TURNS = {  # display matrix (a, b, c, d), what is done to the stored image, clockwise degrees
    "none": ((1, 0, 0, 1), lambda a: a, 0),
    "clockwise": ((0, 1, -1, 0), lambda a: np.rot90(a, -1), 90),
    "over": ((-1, 0, 0, -1), lambda a: np.rot90(a, 2), 180),
    "anticlockwise": ((0, -1, 1, 0), lambda a: np.rot90(a, 1), 270),
    "mirrored": ((-1, 0, 0, 1), lambda a: a[:, ::-1], 0),
    "transposed": ((0, 1, 1, 0), lambda a: a.swapaxes(0, 1), 90),
}


@pytest.mark.parametrize("how", TURNS)
def test_pictures_are_upright(tmp_path, tools, how):
    matrix, turned, degrees = TURNS[how]
    path = tools.make_film(tmp_path / "turned.mp4", 20)
    [plain] = decode(path, [CLIP])
    tools.turn(path, matrix)
    [footage] = decode(path, [CLIP])
    assert (footage.frames == np.stack([turned(f) for f in plain.frames])).all()
    facts = probe(path)
    assert (facts.height, facts.width) == footage.frames.shape[1:3]
    if how != "transposed":
        assert facts.rotation == degrees


def test_a_mirrored_recording_is_not_taken_for_a_turned_one():
    assert Orientation.of_matrix((-65536, 0, 0, 0, 65536, 0, 0, 0, 0)) == Orientation(flip_x=True)


@pytest.mark.parametrize("aspect", [Fraction(4, 3), Fraction(8, 9), Fraction(16, 15)])
def test_pixels_are_made_square(tmp_path, tools, aspect):
    path = tools.make_film(tmp_path / "aspect.mp4", 20, aspect=aspect)
    [footage] = decode(path, [CLIP])
    width = footage.frames.shape[2]
    assert width == pytest.approx(96 * aspect, abs=2) and width % 2 == 0
    assert footage.frames.shape[1] == 64
    assert tools.numbers_of(footage) == [0, 5, 10, 15]


def test_the_pixel_budget_holds_both_ways(film, tools):
    path = film("plain.mp4", 120, options={"bf": "3"})
    small, large = Sampling(2.0, 60, 0, 50 * 34), Sampling(2.0, 60, 200_000, 300_000)
    a, b = decode(path, [Clip("v", 0, 2, small), Clip("v", 0, 2, large)])
    assert a.frames.shape[1] * a.frames.shape[2] <= 50 * 34
    assert 200_000 <= b.frames.shape[1] * b.frames.shape[2] <= 300_000
    assert tools.numbers_of(a) == tools.numbers_of(b) == [0, 5, 10, 15]


@given(
    st.integers(16, 4096),
    st.integers(16, 4096),
    st.integers(0, 500_000),
    st.integers(300, 2_000_000),
)
def test_target_size(width, height, low, high):
    sampling = Sampling(2.0, 60, min(low, high), high)
    wide, tall = target_size(width, height, sampling)
    assert wide % 2 == tall % 2 == 0 and wide > 0 and tall > 0
    assert wide * tall <= max(high, 4)
    if wide > 40 and tall > 40:  # even sides cannot keep the aspect of tiny pictures
        assert wide / tall == pytest.approx(width / height, rel=0.1)
    if sampling.min_pixels <= width * height <= high:
        assert abs(wide - width) <= 1 and abs(tall - height) <= 1


@pytest.mark.parametrize("size", [(240, 160), (146, 98), (96, 64), (720, 480)])
def test_resizing_is_the_antialiased_bicubic_of_the_models(size):
    import av
    from PIL import Image

    rng = np.random.default_rng(0)
    rough = Image.fromarray(rng.integers(0, 256, (40, 60, 3), np.uint8))
    image = np.asarray(rough.resize((480, 320), Image.Resampling.BILINEAR)).copy()
    image[100:200, 100:300] = 250  # hard edges show a wrong kernel
    image[:, 310:314] = 5
    frame = av.VideoFrame.from_ndarray(image, format="rgb24")
    ours = Scaler(size)(frame).astype(float)
    theirs = np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BICUBIC))
    error = np.mean((ours - theirs) ** 2)
    assert 10 * np.log10(255**2 / error) > 52


def beep(seconds: float, at: float, length: float = 0.2) -> np.ndarray:
    tone = np.zeros(round(seconds * 48_000), np.float32)
    where = slice(round(at * 48_000), round((at + length) * 48_000))
    tone[where] = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(where.stop - where.start) / 48_000)
    return tone


def heard_from(footage) -> float:
    """When, in seconds of the clip, sound is first heard."""
    return float(np.argmax(np.abs(footage.sound) > 0.1)) / footage.sound_rate


@pytest.mark.parametrize("name", ["beep.mp4", "beep.mkv", "beep.ts"])
def test_sound_is_in_step_in_every_clip(film, name):
    path = film(name, 60, tone=beep(6.0, 3.5))
    for footage in decode(path, [Clip("v", 0, 6, GRID), Clip("v", 3, 5, GRID)]):
        length = footage.clip.end - footage.clip.start
        assert footage.sound.shape == (length * 16_000,) and footage.sound.dtype == np.float32
        assert heard_from(footage) == pytest.approx(3.5 - footage.clip.start, abs=0.03)
        assert 0.4 < np.abs(footage.sound).max() <= 0.6
    [tone] = decode(path, [Clip("v", 3.5, 3.7, Sampling(10.0))])
    spectrum = np.abs(np.fft.rfft(tone.sound))
    assert np.fft.rfftfreq(len(tone.sound), 1 / 16_000)[spectrum.argmax()] == pytest.approx(1000, 5)


def test_sound_that_starts_late_keeps_its_time(tmp_path, tools):
    path = tools.make_film(tmp_path / "a.mkv", 60, tone=beep(2.0, 0.5), tone_start=3.0)
    [footage] = decode(path, [Clip("v", 0, 6, GRID)])
    assert heard_from(footage) == pytest.approx(3.5, abs=0.03)


def test_no_sound_is_none_and_unheard_is_none(film):
    [footage] = decode(film("plain.mp4", 120, options={"bf": "3"}), [CLIP])
    assert footage.sound is None
    [footage] = decode(film("beep.mp4", 60, tone=beep(6.0, 3.5)), [CLIP], sound=False)
    assert footage.sound is None


@pytest.mark.parametrize("seconds", [0.001, 0.7])
def test_short_sound_is_padded_with_silence(tmp_path, tools, seconds):
    tone = 0.5 * np.ones(max(1, round(seconds * 48_000)), np.float32)
    tone[1::2] *= -1
    path = tools.make_film(tmp_path / "short.mkv", 40, tone=tone)
    first, last = decode(path, [Clip("v", 0, 2, GRID), Clip("v", 2, 4, GRID)])
    assert first.sound.shape == last.sound.shape == (32_000,)
    assert not last.sound.any()
    assert not first.sound[round((seconds + 0.1) * 16_000) :].any()


def test_a_hole_in_the_sound_is_silence_and_what_follows_is_in_step(tmp_path, tools):
    import av

    path = tools.make_film(tmp_path / "whole.mkv", 60, tone=beep(6.0, 4.0))
    holed = tmp_path / "holed.mkv"
    with av.open(str(path)) as source, av.open(str(holed), "w") as out:
        copies = {s.index: out.add_stream_from_template(s) for s in source.streams}
        for packet in source.demux():
            time = float(packet.pts * packet.time_base) if packet.size else None
            if time is None or (packet.stream.type == "audio" and 1.0 <= time < 3.0):
                continue
            packet.stream = copies[packet.stream.index]
            out.mux(packet)
    [footage] = decode(holed, [Clip("v", 0, 6, GRID)])
    assert heard_from(footage) == pytest.approx(4.0, abs=0.03)
