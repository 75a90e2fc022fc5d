"""What people and attackers have as video files: right frames, or one typed failure, soon."""

from __future__ import annotations

import struct
import subprocess
import sys
import zlib
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.stream import Disposition

from s3eval.errors import S3EvalError
from s3eval.facts.clips import MAX_SECONDS
from s3eval.footage import Clip, Footage, FootageError, FootageFailure, Sampling, windows
from s3eval.footage import index as indexing
from s3eval.footage.decoding import decode, probe
from s3eval.footage.media import open_media, packets, picture_stream
from s3eval.footage.sound import MAX_HEARD, Sound

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


# ---- lengths that are not there ---------------------------------------------------------------


def restated(film, tmp_path, text: str) -> Path:
    """A Matroska file of 5 s whose tag states another duration."""
    data = film("five.mkv", 50).read_bytes()
    at = data.index(b"00:00:05")
    assert data[at : at + 18].count(b"0") > 10
    path = tmp_path / "restated.mkv"
    path.write_bytes(data[:at] + text.encode().ljust(18, b"0")[:18] + data[at + 18 :])
    return path


@pytest.mark.parametrize(
    "text", ["99999999:00:00.000", "-9:00:00.000000000", "00:00:inf", "00:00:nan ", "x:y:z"]
)
def test_a_stated_duration_beyond_belief_is_not_believed(film, tools, tmp_path, text):
    path = restated(film, tmp_path, text)
    assert probe(path).duration == pytest.approx(5.0, abs=0.11)
    [footage] = decode(path, [CLIP])
    assert tools.numbers_of(footage) == [0, 5, 10, 15]


def test_ten_hours_stated_and_five_seconds_there_is_one_failure(film, tmp_path):
    path = restated(film, tmp_path, "10:00:00.000000000")
    with pytest.raises(FootageError, match=r"states 36000 s, but its pictures end at 5\.0 s"):
        probe(path, name="v")


def test_time_stamps_no_recording_has(film, tmp_path):
    path = film("far.mkv", [0.0, 0.1, 0.2, 2 * MAX_SECONDS])
    with pytest.raises(FootageError, match="time stamps end at") as caught:
        probe(path, name="v")
    assert caught.value.kind == "too-long"


@pytest.mark.parametrize("duration", [1e12, float("inf"), float("nan"), -5.0, 0.0])
def test_windows_of_no_recording_are_refused(duration):
    with pytest.raises(S3EvalError, match="Expected a duration") as caught:
        windows("v", duration, 30, 5, GRID)
    assert "v" in str(caught.value)


def test_windows_of_the_longest_recording():
    assert len(windows("v", MAX_SECONDS, 30, 5, GRID)) == 6912


def test_more_pictures_than_are_indexed(film, monkeypatch):
    path = film("plain.mp4", 120, options={"bf": "3"})
    monkeypatch.setattr(indexing, "MAX_PACKETS", 119)
    with pytest.raises(FootageError, match="more than 119 pictures"):
        [*decode(path, [CLIP])]
    monkeypatch.setattr(indexing, "MAX_PACKETS", 120)
    assert [*decode(path, [CLIP])]


# ---- sound that is not there ------------------------------------------------------------------


def test_sound_is_held_as_far_as_clips_to_come_need_it(film, monkeypatch):
    path = film("long-sound.mkv", 400, tone=tone(40.0))
    held = []
    original = Sound.passed

    def measured(self):
        original(self)
        held.append(sum(len(samples) for _, samples in self._pieces) / 16_000)

    monkeypatch.setattr(Sound, "passed", measured)
    clips = windows("v", 40.0, 5.0, 1.0, GRID)
    for footage in decode(path, clips, sight=False):
        assert np.abs(footage.sound).max() > 0.3
        assert len(footage.sound) == round(footage.clip.seconds * 16_000)
    assert len(held) == len(clips) and max(held[1:]) < 10 and held[-1] == 0


def test_a_clip_with_more_sound_than_is_held_fails_alone(film):
    path = film("sound-ends.mkv", [n / 10 for n in range(20)] + [MAX_HEARD + 100], tone=tone(2.0))
    whole = Clip("v", 0.0, MAX_HEARD + 50, Sampling(None, 4))
    short, long = decode(path, [CLIP, whole])
    assert isinstance(short, Footage) and np.abs(short.sound).max() > 0.3
    assert isinstance(long, FootageFailure) and "h of sound" in long.reason
    _, seen = decode(path, [CLIP, whole], sound=False)
    assert isinstance(seen, Footage)


@pytest.mark.parametrize("rate", [1, 900, 2_000_000_000])
def test_sound_at_a_rate_nobody_records(tmp_path, rate):
    import wave

    path = tmp_path / "a.wav"
    with wave.open(str(path), "wb") as out:
        out.setparams((1, 2, 16_000, 0, "NONE", ""))
        out.writeframes(bytes(64_000))
    data = bytearray(path.read_bytes())
    data[24:32] = struct.pack("<II", rate, min(2 * rate, 2**32 - 1))
    path.write_bytes(bytes(data))
    with pytest.raises(FootageError):
        [*decode(path, [Clip("v", 0.0, 0.00001, GRID)])]


# ---- pictures that are too large --------------------------------------------------------------


def png(width: int, height: int) -> bytes:
    """A PNG that states this size and holds next to nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checked = kind + data
        return struct.pack(">I", len(data)) + checked + struct.pack(">I", zlib.crc32(checked))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(bytes(100_000))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    )


def film_of_png(path: Path, pictures: list[bytes], size: tuple[int, int]) -> Path:
    with av.open(str(path), "w") as out:
        stream = out.add_stream("png", rate=10)
        stream.width, stream.height, stream.pix_fmt = *size, "rgb24"
        for n, data in enumerate(pictures):
            packet = av.Packet(data)
            packet.stream, packet.pts, packet.dts = stream, n, n
            packet.duration, packet.time_base, packet.is_keyframe = 1, Fraction(1, 10), True
            out.mux(packet)
    return path


IN_BOUNDS = """
import resource, sys, time
from s3eval.errors import S3EvalError
from s3eval.footage import Clip, FootageFailure, Sampling
from s3eval.footage.decoding import decode, probe

begun = time.process_time()
for path in sys.argv[1:]:
    for way in (
        lambda: [probe(path, name="v")],
        lambda: [*decode(path, [Clip("v", 0.0, 0.5, Sampling(10.0, 60))])],
    ):
        try:
            result = way()
            print(all(isinstance(r, FootageFailure) for r in result), [*map(type, result)])
        except S3EvalError as error:
            print(True, error)
try:  # On Linux ru_maxrss starts at what the process had that started this one.
    with open("/proc/self/status") as status:
        peak = next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))
except OSError:
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
print(peak, time.process_time() - begun)
"""


def test_pictures_too_large_are_refused_before_they_are_made(tmp_path):
    files = [
        film_of_png(tmp_path / "stated.mov", [png(16_000, 16_000)] * 5, (16_000, 16_000)),
        film_of_png(tmp_path / "hidden.mov", [png(16_000, 16_000)] * 5, (64, 64)),
        film_of_png(tmp_path / "later.mov", [png(64, 64), *[png(30_000, 30_000)] * 5], (64, 64)),
        film_of_png(tmp_path / "line.mov", [png(2_000_000_000, 1)] * 5, (64, 64)),
    ]
    done = subprocess.run(
        [sys.executable, "-c", IN_BOUNDS, *map(str, files)],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    *lines, last = done.stdout.splitlines()
    assert done.returncode == 0, done.stderr
    peak, seconds = map(float, last.split())
    assert len(lines) == 2 * len(files)
    # What the headers say of hidden and later pictures is harmless; decoding them fails.
    assert all(line.startswith("True") for line in lines[1::2]), done.stdout
    # One 16,000 x 16,000 picture alone would be 0.77 GB.
    assert peak < 400 * 2**20 and seconds < 20


@pytest.mark.parametrize("aspect", [Fraction(40), Fraction(1, 40)])
def test_pixels_no_camera_has(film, aspect):
    with pytest.raises(FootageError, match="times as wide as high"):
        probe(film(f"pixels{aspect.numerator}.mp4", 5, aspect=aspect), name="v")


# ---- anything at all --------------------------------------------------------------------------


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
