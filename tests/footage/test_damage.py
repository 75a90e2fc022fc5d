"""Files that are broken: what cannot be shown is said, what can is shown."""

from __future__ import annotations

import numpy as np
import pytest

from s3eval.errors import S3EvalError
from s3eval.footage import Clip, Footage, FootageFailure, Sampling, windows
from s3eval.footage.decoding import decode, probe

GRID = Sampling(2.0, 60)
SIZE = (192, 128)


def _noise(times):
    return {"times": times, "size": SIZE, "options": {"bf": "2", "preset": "veryfast"}}


def scribbled(first: int, last: int):
    """Overwrite the middle of the packets [first, last) of a stream."""

    def spoil(n: int, data: bytes) -> bytes:
        if not first <= n < last:
            return data
        changed = bytearray(data)
        rng = np.random.default_rng(n)
        start = min(len(changed) - 1, 12)
        changed[start:] = rng.integers(0, 256, len(changed) - start, np.uint8).tobytes()
        return bytes(changed)

    return spoil


@pytest.mark.parametrize("name", ["scribbled.mp4", "scribbled.mkv"])
def test_silent_damage_spoils_its_group_and_nothing_else(film, tools, name):
    path = film(name, spoil=scribbled(33, 36), **_noise(100))
    clips = windows("v", 10.0, 1.0, 0.0, Sampling(5.0, 60))
    runs = []
    for _ in range(3):
        got = [*decode(path, clips)]
        assert [f.clip for f in got] == list(clips), "every clip is answered for, in order"
        runs.append([None if isinstance(f, FootageFailure) else f.frames.tobytes() for f in got])
    assert runs[0] == runs[1] == runs[2], "damaged files must decode the same every time"
    failed = [n for n, frames in enumerate(runs[0]) if frames is None]
    assert failed == [3], "the group of pictures from 3 to 4 s is damaged"
    assert "damaged" in got[3].reason
    for n, footage in enumerate(got):
        if n != 3:
            assert tools.numbers_of(footage) == [n * 10 + k for k in (0, 2, 4, 6, 8)]


def test_damage_found_late_spoils_the_group_from_its_start(film):
    path = film("scribbled-late.mp4", spoil=scribbled(36, 40), **_noise(100))
    first_half = Clip("v", 3.0, 3.4, Sampling(5.0, 60))
    [got] = decode(path, [first_half])
    # Whether the frames before the scribbled packet are good cannot be known.
    assert isinstance(got, FootageFailure)


def test_lost_packets_in_a_transport_stream(film):
    def lose(n, data):
        return None if n in (41, 42) else data

    path = film("lossy.ts", spoil=lose, **_noise(100))
    clips = windows("v", 10.0, 1.0, 0.0, Sampling(10.0, 60))
    got = [*decode(path, clips)]
    good = [f.clip.start for f in got if isinstance(f, Footage)]
    assert {0.0, 1.0, 2.0, 6.0, 7.0, 8.0} <= set(good)
    assert len(got) == len(clips)


def test_a_file_whose_header_promises_more(film, tools, tmp_path):
    whole_file = film("promise.mp4", muxer={"movflags": "faststart"}, **_noise(100))
    data = whole_file.read_bytes()
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(data[: len(data) * 6 // 10])
    assert probe(cut).duration == pytest.approx(10.0), "the header still promises everything"
    clips = windows("v", 10.0, 1.0, 0.0, GRID)
    got = [*decode(cut, clips)]
    good = [f for f in got if isinstance(f, Footage)]
    lost = [f for f in got if isinstance(f, FootageFailure)]
    assert 3 <= len(good) <= 7 and len(good) + len(lost) == 10
    for footage in good:
        second = round(footage.clip.start)
        assert tools.numbers_of(footage) == [second * 10, second * 10 + 5]
    assert all("last frame ends at" in f.reason or "damaged" in f.reason for f in lost)
    assert "last frame ends at" in lost[-1].reason


def test_a_file_cut_before_its_index_cannot_be_opened(film, tmp_path):
    data = film("promise2.mp4", **_noise(30)).read_bytes()
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(data[: len(data) // 2])
    with pytest.raises(S3EvalError, match="cut off before its index") as caught:
        [*decode(cut, [Clip("patient-7", 0, 2, GRID)])]
    assert "patient-7" in str(caught.value) and str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "file is missing"), (b"", "is empty"), (b"not a video at all" * 99, "opened")],
)
def test_no_video_at_all(tmp_path, content, message):
    file = tmp_path / "x.mp4"
    if content is not None:
        file.write_bytes(content)
    for call in (lambda: probe(file), lambda: [*decode(file, [Clip("x.mp4", 0, 2, GRID)])]):
        with pytest.raises(S3EvalError, match=message) as caught:
            call()
        assert str(tmp_path) not in str(caught.value)


def _wave(file, seconds=2.0):
    import wave

    tone = (0.5 * np.sin(np.arange(round(seconds * 16_000)) / 10) * 32767).astype("<i2")
    with wave.open(str(file), "wb") as out:
        out.setparams((1, 2, 16_000, 0, "NONE", ""))
        out.writeframes(tone.tobytes())
    return tone


def test_sound_alone_is_heard_and_has_nothing_to_see(tmp_path):
    file = tmp_path / "sound.wav"
    tone = _wave(file)
    facts = probe(file)
    assert facts.has_sound and not facts.has_pictures
    assert facts.duration == pytest.approx(2.0)
    clip = Clip("v", 0.0, 2.0, GRID)
    for sight in (True, False):
        [footage] = decode(file, [clip], sight=sight)
        assert len(footage.frames) == 0
        assert np.abs(footage.sound - tone / 32768).max() < 0.01
        assert footage.duration == pytest.approx(2.0)
    [footage] = decode(file, [clip], sound=False)
    assert len(footage.frames) == 0 and footage.sound is None


@pytest.mark.parametrize("kind", ["mp3", "m4a", "flac"])
def test_sound_files_last_as_long_as_their_packets(tmp_path, kind):
    """Not as their header guesses: an MP3 without an index is judged by its bit rate."""
    import av

    file = tmp_path / f"sound.{kind}"
    codec = {"mp3": "mp3", "m4a": "aac", "flac": "flac"}[kind]
    with av.open(str(file), "w") as out:
        stream = out.add_stream(codec, rate=48_000, layout="mono")
        form = {"flac": "s16"}.get(kind, "fltp")
        tone = np.sin(np.arange(5 * 48_000) / 20)[None]
        tone = (tone * 30_000).astype(np.int16) if form == "s16" else tone.astype(np.float32)
        frame = av.AudioFrame.from_ndarray(tone, format=form, layout="mono")
        frame.sample_rate, frame.pts = 48_000, 0
        for part in (frame, None):
            out.mux(stream.encode(part))
    assert probe(file).duration == pytest.approx(5.0, abs=0.1)
    [heard] = decode(file, [Clip("v", 1.0, 4.0, GRID)])
    assert len(heard.sound) == 48_000 and np.abs(heard.sound).min() < 0.1 < heard.sound.max()


def test_a_sound_file_cut_off_fails_past_its_end(tmp_path):
    file = tmp_path / "cut.wav"
    _wave(file, 4.0)
    file.write_bytes(file.read_bytes()[: 44 + 2 * 16_000 * 2])
    early, late = decode(file, [Clip("v", 0.0, 2.0, GRID), Clip("v", 1.0, 3.0, GRID)])
    assert isinstance(early, Footage)
    assert isinstance(late, FootageFailure) and "sound ends at 2.00 s" in late.reason


def test_a_cut_off_file_is_not_heard_as_silence(film, tmp_path):
    tone = 0.3 * np.sin(np.arange(10 * 48_000) / 20)
    path = film("cut-sound.mp4", muxer={"movflags": "faststart"}, tone=tone, **_noise(100))
    cut = tmp_path / "cut.mp4"
    data = path.read_bytes()
    cut.write_bytes(data[: len(data) // 2])
    got = [*decode(cut, windows("v", 10.0, 1.0, 0.0, GRID), sight=False)]
    assert isinstance(got[0], Footage) and isinstance(got[-1], FootageFailure)
    assert all(f.sound.any() for f in got if isinstance(f, Footage))


def test_damaged_sound_fails_the_clips_that_need_it(film, tmp_path):
    tone = 0.5 * np.sin(np.arange(6 * 48_000) / 20)
    path = film("ringing.mkv", 60, tone=tone)
    data = bytearray(path.read_bytes())
    # Scribble over the sound packets of a stretch, leaving the container's structure alone.
    import av

    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        bodies = [
            bytes(p) for p in container.demux(stream) if p.size and 2.0 <= p.pts * p.time_base < 3.0
        ]
    for body in bodies:
        at = data.index(body)
        data[at : at + len(body)] = b"\xff" * len(body)
    file = tmp_path / "broken.mkv"
    file.write_bytes(bytes(data))
    got = [*decode(file, windows("v", 6.0, 1.0, 0.0, GRID))]
    failed = [f.clip.start for f in got if isinstance(f, FootageFailure)]
    assert 2.0 in failed and not {0.0, 4.0, 5.0} & set(failed)
    silent = [*decode(file, windows("v", 6.0, 1.0, 0.0, GRID), sound=False)]
    assert all(isinstance(f, Footage) for f in silent)
