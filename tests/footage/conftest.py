"""Real video files whose every frame tells which one it is."""

from __future__ import annotations

import itertools
import pickle
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

BITS = 8


def painted(number: int, size: tuple[int, int]) -> np.ndarray:
    """A picture that says its number in eight black or white bars, top half; grey below."""
    width, height = size
    image = np.full((height, width, 3), 90, np.uint8)
    for bit in range(BITS):
        left, right = bit * width // BITS, (bit + 1) * width // BITS
        image[: height // 2, left:right] = 235 if number >> bit & 1 else 16
    return image


def number_of(image: np.ndarray) -> int:
    """Read :func:`painted` back, at any size."""
    height, width = image.shape[:2]
    found = 0
    for bit in range(BITS):
        centre = (2 * bit + 1) * width // (2 * BITS)
        bar = image[height // 8 : height // 3, centre - 1 : centre + 2]
        found |= int(bar.mean() > 125) << bit
    return found


def numbers_of(footage) -> list[int]:
    return [number_of(f) for f in footage.frames]


def make_film(
    path: Path,
    times: Sequence[float] | int = 60,
    *,
    rate: int = 10,
    size: tuple[int, int] = (96, 64),
    codec: str = "libx264",
    gop: int = 10,
    options: dict[str, str] | None = None,
    muxer: dict[str, str] | None = None,
    container: str | None = None,
    aspect: Fraction | None = None,
    tone: Sequence[float] | np.ndarray | None = None,
    tone_start: float = 0.0,
    spoil: Callable[[int, bytes], bytes | None] | None = None,
) -> Path:
    """Encode numbered frames at these times (seconds), with 48 kHz mono sound if given."""
    base = Fraction(1, 1000)
    if isinstance(times, int):
        times, base = [n / rate for n in range(times)], Fraction(1, rate)
    with av.open(str(path), "w", format=container, options=muxer or {}) as out:
        video = out.add_stream(codec, rate=rate)
        video.width, video.height, video.pix_fmt = *size, "yuv420p"
        video.codec_context.time_base = base
        video.codec_context.gop_size = gop
        if aspect:
            video.codec_context.sample_aspect_ratio = aspect
        if codec == "libx264":
            video.options = {"preset": "veryfast", "sc_threshold": "0", **(options or {})}
        elif options:
            video.options = options
        audio = out.add_stream("aac", rate=48_000, layout="mono") if tone is not None else None
        packets = []
        for n, at in enumerate(times):
            frame = av.VideoFrame.from_ndarray(painted(n, size), format="rgb24")
            frame.pts, frame.time_base = round(at / base), base
            packets += video.encode(frame)
        packets += video.encode(None)
        for n, packet in enumerate(packets):
            if spoil is None:
                out.mux(packet)
            elif (data := spoil(n, bytes(packet))) is not None:
                changed = av.Packet(data)
                changed.pts, changed.dts = packet.pts, packet.dts
                changed.duration, changed.time_base = packet.duration, packet.time_base
                changed.stream, changed.is_keyframe = video, packet.is_keyframe
                out.mux(changed)
        if audio is not None:
            sound = av.AudioFrame.from_ndarray(
                np.asarray(tone, np.float32)[None], format="fltp", layout="mono"
            )
            sound.rate, sound.pts = 48_000, round(tone_start * 48_000)
            sound.time_base = Fraction(1, 48_000)
            for packet in [*audio.encode(sound), *audio.encode(None)]:
                out.mux(packet)
    return path


def turn(path: Path, matrix: tuple[int, int, int, int]) -> Path:
    """Write a display matrix (a, b, c, d in units of 1) into an MP4's only track."""
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 4 + 40  # version 0: the matrix follows 40 bytes of fields
    a, b, c, d = matrix
    values = [a * 65536, b * 65536, 0, c * 65536, d * 65536, 0, 0, 0, 1 << 30]
    data[at : at + 36] = np.array(values, ">i4").tobytes()
    path.write_bytes(bytes(data))
    return path


@pytest.fixture(scope="session")
def film(tmp_path_factory):
    """Makes a file once a session for each name and arguments: ``film("name.mp4", **arguments)``.

    A name may stand for several files: which tests ran before must not decide which one it is.
    """
    folder = tmp_path_factory.mktemp("films")
    made: dict[bytes, Path] = {}
    numbers = itertools.count()

    def make(name: str, *args, spoil=None, **kwargs) -> Path:
        # A function has no content to compare: what it spoils is made anew.
        asked = pickle.dumps((name, args, sorted(kwargs.items()))) if spoil is None else b""
        if asked in made:
            return made[asked]
        place = folder / str(next(numbers))
        place.mkdir()
        path = make_film(place / name, *args, spoil=spoil, **kwargs)
        if spoil is None:
            made[asked] = path
        return path

    return make


@pytest.fixture(scope="session")
def tools():
    """The helpers of this file, for tests (which cannot import a conftest)."""

    class Tools:
        pass

    for helper in (painted, number_of, numbers_of, make_film, turn):
        setattr(Tools, helper.__name__, staticmethod(helper))
    return Tools
