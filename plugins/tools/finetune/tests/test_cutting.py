"""Clips are right to a frame, whichever way they were cut: decoded and compared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from s3eval_finetune.media.cutting import cut, open_source
from s3eval_finetune.samples.sample import Span

from s3eval.facts.clips import Clip, Sampling
from s3eval.facts.footage import FootageError
from s3eval.footage.decoding import decode, probe
from s3eval.footage.index import index_of

RATE = 25
GROUPS = "keyint=25:scenecut=0"


def write(
    path: Path, frames: int = 100, sound: bool = True, noise: bool = False, **x264: str
) -> Path:
    """A video whose frame number can be read from its brightness, with a sweep as its sound."""
    import av

    with av.open(str(path), "w") as box:
        more = {"x264-params": GROUPS, "crf": "10", **x264}
        video = box.add_stream("libx264", rate=RATE, options=more)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        audio = box.add_stream("aac", rate=16000, layout="mono") if sound else None
        for n in range(frames):
            picture = np.full((48, 64, 3), 20 + 2 * n % 200, np.uint8)
            if noise:  # so that a frame takes kilobytes, and damage hits one
                picture += np.random.default_rng(n).integers(0, 30, picture.shape, np.uint8)
            box.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        box.mux(video.encode(None))
        if audio is not None:
            times = np.arange(frames * 16000 // RATE) / 16000
            samples = (0.5 * np.sin(2 * np.pi * (200 + 100 * times) * times)).astype(np.float32)
            for start in range(0, len(samples), 1024):
                piece = np.ascontiguousarray(samples[None, start : start + 1024])
                frame = av.AudioFrame.from_ndarray(piece, "fltp", "mono")
                frame.sample_rate, frame.pts = 16000, start
                box.mux(audio.encode(frame))
            box.mux(audio.encode(None))
    return path


def shown(path: Path, start: float, end: float) -> Any:
    sampling = Sampling(RATE, 10_000)
    (found,) = decode(path, [Clip("v", start, end, sampling)])
    return found


def compared(source: Path, span: Span, out: Path) -> str:
    """Cut, then compare every frame, its time, and the sound with the source's."""
    done = cut(open_source(source, "v"), span, out)
    times = index_of(source).times
    wanted = times[(times >= span.start - 1e-3) & (times < span.end - 1e-3)]
    made = index_of(out).times
    assert len(made) == len(wanted) == done.frames
    # To the frame, and in fact to a hundredth of one.
    assert np.abs((made - made[0]) - (wanted - wanted[0])).max() < 0.01 / RATE
    assert done.first == pytest.approx(wanted[0]) and done.last == pytest.approx(wanted[-1])
    first = float(wanted[0])
    theirs = shown(source, first, first + len(wanted) / RATE)
    ours = shown(out, 0.0, len(wanted) / RATE)
    brightness = [clip.frames.mean(axis=(1, 2, 3)) for clip in (theirs, ours)]
    assert np.abs(brightness[0] - brightness[1]).max() < 1.0, "a frame is two levels brighter"
    if done.sound:
        heard = [clip.sound[1600:-1600] for clip in (theirs, ours)]
        assert np.corrcoef(*heard)[0, 1] > 0.95
    return done.way


@pytest.mark.parametrize(
    ("start", "end", "way"),
    [
        (0.0, 4.0, "whole"),
        (0.0, 2.0, "copied"),
        (1.0, 3.0, "copied"),
        (1.0, 3.1, "encoded"),
        (0.5, 2.0, "encoded"),
        (1.02, 2.02, "encoded"),
        (3.5, 4.0, "encoded"),
    ],
)
def test_a_clip_is_right_to_a_frame(start: float, end: float, way: str, tmp_path: Path) -> None:
    # Always two pictures that need the next one (b-adapt=0).
    source = write(tmp_path / "v.mp4", bf="2", **{"x264-params": f"{GROUPS}:b-adapt=0"})
    assert compared(source, Span("v", start, end), tmp_path / "c.mp4") == way


def test_without_later_pictures_any_end_is_copied(tmp_path: Path) -> None:
    source = write(tmp_path / "v.mp4", bf="0")
    assert compared(source, Span("v", 1.0, 3.1), tmp_path / "c.mp4") == "copied"


def test_pictures_that_lead_a_keyframe_are_not_cut_off(tmp_path: Path) -> None:
    """Open groups: pictures before the keyframe need the group before it."""
    source = write(tmp_path / "v.mp4", bf="3", **{"x264-params": f"{GROUPS}:open-gop=1"})
    for start in (1.0, 2.0):
        compared(source, Span("v", start, start + 1.5), tmp_path / f"{start}.mp4")


def test_other_containers_are_encoded(tmp_path: Path) -> None:
    source = write(tmp_path / "v.mkv")
    assert compared(source, Span("v", 0.0, 2.0), tmp_path / "c.mp4") == "encoded"


def test_frames_spread_over_a_video_keep_their_times(tmp_path: Path) -> None:
    source = write(tmp_path / "v.mp4", frames=1500)
    done = cut(open_source(source, "v"), Span("v", 0.0, 60.0, "sparse"), tmp_path / "c.mp4")
    assert (done.way, done.frames) == ("encoded", 60)
    made = index_of(tmp_path / "c.mp4")
    assert made.times == pytest.approx(np.arange(60.0), abs=1e-3)
    assert probe(tmp_path / "c.mp4").duration == pytest.approx(60.0, abs=0.1)


def test_a_video_without_sound_gets_silence(tmp_path: Path) -> None:
    """An engine that takes the sound out of every video would stop at one without any."""
    source = write(tmp_path / "v.mp4", sound=False)
    done = cut(open_source(source, "v"), Span("v", 0.0, 2.0), tmp_path / "c.mp4")
    assert not done.sound and done.way == "encoded"
    assert probe(tmp_path / "c.mp4").has_sound
    assert np.abs(shown(tmp_path / "c.mp4", 0.0, 2.0).sound).max() < 1e-3


def test_what_is_not_in_the_video_is_refused(tmp_path: Path) -> None:
    source = open_source(write(tmp_path / "v.mp4"), "v")
    for span in (Span("v", 3.0, 9.0), Span("v", 0.0, 9.0, "sparse")):
        with pytest.raises(FootageError, match="not in the video"):
            cut(source, span, tmp_path / "c.mp4")
    assert not list(tmp_path.glob("c*")), "nothing half is left behind"


def test_a_damaged_frame_is_no_clip(tmp_path: Path) -> None:
    """What an evaluation would not show is not taught; the rest of the video still is."""
    from s3eval.facts.footage import FootageFailure

    path = write(tmp_path / "v.mp4", noise=True)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3000] = bytes(range(250)) * 12
    path.write_bytes(bytes(data))
    source = open_source(path, "v")
    spans = [Span("v", n + 0.2, n + 0.8) for n in range(4)]
    spoiled = 0
    for span in spans:
        if isinstance(shown(path, span.start, span.end), FootageFailure):
            with pytest.raises(FootageError, match="damaged"):
                cut(source, span, tmp_path / "c.mp4")
            spoiled += 1
        else:
            cut(source, span, tmp_path / f"{span.start}.mp4")
    assert 0 < spoiled < len(spans)
    assert not (tmp_path / "c.mp4").exists() and not [*tmp_path.glob("*part*")]
