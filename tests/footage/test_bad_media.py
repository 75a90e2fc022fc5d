"""What people and attackers have as video files: right frames, or one typed failure, soon."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.stream import Disposition

from s3eval.footage import Clip, FootageError, Sampling, windows
from s3eval.footage.decoding import decode, probe
from s3eval.footage.media import open_media, packets, picture_stream

GRID = Sampling(2.0, 60)
CLIP = Clip("v", 0.0, 2.0, GRID)


def tone(seconds: float, level: float = 0.5) -> np.ndarray:
    return (level * np.sin(np.arange(round(seconds * 48_000)) / 20)).astype(np.float32)


def add_sound(out, stream, samples: np.ndarray) -> None:
    frame = av.AudioFrame.from_ndarray(samples[None], format="fltp", layout="mono")
    frame.rate, frame.pts = 48_000, 0
    for packet in [*stream.encode(frame), *stream.encode(None)]:
        out.mux(packet)


def with_cover(path: Path, sound: bool, codec: str = "aac") -> Path:
    """A file with a cover picture, and sound or nothing."""
    form = "mp4" if path.suffix == ".m4a" else None
    with av.open(str(path), "w", format=form) as out:
        track = out.add_stream(codec, rate=48_000, layout="mono") if sound else None
        cover = out.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 64, 64, "yuvj420p"
        cover.disposition = Disposition.attached_pic
        picture = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 200, np.uint8), format="rgb24")
        picture = picture.reformat(format="yuvj420p")
        picture.pts = 0
        for packet in [*cover.encode(picture), *cover.encode(None)]:
            out.mux(packet)
        if track is not None:
            add_sound(out, track, tone(3.0))
    return path


@pytest.mark.parametrize("name", ["a.m4a", "a.mp3"])
def test_a_cover_picture_is_no_frame(tmp_path, name):
    path = with_cover(tmp_path / name, True, "mp3" if name.endswith("mp3") else "aac")
    with av.open(str(path)) as container:
        assert container.streams.video, "the file must have its cover"
    facts = probe(path)
    assert facts.has_sound and not facts.has_pictures
    [footage] = decode(path, [CLIP])
    assert len(footage.frames) == 0 and np.abs(footage.sound).max() > 0.3


def test_a_cover_picture_alone_is_nothing_to_show(tmp_path):
    path = with_cover(tmp_path / "a.mp4", False)
    for way in (lambda: probe(path, name="v"), lambda: [*decode(path, [CLIP])]):
        with pytest.raises(FootageError, match="neither pictures nor sound") as caught:
            way()
        assert caught.value.kind == "nothing-to-show"


def test_a_cover_beside_the_pictures_is_passed_over(film, tools, tmp_path):
    source = film("plain.mp4", 120, options={"bf": "3"})
    path = tmp_path / "a.mp4"
    with av.open(str(source)) as given, av.open(str(path), "w") as out:
        cover = out.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 64, 64, "yuvj420p"
        cover.disposition = Disposition.attached_pic
        copy = out.add_stream_from_template(given.streams.video[0])
        picture = av.VideoFrame(64, 64, "yuvj420p")
        picture.pts = 0
        for packet in [*cover.encode(picture), *cover.encode(None)]:
            out.mux(packet)
        for packet in given.demux(video=0):
            if packet.size:
                packet.stream = copy
                out.mux(packet)
    with av.open(str(path)) as container:
        marked = [Disposition.attached_pic in s.disposition for s in container.streams.video]
    assert sorted(marked) == [False, True]
    assert (probe(path).width, probe(path).height) == (96, 64)
    [footage] = decode(path, [CLIP])
    assert tools.numbers_of(footage) == [0, 5, 10, 15]


@pytest.mark.parametrize(("default", "loud"), [(0, False), (1, True), (None, False)])
def test_the_default_sound_track_is_heard(tmp_path, default, loud):
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as out:
        tracks = [out.add_stream("aac", rate=48_000, layout="mono") for _ in range(2)]
        for number, track in enumerate(tracks):
            track.disposition = Disposition.default if number == default else Disposition(0)
        add_sound(out, tracks[0], tone(2.0, 0.0))
        add_sound(out, tracks[1], tone(2.0))
    with av.open(str(path)) as container:
        marks = [Disposition.default in s.disposition for s in container.streams.audio]
    assert marks == [default == 0, default == 1]
    [footage] = decode(path, [Clip("v", 0.0, 1.5, GRID)])
    assert (np.abs(footage.sound).max() > 0.3) == loud


def test_sound_that_outlasts_the_pictures_is_stated(film):
    facts = probe(film("outlasts.mp4", 20, tone=tone(6.0)))
    assert facts.duration == pytest.approx(2.0, abs=0.05)
    assert facts.sound_end == pytest.approx(6.0, abs=0.05)
    assert probe(film("plain.mp4", 120, options={"bf": "3"})).sound_end == 0.0


@pytest.mark.parametrize(
    ("name", "codec", "size"),
    [
        ("hevc.mp4", "libx265", (96, 64)),
        ("ffv1.mkv", "ffv1", (97, 65)),
        ("m.avi", "mpeg4", (96, 64)),
    ],
)
def test_codecs_and_odd_sizes(film, tools, name, codec, size):
    options = {"x265-params": "log-level=none"} if codec == "libx265" else None
    try:
        path = film(name, 40, codec=codec, size=size, options=options)
    except (ValueError, av.error.FFmpegError):
        pytest.skip(f"no encoder {codec} in this PyAV")
    assert (probe(path).width, probe(path).height) == size
    [footage] = decode(path, [CLIP])
    assert tools.numbers_of(footage) == [0, 5, 10, 15]


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_ten_bits_a_sample(tmp_path, tools, codec):
    path = tmp_path / "deep.mp4"
    try:
        with av.open(str(path), "w") as out:
            stream = out.add_stream(codec, rate=10)
            stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p10le"
            if codec == "libx265":
                stream.options = {"x265-params": "log-level=none"}
            for n in range(20):
                frame = av.VideoFrame.from_ndarray(tools.painted(n, (96, 64)), format="rgb24")
                frame.pts, frame.time_base = n, Fraction(1, 10)
                out.mux(stream.encode(frame))
            out.mux(stream.encode(None))
    except (ValueError, av.error.FFmpegError):
        pytest.skip(f"no 10-bit {codec} in this PyAV")
    [footage] = decode(path, [CLIP])
    assert footage.frames.dtype == np.uint8
    assert tools.numbers_of(footage) == [0, 5, 10, 15]


def test_one_frame(film, tools):
    path = film("single.mp4", 1)
    facts = probe(path)
    assert 0 < facts.duration <= 0.2
    [footage] = decode(path, windows("v", facts.duration, 30, 5, GRID))
    assert tools.numbers_of(footage) == [0] and footage.times.tolist() == [0.0]


def test_a_size_that_changes_is_brought_to_the_first(film, tools, tmp_path):
    parts = [
        film(f"part{n}.h264", 20, size=size, container="h264")
        for n, size in enumerate([(96, 64), (192, 128), (64, 96)])
    ]
    path = tmp_path / "changing.h264"
    path.write_bytes(b"".join(p.read_bytes() for p in parts))
    [footage] = decode(path, [Clip("v", 0.0, 6.0, GRID)])
    assert footage.frames.shape[1:3] == (64, 96)
    assert tools.numbers_of(footage) == [0, 5, 10, 15] * 3


def test_time_stamps_that_start_over(film, tools):
    """A transport stream counts to 2^33 at 90 kHz, 26.5 h, and begins again."""
    wrap = 2**33 / 90_000
    path = film("wrap.ts", [wrap - 3.0 + n / 10 for n in range(60)])
    with av.open(str(path)) as container:
        stored = [p.pts for p in container.demux(video=0) if p.size]
    assert min(stored) < 0 < max(stored), "FFmpeg counts back from the wrap"
    facts = probe(path)
    assert facts.duration == pytest.approx(6.0, abs=0.11)
    [footage] = decode(path, [Clip("v", 0.0, 6.0, GRID)])
    assert tools.numbers_of(footage) == [*range(0, 60, 5)]


def test_tags_in_an_old_encoding_spoil_nothing(film, tools, tmp_path):
    data = film("tagged.avi", 30, codec="mpeg4").read_bytes()
    at = data.index(b"ISFT") + 4
    length = struct.unpack("<I", data[at : at + 4])[0]
    path = tmp_path / "a.avi"
    tag = ("ä" * (length - 1)).encode("latin-1") + b"\0"
    path.write_bytes(data[: at + 4] + tag + data[at + 4 + length :])
    [footage] = decode(path, [CLIP])
    assert tools.numbers_of(footage) == [0, 5, 10, 15]


def test_a_stream_that_appears_in_the_middle(film):
    """A program stream names no streams at its start; PyAV fails at the first packet of a new one.

    Such a file takes many megabytes; here a real one's reading fails at one place instead.
    """
    source = open_media(film("plain.mp4", 120, options={"bf": "3"}))
    failed = []

    class Interrupted:
        def demux(self, *streams):
            for n, packet in enumerate(source.demux(*streams)):
                if n == 50 and not failed:
                    failed.append(packet)
                    raise IndexError("list index out of range")
                yield packet

    with source:
        read = [*packets(Interrupted(), picture_stream(source, "v"))]
    assert failed and len(read) == 119, "only the packet itself is lost"


@pytest.mark.parametrize("kind", [b"V_MPEG4/ISO/AVC", b"A_AAC"])
def test_codecs_nobody_knows(film, tools, tmp_path, kind):
    data = film("coded.mkv", 30, tone=tone(3.0)).read_bytes()
    path = tmp_path / "a.mkv"
    path.write_bytes(data.replace(kind, kind.replace(b"A", b"Q")))
    if kind.startswith(b"V"):
        with pytest.raises(FootageError, match="cannot be decoded"):
            probe(path, name="v")
    else:
        assert not probe(path).has_sound
        [footage] = decode(path, [CLIP])
        assert footage.sound is None and tools.numbers_of(footage) == [0, 5, 10, 15]


@pytest.mark.parametrize("name", ["n.mp4", "n.mkv", "n.avi", "n.ts"])
def test_bytes_changed_anywhere_give_frames_or_a_typed_failure(film, tmp_path, name):
    data = film(f"noisy-{name}", 40, tone=tone(4.0), codec="mpeg4").read_bytes()
    rng = np.random.default_rng(7)
    clips = windows("secret", 4.0, 2.0, 0.5, GRID)
    for attempt in range(25):
        changed = bytearray(data)
        near = (200, 3000, len(data))[attempt % 3]  # headers more often than pictures
        for _ in range(int(rng.integers(1, 30))):
            at = int(rng.integers(0, min(near, len(changed))))
            changed[at] = int(rng.integers(0, 256))
        path = tmp_path / f"changed.{name.rpartition('.')[2]}"
        path.write_bytes(bytes(changed))
        try:
            got = [*decode(path, clips)]
        except FootageError as error:
            assert str(tmp_path) not in str(error) and "changed" not in str(error)
        else:
            assert [f.clip for f in got] == list(clips)


def test_threads_that_cannot_be_started_are_no_fault_of_the_file():
    from s3eval.footage.media import footage_errors

    with pytest.raises(MemoryError, match="threads"), footage_errors("v"):
        raise BlockingIOError(11, "Resource temporarily unavailable")
