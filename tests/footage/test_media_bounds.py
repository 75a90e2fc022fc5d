"""What is beyond belief or memory: stated lengths, sound and pictures that are too large."""

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

from s3eval.errors import S3EvalError
from s3eval.facts.clips import MAX_SECONDS
from s3eval.footage import Clip, Footage, FootageError, FootageFailure, Sampling, windows
from s3eval.footage import index as indexing
from s3eval.footage.decoding import decode, probe
from s3eval.footage.sound import MAX_HEARD, Sound

GRID = Sampling(2.0, 60)
CLIP = Clip("v", 0.0, 2.0, GRID)


def tone(seconds: float, level: float = 0.5) -> np.ndarray:
    return (level * np.sin(np.arange(round(seconds * 48_000)) / 20)).astype(np.float32)


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
