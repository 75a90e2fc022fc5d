"""One pass over real files: the right frame at every time, whatever the container does."""

from __future__ import annotations

import gc
import subprocess
import sys
from collections import Counter
from fractions import Fraction

import av
import numpy as np
import pytest

from s3eval.errors import S3EvalError
from s3eval.footage import Clip, Footage, FootageFailure, Sampling, sample_times, whole, windows
from s3eval.footage.backends import pyav
from s3eval.footage.decoding import content_hash, decode, probe
from s3eval.footage.index import index_of

GRID = Sampling(2.0, 60)


def shown_then(clip, times):
    """What a person finds by hand: the last frame that has started at each wanted time."""
    return [max(n for n, t in enumerate(times) if t <= at + 1e-6) for at in sample_times(clip)]


def ticks(count, rate=10):
    return [n / rate for n in range(count)]


def test_every_clip_of_a_pass_gets_the_frames_shown_at_its_times(film, tools):
    path = film("plain.mp4", 120, options={"bf": "3"})
    clips = [
        *windows("v", 12.0, 5.0, 1.0, GRID),
        Clip("v", 3.3, 9.7, Sampling(3.0, 60)),
        whole("v", 12.0, Sampling(None, 7)),
        Clip("v", 0.0, 12.0, Sampling(2.0, 10)),
    ]
    got = {f.clip: f for f in decode(path, clips)}
    assert set(got) == set(clips)
    for clip, footage in got.items():
        expected = shown_then(clip, ticks(120))
        assert tools.numbers_of(footage) == expected
        assert footage.times.tolist() == pytest.approx([n / 10 for n in expected])
        assert footage.duration == pytest.approx(12.0)
        assert footage.frames.dtype == np.uint8


def test_clips_come_ordered_by_end_and_equal_clips_each(film):
    path = film("plain.mp4", 120, options={"bf": "3"})
    clips = [Clip("v", 5, 9, GRID), Clip("v", 0, 4, GRID), Clip("v", 5, 9, GRID)]
    got = [f.clip.end for f in decode(path, clips)]
    assert got == [4, 9, 9]


def test_a_clip_comes_before_the_file_is_read_to_its_end(film, monkeypatch):
    path = film("plain.mp4", 120, options={"bf": "3"})
    read: list[int] = []
    original = pyav.packets

    def counted(*args):
        for packet in original(*args):
            read.append(1)
            yield packet

    monkeypatch.setattr(pyav, "packets", counted)
    clips = windows("v", 12.0, 3.0, 0.0, GRID)
    first = next(decode(path, clips))
    assert first.clip == clips[0]
    assert len(read) < 100, "the first window must not wait for the last packet"


def test_passing_over_and_stopping(film, monkeypatch):
    path = film("plain.mp4", 120, options={"bf": "3"})
    decoded = []
    original = pyav._Pass._decode

    def counted(self, context, packet, place):
        decoded.append(place)
        return original(self, context, packet, place)

    monkeypatch.setattr(pyav._Pass, "_decode", counted)
    [footage] = decode(path, [Clip("v", 6.0, 6.5, GRID)])
    assert isinstance(footage, Footage)
    # Groups of ten: the one with the frame, and the one before it.
    assert min(decoded) >= 50 and max(decoded) < 70


def test_variable_frame_rate_with_a_hole(film, tools):
    times = [*ticks(20), *[5.0 + n * 0.033 for n in range(60)], 9.0, 9.5]
    path = film("hole.mp4", times, rate=30)
    clip = Clip("v", 0.0, 9.5, Sampling(4.0, 60))
    [footage] = decode(path, [clip])
    stored = [round(t * 1000) / 1000 for t in times]
    assert tools.numbers_of(footage) == shown_then(clip, stored)
    assert tools.numbers_of(footage)[12] == 19, "during the hole the frame before it stays"


def test_a_hidden_start_by_edit_list(film, tools):
    times = [n / 10 for n in range(-13, 40)]  # the muxer cuts what lies before zero
    path = film("edited.mp4", times, options={"bf": "2"})
    with av.open(str(path)) as container:
        hidden = [p for p in container.demux(video=0) if p.size and p.is_discard]
    assert hidden, "this file must have an edit list that hides frames"
    [footage] = decode(path, [Clip("v", 0.0, 4.0, GRID)])
    assert tools.numbers_of(footage) == [13, 18, 23, 28, 33, 38, 43, 48]
    assert probe(path).duration == pytest.approx(4.0, abs=0.11)


@pytest.mark.parametrize("name", ["late.ts", "late.mkv", "late.mp4"])
def test_containers_that_start_above_zero(film, tools, name):
    path = film(name, [7.0 + n / 10 for n in range(40)], options={"bf": "2"})
    [footage] = decode(path, [Clip("v", 0.0, 4.0, GRID)])
    assert tools.numbers_of(footage) == [0, 5, 10, 15, 20, 25, 30, 35]
    assert probe(path).duration == pytest.approx(4.0, abs=0.11)


def test_a_picture_that_starts_after_the_sound(film, tools):
    tone = np.zeros(4 * 48_000, np.float32)
    tone[2 * 48_000 : 2 * 48_000 + 480] = 0.9
    path = film("delayed.mp4", [1.0 + n / 10 for n in range(30)], tone=tone)
    [footage] = decode(path, [Clip("v", 0.0, 4.0, GRID)])
    # Before its first frame is due, that one is shown; from then on each in its time.
    assert tools.numbers_of(footage) == [0, 0, 0, 5, 10, 15, 20, 25]
    assert footage.times[0] == pytest.approx(1.0)
    assert np.abs(footage.sound).argmax() / 16_000 == pytest.approx(2.0, abs=0.02)


@pytest.mark.parametrize("name", ["bare.h264", "frames.avi"])
def test_packets_that_do_not_say_when_they_are_shown(film, tools, name):
    container = "h264" if name.endswith("h264") else None
    path = film(name, 60, options={"bf": "3"}, container=container)
    assert index_of(path).packet_of is None
    clip = Clip("v", 1.0, 5.9, GRID)
    [footage] = decode(path, [clip])
    assert tools.numbers_of(footage) == shown_then(clip, ticks(60))


def test_open_groups_of_pictures_after_a_jump(film, tools):
    try:
        path = film(
            "open.mp4",
            100,
            codec="libx265",
            options={"x265-params": "open-gop=1:keyint=10:min-keyint=10:bframes=3:log-level=none"},
        )
    except (ValueError, av.error.FFmpegError):
        pytest.skip("no HEVC encoder in this PyAV")
    index = index_of(path)
    assert any(group > 0 for group in index.groups.leading), "the file must have open groups"
    every = Sampling(10.0, 60)
    clips = [Clip("v", 0.0, 0.5, every), Clip("v", 6.7, 7.6, every), Clip("v", 9.0, 10.0, every)]
    for footage in decode(path, clips):
        assert tools.numbers_of(footage) == shown_then(footage.clip, ticks(100))


def test_a_stream_cut_in_the_middle_of_an_open_group(film, tools, tmp_path):
    try:
        path = film(
            "open.ts",
            60,
            codec="libx265",
            options={"x265-params": "open-gop=1:keyint=10:min-keyint=10:bframes=3:log-level=none"},
        )
    except (ValueError, av.error.FFmpegError):
        pytest.skip("no HEVC encoder in this PyAV")
    cut = tmp_path / "cut.ts"
    with av.open(str(path)) as source, av.open(str(cut), "w") as out:
        stream = source.streams.video[0]
        copy = out.add_stream_from_template(stream)
        keys = 0
        for packet in source.demux(stream):
            keys += bool(packet.size and packet.is_keyframe)
            if keys >= 3 and packet.size:
                packet.stream = copy
                out.mux(packet)
    [footage] = decode(cut, [Clip("v", 0.0, 2.0, GRID)])
    numbers = tools.numbers_of(footage)
    assert numbers == [20, 25, 30, 35], "starts at the first frame that can be decoded"


@pytest.mark.parametrize("care", [pyav.Care(False, True), pyav.Care(True, False), pyav.CAREFUL])
def test_skipping_and_threads_change_no_pixel(film, care):
    path = film("plain.mp4", 120, options={"bf": "3"})
    index = index_of(path)
    wanted = [*range(3, 120, 7)]

    def pixels(with_care):
        return [
            (e.number, e.frame.to_ndarray(format="rgb24").tobytes())
            for e in pyav.read(path, index, wanted, with_care)
            if hasattr(e, "frame")
        ]

    usual = pixels(pyav.Care())
    assert [n for n, _ in usual] == wanted
    assert pixels(care) == usual


def test_the_same_frame_is_resized_once(film, monkeypatch):
    from s3eval.footage import sizes

    path = film("plain.mp4", 120, options={"bf": "3"})
    seen: Counter[tuple[int, tuple[int, int]]] = Counter()
    original = sizes.Scaler.__call__

    def counted(self, frame):
        seen[frame.pts, self.stored] += 1
        return original(self, frame)

    monkeypatch.setattr(sizes.Scaler, "__call__", counted)
    small = Sampling(2.0, 60, 0, 48 * 32)
    clips = [Clip("v", 0, 6, GRID), Clip("v", 2, 8, GRID), Clip("v", 1, 7, small)]
    got = [*decode(path, clips)]
    assert max(seen.values()) == 1
    assert len(seen) == 16 + 12
    a, b = got[0], got[2]
    assert (a.frames[4:] == b.frames[:8]).all() and not np.shares_memory(a.frames, b.frames)


def test_frames_beyond_the_memory_bound_are_the_same(film, monkeypatch):
    from s3eval.footage import shelf

    path = film("plain.mp4", 120, options={"bf": "3"})
    clips = [*windows("v", 12.0, 5.0, 2.0, GRID), whole("v", 12.0, Sampling(None, 9))]
    usual = [f.frames for f in decode(path, clips)]
    spilled = []
    original = shelf._Spilled.__init__
    monkeypatch.setattr(
        shelf._Spilled, "__init__", lambda s, shape: (spilled.append(shape), original(s, shape))[1]
    )
    monkeypatch.setattr(shelf.Shelf, "memory", 0)
    monkeypatch.setattr(shelf.Shelf.__init__, "__defaults__", (0, *_rest_of(shelf.Shelf)))
    for expected, footage in zip(usual, decode(path, clips), strict=True):
        assert (footage.frames == expected).all()
    assert spilled


def _rest_of(cls):
    return cls.__init__.__defaults__[1:]


def test_frames_are_let_go_at_once(film):
    path = film("plain.mp4", 120, options={"bf": "3"})
    gc.collect()
    gc.disable()
    try:
        [*decode(path, [Clip("v", 0, 12, Sampling(10.0, 200))])]
        alive = sum(isinstance(o, av.VideoFrame) for o in gc.get_objects())
    finally:
        gc.enable()
    assert alive <= 2, "decoded frames wait for the garbage collector"


FORKED = """
import multiprocessing, sys
from s3eval.footage import Clip, Sampling
from s3eval.footage.decoding import decode

clip = Clip("v", 0.0, 4.0, Sampling(2.0, 60))

def seen():
    [footage] = decode(sys.argv[1], [clip])
    return footage.frames.tobytes()

here = seen()
with multiprocessing.get_context("fork").Pool(1) as pool:
    there = pool.apply_async(seen).get(timeout=60)
print("equal" if here == there and len(here) else "different")
"""


@pytest.mark.skipif(
    sys.version_info >= (3, 12),
    reason="PyAV 17 to 19 hang in a forked process on Python 3.12 and newer (docs/footage.md)",
)
def test_decoding_in_a_forked_process_after_decoding_here(film):
    # In a process of its own: this one may hold threads of libraries that do not survive a fork.
    path = film("plain.mp4", 120, options={"bf": "3"})
    done = subprocess.run(
        [sys.executable, "-c", FORKED, str(path)],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.stdout.strip() == "equal", done.stderr


def test_leaving_early_is_clean(film):
    path = film("plain.mp4", 120, options={"bf": "3"})
    pass_over = decode(path, windows("v", 12.0, 3.0, 0.0, GRID))
    next(pass_over)
    pass_over.close()


def test_no_clips_open_nothing():
    assert [*decode("nowhere.mp4", [])] == []


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("p.mp4", {}),
        ("p.mkv", {}),
        ("p.ts", {}),
        ("p.avi", {}),
        ("p.mov", {"options": {"bf": "2"}}),
    ],
)
def test_probe(film, name, arguments):
    path = film(name, 60, tone=np.zeros(6 * 48_000), **arguments)
    facts = probe(path)
    assert facts.duration == pytest.approx(6.0, abs=0.11)
    assert (facts.width, facts.height, facts.codec) == (96, 64, "h264")
    assert facts.fps == pytest.approx(10, abs=0.5)
    assert facts.has_sound and facts.rotation == 0
    # Every window planned from the probed duration can be shown.
    for footage in decode(path, windows("v", facts.duration, 2.5, 0.5, Sampling(12.0, 60))):
        assert isinstance(footage, Footage)


def test_content_hash(tmp_path):
    file = tmp_path / "a"
    file.write_bytes(b"abc")
    assert content_hash(file).startswith("ba7816bf8f01cfea")


def test_decord_says_how_to_get_it(film, monkeypatch):
    import importlib.util as util

    path = film("plain.mp4", 120, options={"bf": "3"})
    original = util.find_spec
    monkeypatch.setattr(util, "find_spec", lambda n, *a: None if n == "decord" else original(n, *a))
    with pytest.raises(S3EvalError, match="s3eval-core\\[decord\\]"):
        [*decode(path, [Clip("v", 0, 4, GRID)], backend="decord")]
    with pytest.raises(S3EvalError, match="did you mean 'pyav'"):
        [*decode(path, [Clip("v", 0, 4, GRID)], backend="piav")]


def test_decord_shows_the_same_frames(film, tools):
    pytest.importorskip("decord")
    path = film("hole.mp4", [*ticks(20), *[5.0 + n * 0.033 for n in range(60)], 9.0, 9.5], rate=30)
    clips = [Clip("v", 0.0, 9.5, Sampling(4.0, 60)), Clip("v", 1.0, 6.0, GRID)]
    for a, b in zip(decode(path, clips), decode(path, clips, backend="decord"), strict=True):
        assert tools.numbers_of(a) == tools.numbers_of(b)
        assert (a.times == b.times).all()
        assert np.abs(a.frames.astype(int) - b.frames).max() <= 2


def test_decord_refuses_what_it_miscounts(film):
    pytest.importorskip("decord")
    late = film("late.ts", [7.0 + n / 10 for n in range(40)], options={"bf": "2"})
    with pytest.raises(S3EvalError, match="transport streams"):
        [*decode(late, [Clip("v", 0, 2, GRID)], backend="decord")]


def test_a_failure_is_small_and_says_why(film):
    path = film("plain.mp4", 120, options={"bf": "3"})
    got = [*decode(path, [Clip("v", 0, 4, GRID), Clip("v", 0, 14, GRID)])]
    assert isinstance(got[0], Footage) and isinstance(got[1], FootageFailure)
    assert "12.00 s" in got[1].reason and str(path.parent) not in got[1].reason


def test_aspect_is_a_fraction_too(film):
    path = film("wide.mp4", 20, aspect=Fraction(4, 3))
    assert (probe(path).width, probe(path).height) == (128, 64)
